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
      Duration refusedOver,
      long maxStoredMessages,
      long maxStoredBytes,
      int liveShare) {}

  private final Values values;

  private OutboxLimits(Builder builder) {
    values =
        new Values(
            builder.maxMessages,
            builder.maxBytes,
            builder.overflow,
            builder.timeToLive,
            builder.refusals,
            builder.refusedOver,
            builder.maxStoredMessages,
            builder.maxStoredBytes,
            builder.liveShare);
  }

  /**
   * 10,000 messages, 16 MiB, {@link OverflowPolicy#REJECT}, no time to live; a message counts as
   * refused after 5 refusals over 10 minutes. A durable outbox: 1,000,000 messages and 256 MiB on
   * the disk. While messages of {@link Priority#LOW} wait, 80 % of the others go before them.
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
   * How many messages may be held, those in flight included; with a durable outbox, how many of
   * them may be in memory.
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

  /**
   * How many messages a durable outbox may hold.
   *
   * @return 1 or more
   * @see Builder#maxStoredMessages
   */
  public long maxStoredMessages() {
    return values.maxStoredMessages;
  }

  /**
   * How many bytes of messages a durable outbox may hold.
   *
   * @return at least {@link TelemetryMessage#MAX_BYTES}
   * @see Builder#maxStoredBytes
   */
  public long maxStoredBytes() {
    return values.maxStoredBytes;
  }

  /**
   * Which share of the messages is of a class above {@link Priority#LOW} while both wait.
   *
   * @return percent, 1 to 100
   * @see Builder#liveShare
   */
  public int liveShare() {
    return values.liveShare;
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
        + values.refusedOver
        + "; stored at most "
        + values.maxStoredMessages
        + " messages and "
        + values.maxStoredBytes
        + " bytes; live share "
        + values.liveShare
        + " %";
  }

  /** Builds {@link OutboxLimits}. Not safe for several threads. */
  public static final class Builder {
    private int maxMessages = 10_000;
    private long maxBytes = 16L << 20;
    private OverflowPolicy overflow = OverflowPolicy.REJECT;
    private @Nullable Duration timeToLive;
    private int refusals = 5;
    private Duration refusedOver = Duration.ofMinutes(10);
    private long maxStoredMessages = 1_000_000;
    private long maxStoredBytes = 256L << 20;
    private int liveShare = 80;

    private Builder() {}

    private Builder(Values from) {
      maxMessages = from.maxMessages;
      maxBytes = from.maxBytes;
      overflow = from.overflow;
      timeToLive = from.timeToLive;
      refusals = from.refusals;
      refusedOver = from.refusedOver;
      maxStoredMessages = from.maxStoredMessages;
      maxStoredBytes = from.maxStoredBytes;
      liveShare = from.liveShare;
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
     * Sets how many messages a durable outbox may hold, those in flight included. Beyond it the
     * overflow policy applies. Without a durable outbox this has no effect.
     *
     * @param messages 1 or more; 1,000,000 by default
     * @return this
     */
    public Builder maxStoredMessages(long messages) {
      if (messages < 1) {
        throw new IllegalArgumentException(
            "maxStoredMessages must be at least 1; it was " + messages + ".");
      }
      maxStoredMessages = messages;
      return this;
    }

    /**
     * Sets how many bytes of messages ({@link TelemetryMessage#size()}) a durable outbox may hold.
     * The disk needs about 50 bytes more for each message. Beyond it the overflow policy applies.
     * Without a durable outbox this has no effect.
     *
     * @param bytes at least {@link TelemetryMessage#MAX_BYTES}; 256 MiB by default
     * @return this
     */
    public Builder maxStoredBytes(long bytes) {
      if (bytes < TelemetryMessage.MAX_BYTES) {
        throw new IllegalArgumentException(
            "maxStoredBytes must be at least "
                + TelemetryMessage.MAX_BYTES
                + ", the largest message; it was "
                + bytes
                + ".");
      }
      maxStoredBytes = bytes;
      return this;
    }

    /**
     * Sets which share of the messages is of {@link Priority#NORMAL} while such messages and
     * messages of {@link Priority#LOW} wait, so that live data goes first and a backlog still
     * drains. Messages of {@link Priority#HIGH} are not counted; they always go first.
     *
     * @param percent 1 to 100; 100 sends low messages only when nothing else waits; 80 by default
     * @return this
     */
    public Builder liveShare(int percent) {
      if (percent < 1 || percent > 100) {
        throw new IllegalArgumentException(
            "liveShare must be 1 to 100 percent; it was " + percent + ".");
      }
      liveShare = percent;
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
