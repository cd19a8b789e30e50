package dev.fairlead.spi;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Settles one cloud-to-device message; closes over what its protocol needs (a packet id, a
 * delivery, an ETag). The client calls it on the session's loop, settles at most once, and never
 * after the session has ended, so no transport guards against that. A message that the client drops
 * unseen (its session or its lock is over) is never settled. Each stage fails with a {@link
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
   * The message was dropped unseen, because its {@link #lockTime()} had passed: whatever the
   * transport holds for it is to be released, and the hub is not told of any outcome. Called on the
   * loop, once, and not after the session has ended.
   */
  default void expired() {}

  /**
   * The message goes to its handler now. Until then it waited in the client, and a lock that the
   * transport itself watches does not count. Called on the loop, once, before any settlement, and
   * not after the session has ended.
   */
  default void handedOut() {}

  /**
   * Done; the hub deletes the message.
   *
   * @return completes when the outcome has been handed to the wire
   */
  CompletionStage<Void> complete();

  /**
   * Back to the queue.
   *
   * @return completes when the outcome has been handed to the wire
   */
  CompletionStage<Void> abandon();

  /**
   * Refused for good.
   *
   * @return completes when the outcome has been handed to the wire
   */
  CompletionStage<Void> reject();
}
