package dev.fairlead;

import dev.fairlead.outbox.Budget;

/**
 * How much telemetry several outboxes may hold together, beside the {@link OutboxLimits} of each:
 * those of a gateway's devices, of several clients, or of a whole process. One instance is given to
 * all of them with {@link SessionOptions#outboxBudget}. Safe for any thread.
 *
 * <p><b>Shared fairly.</b> Half of each limit ({@link Builder#reserved}) is reserved in equal parts
 * for the outboxes, and the other half is first come, first served. So a device that floods its
 * outbox takes what the others leave, and never their part. A single message always fits into an
 * outbox that is empty. Where there is no room the {@link OverflowPolicy} of the device applies;
 * {@link OverflowPolicy#DROP_OLDEST} drops messages of its own outbox only, and blocked senders of
 * all outboxes are served in their order.
 *
 * <p>The parts become smaller when outboxes join. What an outbox holds beyond its part then stays,
 * and a newcomer has its part all the same, so for that time the outboxes may hold more than the
 * limit: at most the newcomers' parts. To exclude that, state the number of outboxes ({@link
 * Builder#outboxes}).
 */
public final class OutboxBudget {
  final Budget budget;

  private OutboxBudget(Builder builder) {
    budget =
        new Budget(
            builder.maxMessages,
            builder.maxBytes,
            builder.maxStoredBytes,
            builder.outboxes,
            builder.reserved);
  }

  /**
   * A budget of heap.
   *
   * @param maxMessages how many messages may be in memory, 1 or more
   * @param maxBytes how many bytes of heap they may take, counted as by {@link
   *     OutboxLimits#maxBytes()}, at least {@link TelemetryMessage#MAX_BYTES}
   * @return the budget
   */
  public static OutboxBudget of(long maxMessages, long maxBytes) {
    return builder().maxMessages(maxMessages).maxBytes(maxBytes).build();
  }

  /**
   * Starts from 100,000 messages and 128 MiB of heap, with no limit for the disk.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * What the outboxes hold now.
   *
   * @return the counts, taken together
   */
  public Use use() {
    Budget.Use now = budget.use();
    return new Use(now.outboxes(), now.messages(), now.bytes(), now.storedBytes());
  }

  /**
   * What the outboxes of a budget hold.
   *
   * @param outboxes how many there are: one for each client, from {@code build()} until it is
   *     closed
   * @param messages messages in memory, those in flight included
   * @param bytes the heap that they take
   * @param storedBytes the sizes of the messages that durable outboxes hold
   */
  public record Use(int outboxes, long messages, long bytes, long storedBytes) {}

  /** Builds an {@link OutboxBudget}. Not safe for several threads. */
  public static final class Builder {
    private long maxMessages = 100_000;
    private long maxBytes = 128L << 20;
    private long maxStoredBytes = Long.MAX_VALUE;
    private int outboxes = 1;
    private int reserved = 50;

    private Builder() {}

    /**
     * Sets how many messages may be in memory.
     *
     * @param messages 1 or more; 100,000 by default
     * @return this
     */
    public Builder maxMessages(long messages) {
      maxMessages = atLeast("maxMessages", 1, messages);
      return this;
    }

    /**
     * Sets how many bytes of heap the messages may take, counted as by {@link
     * OutboxLimits#maxBytes()}.
     *
     * @param bytes at least {@link TelemetryMessage#MAX_BYTES}; 128 MiB by default
     * @return this
     */
    public Builder maxBytes(long bytes) {
      maxBytes = atLeast("maxBytes", TelemetryMessage.MAX_BYTES, bytes);
      return this;
    }

    /**
     * Sets how many bytes of messages ({@link TelemetryMessage#size()}) durable outboxes may hold
     * together, so that one device does not fill the disk. Stored messages of an identity without a
     * client are not counted; the store's own limit includes them.
     *
     * @param bytes at least {@link TelemetryMessage#MAX_BYTES}; there is no limit by default
     * @return this
     */
    public Builder maxStoredBytes(long bytes) {
      maxStoredBytes = atLeast("maxStoredBytes", TelemetryMessage.MAX_BYTES, bytes);
      return this;
    }

    /**
     * Sets how many outboxes to reserve a part for, even while there are fewer. When there are
     * more, each has a smaller part.
     *
     * @param count 1 or more; 1 by default
     * @return this
     */
    public Builder outboxes(int count) {
      outboxes = (int) atLeast("outboxes", 1, count);
      return this;
    }

    /**
     * Sets how much of each limit is reserved in equal parts.
     *
     * @param percent 1 to 100; with 100 each outbox has its part and nothing beyond it; 50 by
     *     default
     * @return this
     */
    public Builder reserved(int percent) {
      if (percent < 1 || percent > 100) {
        throw new IllegalArgumentException(
            "reserved must be 1 to 100 percent; it was " + percent + ".");
      }
      reserved = percent;
      return this;
    }

    private static long atLeast(String name, long least, long value) {
      if (value < least) {
        throw new IllegalArgumentException(
            name + " must be at least " + least + "; it was " + value + ".");
      }
      return value;
    }

    /**
     * Builds the budget.
     *
     * @return a budget that nothing uses yet
     */
    public OutboxBudget build() {
      return new OutboxBudget(this);
    }
  }
}
