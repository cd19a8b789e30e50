package dev.fairlead.spi;

import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The stored messages of one identity, read by a cursor, never held in memory as a whole.
 *
 * <p>The client calls one method at a time, on one of its threads. Calls take effect in the order
 * in which they are made: a read finds everything that was added by earlier calls of {@link
 * #write}, whether that is committed yet or not. Methods hand their work to a thread of the store
 * and return without waiting for the disk. The stages complete on any thread.
 */
public interface StoredQueue extends AutoCloseable {
  /**
   * A message to be stored.
   *
   * @param sequence its number, larger than that of any message added before
   * @param message the message
   * @param timeToLive how long it may wait from now on; null for no limit
   */
  record Added(long sequence, TelemetryMessage message, @Nullable Duration timeToLive) {}

  /**
   * A message that was stored.
   *
   * @param sequence its number
   * @param message the message
   * @param storedAt what the machine's clock showed when the message was added; may be wrong
   * @param age how long it has waited. Time in which the store was closed counts only as far as the
   *     clock is plausible, so a clock that was wrong makes no message too old
   * @param timeToLive how long it may wait in all; null for no limit
   */
  record Stored(
      long sequence,
      TelemetryMessage message,
      Instant storedAt,
      Duration age,
      @Nullable Duration timeToLive) {}

  /**
   * What a read found.
   *
   * @param messages by growing number
   * @param damaged the numbers of those in the same range whose content no longer matches its
   *     checksum. The store sets them aside; they are never returned as messages, and the client
   *     does not remove them
   * @param end whether the range holds no further message
   */
  record Page(List<Stored> messages, List<Long> damaged, boolean end) {}

  /**
   * What the queue holds now.
   *
   * @return the counts, and the largest number that was ever given to a message of this queue
   */
  StoredQueueStatus status();

  /**
   * Adds and removes messages, all of them or, if that fails, none.
   *
   * @param added by growing number
   * @param removed the numbers of messages that are no longer needed, in any order; those that the
   *     queue does not hold are ignored
   * @return completes when a power cut would not undo it, except that removals without an addition
   *     may be undone for a short time, so that their messages are sent again; fails, for instance
   *     with a full disk, if nothing was changed
   */
  CompletionStage<Void> write(List<Added> added, List<Long> removed);

  /**
   * Reads messages of one class in order.
   *
   * @param priority the class
   * @param after only larger numbers
   * @param maxMessages the most messages to read
   * @param maxBytes reads no further message once those read have this many bytes ({@link
   *     TelemetryMessage#size()})
   * @return the messages
   */
  CompletionStage<Page> read(Priority priority, long after, int maxMessages, long maxBytes);

  /**
   * Reads messages whose time to live has passed, in any order of numbers, without removing them.
   *
   * @param maxMessages the most messages to read
   * @return the messages; {@link Page#end} if there are no more
   */
  CompletionStage<Page> readExpired(int maxMessages);

  /**
   * When the next message's time to live will have passed.
   *
   * @return how long until then, zero if it has passed; empty if no message has a time to live
   */
  CompletionStage<Optional<Duration>> nextExpiry();

  /**
   * Closes the queue after all earlier calls; its messages stay stored. Does not block for long.
   */
  @Override
  void close();
}
