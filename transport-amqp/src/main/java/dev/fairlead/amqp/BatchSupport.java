package dev.fairlead.amqp;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Which hubs accept telemetry in batches. A hub is assumed to until it refuses its first batch,
 * ends the link or session with it, or leaves it unanswered; then it gets single messages for a
 * while. If a hub has accepted a batch, a later refusal is because of a message in the batch. See
 * {@code docs/adr/0015-batches-over-amqp.md}. Kept for the life of a provider; safe for any thread.
 */
final class BatchSupport {
  /** After this a batch is tried again: the first may have been refused for one of its messages. */
  private static final Duration REFUSED_FOR = Duration.ofHours(1);

  /** A process uses a few hubs; the oldest is forgotten. */
  private static final int MOST = 1000;

  private record Seen(boolean takes, long since) {}

  private final Map<String, Seen> hosts = new LinkedHashMap<>(); // guarded by this

  /**
   * Whether batches are to be sent.
   *
   * @param nanoTime a monotonic clock
   */
  synchronized boolean isTaken(String host, LongSupplier nanoTime) {
    Seen seen = hosts.get(key(host));
    return seen == null || seen.takes || nanoTime.getAsLong() - seen.since >= REFUSED_FOR.toNanos();
  }

  /** A batch was accepted. */
  synchronized void taken(String host) {
    put(host, new Seen(true, 0));
  }

  /**
   * A batch was not accepted.
   *
   * @return whether this means that the hub accepts no batches
   */
  synchronized boolean refused(String host, LongSupplier nanoTime) {
    Seen seen = hosts.get(key(host));
    if (seen != null && seen.takes) {
      return false;
    }
    put(host, new Seen(false, nanoTime.getAsLong()));
    return true;
  }

  private void put(String host, Seen seen) {
    if (hosts.size() >= MOST && !hosts.containsKey(key(host))) {
      hosts.remove(hosts.keySet().iterator().next());
    }
    hosts.put(key(host), seen);
  }

  private static String key(String host) {
    return host.toLowerCase(Locale.ROOT);
  }
}
