package dev.fairlead.amqp;

import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Hubs that end a session which asks for links before its token is answered. With them the order is
 * strict: token, answer, links. Kept for the life of a provider; safe for any thread.
 */
final class TokenFirstHubs {
  /** A process talks to a few hubs; the oldest is forgotten. */
  private static final int MOST = 1000;

  private final Set<String> hosts = new LinkedHashSet<>(); // guarded by this

  synchronized boolean contains(String host) {
    return hosts.contains(host.toLowerCase(Locale.ROOT));
  }

  /** Returns whether it is new. */
  synchronized boolean add(String host) {
    if (hosts.size() >= MOST) {
      hosts.remove(hosts.iterator().next());
    }
    return hosts.add(host.toLowerCase(Locale.ROOT));
  }
}
