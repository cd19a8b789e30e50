package dev.fairlead;

import java.time.Duration;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How fast telemetry is sent: a token bucket that fills evenly and holds as much as a burst may
 * have. What exceeds it waits in the outbox. Everything that is sent counts, also what is sent
 * again. Immutable.
 *
 * <p>A hub of tier S1 takes 400,000 messages a day for each unit, where each 4 KB of a message
 * count as one, and 100 send operations a second, or 12 for each unit if that is more (IoT Hub
 * developer guide, "IoT Hub quotas and throttling"). These limits are for all devices of the hub
 * together. {@link #perDay} spreads a daily quota evenly:
 *
 * <pre>{@code
 * Gateway.builder().rateLimit(RateLimit.perDay(400_000)) // 4.6 a second for all of its devices
 * }</pre>
 */
public final class RateLimit {
  private static final Duration DAY = Duration.ofDays(1);

  private record Values(
      double messagesPerSecond, double bytesPerSecond, Duration burst, int meteredBytes) {}

  private final Values values;

  private RateLimit(Builder builder) {
    values =
        new Values(
            builder.messagesPerSecond, builder.bytesPerSecond, builder.burst, builder.meteredBytes);
  }

  /**
   * Limits messages, with a burst of one second.
   *
   * @param messagesPerSecond positive
   * @return the limit
   */
  public static RateLimit of(double messagesPerSecond) {
    return builder().messagesPerSecond(messagesPerSecond).build();
  }

  /**
   * Spreads a daily quota of the hub evenly: no 24 hours have more, and a burst has what accrues in
   * a minute. Each 4 KB of a message that have begun count as one, as the hub counts.
   *
   * @param messages 1 or more
   * @return the limit
   */
  public static RateLimit perDay(long messages) {
    Duration burst = Duration.ofMinutes(1);
    return builder()
        .messagesPerSecond((double) messages / DAY.plus(burst).toSeconds())
        .burst(burst)
        .meteredBytes(4096)
        .build();
  }

  /**
   * Starts without any limit, with a burst of one second.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How many messages may be sent in a second, in the long run.
   *
   * @return positive; empty if messages are not limited
   */
  public OptionalDouble messagesPerSecond() {
    return optional(values.messagesPerSecond);
  }

  /**
   * How many bytes ({@link TelemetryMessage#size()}) may be sent in a second, in the long run.
   *
   * @return positive; empty if bytes are not limited
   */
  public OptionalDouble bytesPerSecond() {
    return optional(values.bytesPerSecond);
  }

  private static OptionalDouble optional(double rate) {
    return rate == 0 ? OptionalDouble.empty() : OptionalDouble.of(rate);
  }

  /**
   * The time whose messages and bytes may be sent together after a pause.
   *
   * @return positive
   */
  public Duration burst() {
    return values.burst;
  }

  /**
   * How many bytes of a message count as one message.
   *
   * @return positive; 0 if a message of any size counts as one
   */
  public int meteredBytes() {
    return values.meteredBytes;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RateLimit limit && limit.values.equals(values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString().replace("Values", "RateLimit");
  }

  /** Builds a {@link RateLimit}. Not safe for several threads. */
  public static final class Builder {
    private double messagesPerSecond;
    private double bytesPerSecond;
    private Duration burst = Duration.ofSeconds(1);
    private int meteredBytes;

    private Builder() {}

    /**
     * Limits messages.
     *
     * @param rate positive, also less than 1
     * @return this
     */
    public Builder messagesPerSecond(double rate) {
      messagesPerSecond = positive("messagesPerSecond", rate);
      return this;
    }

    /**
     * Limits bytes ({@link TelemetryMessage#size()}).
     *
     * @param rate positive
     * @return this
     */
    public Builder bytesPerSecond(double rate) {
      bytesPerSecond = positive("bytesPerSecond", rate);
      return this;
    }

    /**
     * Sets what may be sent together after a pause: the messages and bytes of this time, and at
     * least one message, however large it is; the time that it takes is then waited for.
     *
     * @param time positive, at most a day; 1 s by default
     * @return this
     */
    public Builder burst(Duration time) {
      if (time.isZero() || time.isNegative() || time.compareTo(DAY) > 0) {
        throw new IllegalArgumentException(
            "burst must be positive and at most a day; it was " + time + ".");
      }
      burst = time;
      return this;
    }

    /**
     * Counts a large message as several, as the hub does for its daily quota.
     *
     * @param bytes positive: each such part of a message that has begun counts as one message; by
     *     default a message of any size counts as one
     * @return this
     */
    public Builder meteredBytes(int bytes) {
      meteredBytes = (int) positive("meteredBytes", bytes);
      return this;
    }

    private static double positive(String name, double value) {
      if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            name + " must be positive and finite; it was " + value + ".");
      }
      return value;
    }

    /**
     * Builds the limit.
     *
     * @return the limit
     * @throws IllegalStateException if neither messages nor bytes are limited
     */
    public RateLimit build() {
      if (messagesPerSecond == 0 && bytesPerSecond == 0) {
        throw new IllegalStateException(
            "The rate limit limits nothing. Call messagesPerSecond(…) or bytesPerSecond(…).");
      }
      return new RateLimit(this);
    }
  }
}
