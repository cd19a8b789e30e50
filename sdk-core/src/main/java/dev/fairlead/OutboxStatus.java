package dev.fairlead;

/**
 * The outbox in numbers. Totals count since the client was built.
 *
 * @param waiting queued messages
 * @param underWay messages in flight: sent, or about to be, and not acknowledged by the hub
 * @param bytes the heap that both take, counted as {@link OutboxLimits#maxBytes()} counts
 * @param accepted total acknowledged by the hub
 * @param failed total that failed: expired, dropped, refused, or left over at close
 * @param resent total put back after they may have been sent, so that the hub may have them twice
 */
public record OutboxStatus(
    int waiting, int underWay, long bytes, long accepted, long failed, long resent) {}
