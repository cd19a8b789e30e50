package dev.fairlead.https.http;

import java.time.Duration;

/**
 * What one exchange may take.
 *
 * @param time from the beginning of its turn to its answer's last byte; what is sent prolongs it by
 *     the time it takes at 8 KB/s
 * @param answerBytes the largest body that is read
 */
public record HttpLimits(Duration time, int answerBytes) {
  /** A slow line is allowed the time that this many bytes a second take. */
  static final long SLOWEST_BYTES_A_SECOND = 8 * 1024;

  /** Checks the ranges. */
  public HttpLimits {
    if (time.isZero() || time.isNegative() || answerBytes < 0) {
      throw new IllegalArgumentException(
          "A time limit is positive and a size is not negative: " + time + ", " + answerBytes);
    }
  }

  /** The time for a request with a body of this size. */
  Duration timeFor(long requestBytes) {
    return time.plusSeconds(Math.max(0, requestBytes) / SLOWEST_BYTES_A_SECOND);
  }
}
