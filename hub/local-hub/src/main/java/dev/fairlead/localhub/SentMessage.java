package dev.fairlead.localhub;

import java.util.concurrent.CompletableFuture;

/**
 * A C2D message that was sent: its state until it is completed or dead-lettered. Safe for use by
 * several threads.
 */
public interface SentMessage {

  /** The message id: the sender's, or the one that the hub generated. */
  String messageId();

  /** The state of the message now. */
  DeliveryState state();

  /**
   * How often it has returned to the queue unsettled; zero for a message that was delivered at most
   * once.
   */
  int deliveryCount();

  /**
   * Completes with the message's outcome, whatever feedback its sender requested. It completes on a
   * thread of the hub: dependent stages must not block.
   */
  CompletableFuture<Feedback> feedback();
}
