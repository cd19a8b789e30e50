package dev.fairlead.amqp;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long to wait before the next attempt at something: doubling from a moment to ten minutes,
 * each time between half and all of it. Not safe for several threads.
 */
final class RetryDelay {
  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private Duration bound = FIRST;

  Duration next() {
    long most = bound.toNanos();
    Duration doubled = bound.multipliedBy(2);
    bound = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
    return Duration.ofNanos(most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1));
  }

  void succeeded() {
    bound = FIRST;
  }
}
