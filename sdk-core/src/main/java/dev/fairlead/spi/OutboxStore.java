package dev.fairlead.spi;

import dev.fairlead.TelemetryMessage;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Keeps the outbox's content where a restart of the process, or a power cut, finds it again. The
 * client works on its copy in memory and passes each change to the store; without a store, queued
 * messages are lost with the process.
 *
 * <p>All methods but {@link #recover} are called in the order of what happened, one at a time, on a
 * thread of the client, and may block; {@link #recover} is called on the thread that builds the
 * client. A failure affects only the message that the call was for.
 */
public interface OutboxStore extends AutoCloseable {
  /**
   * The messages that the last run left, in order. Called once, first.
   *
   * @return the messages with their numbers, growing
   */
  List<Saved> recover();

  /**
   * Keeps a message.
   *
   * @param sequence its number, larger than any before
   * @param message the message
   * @return completes when a restart would find the message; if it fails (a full disk), or is not
   *     complete within 30 s, the sender's future fails unless the hub has taken the message
   */
  CompletionStage<Void> save(long sequence, TelemetryMessage message);

  /**
   * Forgets a message: the hub has it, or it failed.
   *
   * @param sequence its number
   */
  void remove(long sequence);

  /** Writes pending data and releases the storage. The client waits for up to 10 s. */
  @Override
  void close();

  /**
   * A message that was kept.
   *
   * @param sequence its number
   * @param message the message
   */
  record Saved(long sequence, TelemetryMessage message) {}
}
