package dev.fairlead.amqp;

import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Hubs that are known not to accept something that other hubs accept. Kept for the life of a
 * provider; safe for any thread.
 */
final class RememberedHubs {
  /** A process uses a few hubs; the oldest is forgotten. */
  private static final int MOST = 1000;

  private final Set<String> hosts = new LinkedHashSet<>(); // guarded by this

  synchronized boolean contains(String host) {
    return hosts.contains(host.toLowerCase(Locale.ROOT));
  }

  /** Adds a hub; returns whether it is new. */
  synchronized boolean add(String host) {
    if (hosts.size() >= MOST) {
      hosts.remove(hosts.iterator().next());
    }
    return hosts.add(host.toLowerCase(Locale.ROOT));
  }

  synchronized void remove(String host) {
    hosts.remove(host.toLowerCase(Locale.ROOT));
  }
}
