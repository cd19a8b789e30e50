package dev.fairlead;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How much telemetry may wait, for how long, and when a message counts as refused. Immutable.
 *
 * <pre>{@code
 * OutboxLimits.builder().maxMessages(500).overflow(OverflowPolicy.DROP_OLDEST).build()
 * }</pre>
 */
public final class OutboxLimits {
  private record Values(
      int maxMessages,
      long maxBytes,
      OverflowPolicy overflow,
      @Nullable Duration timeToLive,
      int refusals,
      Duration refusedOver) {}

  private final Values values;

  private OutboxLimits(Builder builder) {
    values =
        new Values(
            builder.maxMessages,
            builder.maxBytes,
            builder.overflow,
            builder.timeToLive,
            builder.refusals,
            builder.refusedOver);
  }

  /**
   * 10,000 messages, 16 MiB, {@link OverflowPolicy#REJECT}, no time to live; a message counts as
   * refused after 5 refusals over 10 minutes.
   *
   * @return the defaults
   */
  public static OutboxLimits defaults() {
    return builder().build();
  }

  /**
   * Starts from {@linkplain #defaults() the defaults}.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts from these limits.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    return new Builder(values);
  }

  /**
   * How many messages may be held, those in flight included.
   *
   * @return 1 or more
   */
  public int maxMessages() {
    return values.maxMessages;
  }

  /**
   * How many bytes of heap the messages may take: for each its {@link TelemetryMessage#size()}, 600
   * bytes for the objects that hold it, and 160 bytes for each property. A single message always
   * fits.
   *
   * @return at least {@link TelemetryMessage#MAX_BYTES}
   */
  public long maxBytes() {
    return values.maxBytes;
  }

  /**
   * What happens to a message for which there is no room.
   *
   * @return the policy
   */
  public OverflowPolicy overflow() {
    return values.overflow;
  }

  /**
   * How long a message without its own time to live may wait.
   *
   * @return positive, or empty for no limit
   */
  public Optional<Duration> timeToLive() {
    return Optional.ofNullable(values.timeToLive);
  }

  /**
   * How many times the hub must have refused a message that was sent alone before it fails.
   *
   * @return 2 or more
   * @see Builder#rejectAfter
   */
  public int refusals() {
    return values.refusals;
  }

  /**
   * How long must lie between the first and the last of these refusals.
   *
   * @return zero or more
   * @see Builder#rejectAfter
   */
  public Duration refusedOver() {
    return values.refusedOver;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof OutboxLimits limits && limits.values.equals(values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return "at most "
        + values.maxMessages
        + " messages and "
        + values.maxBytes
        + " bytes, then "
        + values.overflow
        + timeToLive().map(limit -> "; time to live " + limit).orElse("")
        + "; rejected after "
        + values.refusals
        + " refusals over "
        + values.refusedOver;
  }

  /** Builds {@link OutboxLimits}. Not safe for several threads. */
  public static final class Builder {
    private int maxMessages = 10_000;
    private long maxBytes = 16L << 20;
    private OverflowPolicy overflow = OverflowPolicy.REJECT;
    private @Nullable Duration timeToLive;
    private int refusals = 5;
    private Duration refusedOver = Duration.ofMinutes(10);

    private Builder() {}

    private Builder(Values from) {
      maxMessages = from.maxMessages;
      maxBytes = from.maxBytes;
      overflow = from.overflow;
      timeToLive = from.timeToLive;
      refusals = from.refusals;
      refusedOver = from.refusedOver;
    }

    /**
     * Sets how many messages may be held, those in flight included.
     *
     * @param messages 1 or more; 10,000 by default
     * @return this
     */
    public Builder maxMessages(int messages) {
      if (messages < 1) {
        throw new IllegalArgumentException(
            "maxMessages must be at least 1; it was " + messages + ".");
      }
      maxMessages = messages;
      return this;
    }

    /**
     * Sets how many bytes of heap the messages may take, {@linkplain OutboxLimits#maxBytes()
     * objects included}. With the default, a heap of 32 MB holds a full outbox; give a device with
     * a smaller heap at most half of it. The devices of a gateway each have an outbox of their own.
     *
     * @param bytes at least {@link TelemetryMessage#MAX_BYTES}; 16 MiB by default
     * @return this
     */
    public Builder maxBytes(long bytes) {
      if (bytes < TelemetryMessage.MAX_BYTES) {
        throw new IllegalArgumentException(
            "maxBytes must be at least "
                + TelemetryMessage.MAX_BYTES
                + ", the largest message; it was "
                + bytes
                + ".");
      }
      maxBytes = bytes;
      return this;
    }

    /**
     * Sets what happens to a message for which there is no room.
     *
     * @param policy {@link OverflowPolicy#REJECT} by default
     * @return this
     */
    public Builder overflow(OverflowPolicy policy) {
      overflow = Objects.requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Sets how long a message without its own time to live may wait.
     *
     * @param limit positive; by default there is no limit
     * @return this
     */
    public Builder timeToLive(Duration limit) {
      if (limit.isZero() || limit.isNegative()) {
        throw new IllegalArgumentException("timeToLive must be positive; it was " + limit + ".");
      }
      timeToLive = limit;
      return this;
    }

    /**
     * Lets a message wait as long as it takes, as by default.
     *
     * @return this
     */
    public Builder noTimeToLive() {
      timeToLive = null;
      return this;
    }

    /**
     * Sets when a message fails that the hub refuses without naming it: by cutting the connection,
     * by an unspecific error, or by not answering. The message fails after it was refused this many
     * times when sent alone, over at least this time, while a later message sent alone in between
     * was accepted. An answer that names the message fails it immediately, regardless of this
     * setting.
     *
     * @param refusals 2 or more; 5 by default
     * @param over zero or more; 10 minutes by default
     * @return this
     */
    public Builder rejectAfter(int refusals, Duration over) {
      if (refusals < 2) {
        throw new IllegalArgumentException(
            "rejectAfter needs at least 2 refusals, because a single one proves nothing about the message; it was "
                + refusals
                + ".");
      }
      if (over.isNegative()) {
        throw new IllegalArgumentException(
            "The time of rejectAfter must not be negative; it was " + over + ".");
      }
      this.refusals = refusals;
      refusedOver = over;
      return this;
    }

    /**
     * Builds the limits.
     *
     * @return the limits
     */
    public OutboxLimits build() {
      return new OutboxLimits(this);
    }
  }
}
