package dev.fairlead.spi;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Settles one cloud-to-device message; holds what its protocol needs (a packet id, a delivery, an
 * ETag). The client calls it on the session's loop, settles at most once, and never after the
 * session has ended, so transports need not guard against that. A message that the client drops
 * unseen (its session or its lock has ended) is never settled. Each stage fails with a {@link
 * dev.fairlead.HubException}: {@link dev.fairlead.UnsupportedException} where the protocol cannot
 * do it (the message stays unsettled, and another settlement may follow), {@link
 * dev.fairlead.UnreachableException} when the session ends before the outcome is known, {@link
 * dev.fairlead.RejectedException} when the lock is lost.
 */
public interface Settlement {
  /**
   * How long after its arrival the message may still be handed to the application. A copy that has
   * waited longer is dropped unseen, because the hub delivers the message again; {@link #expired()}
   * is called for it and nothing else.
   *
   * @return the hub's lock time where it runs from the delivery; empty where the lock counts from
   *     {@link #handedOut()} only, or is not known
   */
  default Optional<Duration> lockTime() {
    return Optional.empty();
  }

  /**
   * The message was dropped unseen, because its {@link #lockTime()} had passed: the transport
   * releases what it holds for it, and reports no outcome to the hub. Called on the loop, once, and
   * not after the session has ended.
   */
  default void expired() {}

  /**
   * The message is now passed to its handler. Until then it was queued in the client, and a lock
   * that the transport itself watches has not started. Called on the loop, once, before any
   * settlement, and not after the session has ended.
   */
  default void handedOut() {}

  /**
   * Completes the message; the hub deletes it.
   *
   * @return completes when the outcome has been handed to the connection
   */
  CompletionStage<Void> complete();

  /**
   * Abandons the message; the hub queues it again.
   *
   * @return completes when the outcome has been handed to the connection
   */
  CompletionStage<Void> abandon();

  /**
   * Rejects the message; the hub dead-letters it.
   *
   * @return completes when the outcome has been handed to the connection
   */
  CompletionStage<Void> reject();
}
