package dev.fairlead.spi;

import dev.fairlead.TelemetryMessage;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Keeps the outbox's content where a restart of the process, or a power cut, finds it again. The
 * client works on its copy in memory and tells the store what changes; without a store, what waits
 * is lost with the process.
 *
 * <p>All methods but {@link #recover} and {@link #close} are called in the order of what happened,
 * one at a time, and return at once: I/O happens elsewhere.
 */
public interface OutboxStore extends AutoCloseable {
  /**
   * What the last run left, in order. Called once, first.
   *
   * @return the messages with their numbers, growing
   */
  List<Saved> recover();

  /**
   * Keeps a message.
   *
   * @param sequence its number, larger than any before
   * @param message the message
   * @return completes when a restart would find the message; if it fails (a full disk), the
   *     sender's future fails unless the hub has taken the message meanwhile
   */
  CompletionStage<Void> save(long sequence, TelemetryMessage message);

  /**
   * Forgets a message: the hub has it, or it failed.
   *
   * @param sequence its number
   */
  void remove(long sequence);

  /** Writes what is still to be written and lets go of the storage. May block. */
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
