package dev.fairlead;

import java.time.Duration;
import java.util.Optional;

/**
 * How much telemetry may wait, and for how long.
 *
 * @param maxMessages at most so many messages, those under way included; 1 or more
 * @param maxBytes at most so many bytes in all, counted as {@link TelemetryMessage#size()}; at
 *     least {@link TelemetryMessage#MAX_BYTES}
 * @param overflow what happens to a message without room
 * @param timeToLive how long a message may wait that sets no time of its own; empty for as long as
 *     it takes
 */
public record OutboxLimits(
    int maxMessages, long maxBytes, OverflowPolicy overflow, Optional<Duration> timeToLive) {
  /** Checks the ranges. */
  public OutboxLimits {
    if (maxMessages < 1) {
      throw new IllegalArgumentException(
          "The outbox needs room for at least one message, not " + maxMessages + ".");
    }
    if (maxBytes < TelemetryMessage.MAX_BYTES) {
      throw new IllegalArgumentException(
          "The outbox needs room for the largest message, "
              + TelemetryMessage.MAX_BYTES
              + " bytes; "
              + maxBytes
              + " is less.");
    }
    timeToLive.ifPresent(
        limit -> {
          if (limit.isZero() || limit.isNegative()) {
            throw new IllegalArgumentException("A time to live is positive, not " + limit + ".");
          }
        });
  }

  /**
   * 10,000 messages, 16 MiB, {@link OverflowPolicy#REJECT}, no expiry.
   *
   * @return the default
   */
  public static OutboxLimits defaults() {
    return new OutboxLimits(10_000, 16L << 20, OverflowPolicy.REJECT, Optional.empty());
  }

  /**
   * The same with another bound on messages.
   *
   * @param messages 1 or more
   * @return new limits
   */
  public OutboxLimits withMaxMessages(int messages) {
    return new OutboxLimits(messages, maxBytes, overflow, timeToLive);
  }

  /**
   * The same with another bound on bytes.
   *
   * @param bytes at least {@link TelemetryMessage#MAX_BYTES}
   * @return new limits
   */
  public OutboxLimits withMaxBytes(long bytes) {
    return new OutboxLimits(maxMessages, bytes, overflow, timeToLive);
  }

  /**
   * The same with another overflow policy.
   *
   * @param policy the policy
   * @return new limits
   */
  public OutboxLimits withOverflow(OverflowPolicy policy) {
    return new OutboxLimits(maxMessages, maxBytes, policy, timeToLive);
  }

  /**
   * The same with a time to live.
   *
   * @param limit positive
   * @return new limits
   */
  public OutboxLimits withTimeToLive(Duration limit) {
    return new OutboxLimits(maxMessages, maxBytes, overflow, Optional.of(limit));
  }
}
