package dev.fairlead.https.http;

import dev.fairlead.transport.Debts;
import java.time.Duration;
import java.util.Optional;

/**
 * The limits of one exchange.
 *
 * @param time from its start to its answer's last byte, empty for an exchange that its caller times
 *     and aborts; extended by the time that the request takes at 8 KB/s
 * @param answerBytes the largest body that is read
 */
public record HttpLimits(Optional<Duration> time, int answerBytes) {
  /** Checks the ranges. */
  public HttpLimits {
    if (time.filter(limit -> limit.isZero() || limit.isNegative()).isPresent() || answerBytes < 0) {
      throw new IllegalArgumentException(
          "A time limit is positive and a size is not negative: " + time + ", " + answerBytes);
    }
  }

  /**
   * Limits with a time.
   *
   * @param time positive
   * @param answerBytes not negative
   */
  public HttpLimits(Duration time, int answerBytes) {
    this(Optional.of(time), answerBytes);
  }

  /** The time for a request with a body of this size. */
  Optional<Duration> timeFor(long requestBytes) {
    return time.map(
        limit -> limit.plusSeconds(Math.max(0, requestBytes) / Debts.SLOWEST_BYTES_A_SECOND));
  }
}
