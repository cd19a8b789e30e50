package dev.fairlead.spi;

import java.util.concurrent.CompletionStage;

/**
 * Settles one cloud-to-device message; closes over what its wire needs (a packet id, a delivery, an
 * ETag). Any thread. Each stage fails with a {@link dev.fairlead.HubException}: {@link
 * dev.fairlead.UnsupportedException} where the wire cannot do it (and the message stays unsettled),
 * {@link dev.fairlead.UnreachableException} when the session has ended, {@link
 * dev.fairlead.RejectedException} when the lock is lost or the message is settled already.
 */
public interface Settlement {
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
