package dev.fairlead;

import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The outbox in numbers. Totals count since the client was built.
 *
 * @param waiting queued messages, whether in memory or in the store
 * @param underWay messages in flight: sent, or about to be, and not acknowledged by the hub
 * @param bytes the heap that the outbox takes, counted as {@link OutboxLimits#maxBytes()} counts
 * @param accepted total acknowledged by the hub
 * @param failed total that failed: expired, dropped, refused, or left over at close
 * @param resent total put back after they may have been sent, so that the hub may have them twice
 * @param durable what a durable outbox adds; empty without one
 */
public record OutboxStatus(
    int waiting,
    int underWay,
    long bytes,
    long accepted,
    long failed,
    long resent,
    Optional<Durable> durable) {

  /**
   * A durable outbox in numbers.
   *
   * @param bytes the sizes of all messages queued or in flight, which the disk holds
   * @param unstored messages that are not on the disk yet, and would be lost with the process
   * @param recovered messages that an earlier run of the process left and that are still queued or
   *     in flight
   * @param oldest when the oldest message was passed to the client, by the machine's clock at that
   *     time, which may have been wrong; empty if there is none
   */
  public record Durable(long bytes, int unstored, int recovered, Optional<Instant> oldest) {
    /**
     * The numbers of two outboxes together.
     *
     * @param other the other one's
     * @return the sums, and the older one's oldest message
     */
    public Durable plus(Durable other) {
      return new Durable(
          bytes + other.bytes,
          unstored + other.unstored,
          recovered + other.recovered,
          Stream.of(oldest, other.oldest).flatMap(Optional::stream).min(Instant::compareTo));
    }

    @Override
    public String toString() {
      return bytes
          + " bytes on the disk, "
          + unstored
          + " messages not stored yet, "
          + recovered
          + " of an earlier run"
          + oldest.map(since -> ", the oldest of " + since).orElse("");
    }
  }

  /** One line for a log, such as {@code 3 waiting, 1 in flight, 2400 bytes of heap; …}. */
  @Override
  public String toString() {
    return waiting
        + " waiting, "
        + underWay
        + " in flight, "
        + bytes
        + " bytes of heap; in all "
        + accepted
        + " accepted, "
        + failed
        + " failed, "
        + resent
        + " sent again"
        + durable.map(stored -> "; " + stored).orElse("");
  }
}
