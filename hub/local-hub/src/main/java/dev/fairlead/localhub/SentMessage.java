package dev.fairlead.localhub;

import java.util.concurrent.CompletableFuture;

/**
 * The receipt for a C2D message: follows it until it is completed or dead-lettered. Safe for use by
 * several threads.
 */
public interface SentMessage {

  /** The message id: the sender's, or the one the hub made. */
  String messageId();

  /** Where the message stands now. */
  DeliveryState state();

  /**
   * How often it has come back to the queue unsettled; zero for a message that was delivered at
   * most once.
   */
  int deliveryCount();

  /**
   * Completes with how the message ended, whatever feedback its sender asked for. It completes on a
   * thread of the hub: do not block in what depends on it.
   */
  CompletableFuture<Feedback> feedback();
}
