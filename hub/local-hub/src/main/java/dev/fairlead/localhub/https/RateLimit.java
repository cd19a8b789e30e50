package dev.fairlead.localhub.https;

import dev.fairlead.localhub.HubTime;
import java.time.Duration;
import java.time.Instant;

/**
 * A limit of operations per minute, by hub time: a bucket with room for one minute's operations
 * that fills evenly. Safe for use by several threads.
 */
final class RateLimit {

  private final HubTime time;
  private final int perMinute;
  private double left;
  private Instant filledAt;

  /**
   * @param perMinute operations per minute; 0 for no limit
   */
  RateLimit(HubTime time, int perMinute) {
    this.time = time;
    this.perMinute = perMinute;
    this.left = perMinute;
    this.filledAt = time.now();
  }

  /** Takes one operation; zero if it is allowed now, else how long to wait for it. */
  synchronized Duration take() {
    if (perMinute == 0) {
      return Duration.ZERO;
    }
    Instant now = time.now();
    double perMilli = perMinute / 60_000.0;
    left = Math.min(perMinute, left + Duration.between(filledAt, now).toMillis() * perMilli);
    filledAt = now;
    if (left >= 1) {
      left--;
      return Duration.ZERO;
    }
    return Duration.ofMillis((long) Math.ceil((1 - left) / perMilli));
  }
}
