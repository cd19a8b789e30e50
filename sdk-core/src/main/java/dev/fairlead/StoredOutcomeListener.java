package dev.fairlead;

/**
 * Receives what became of the messages of a durable outbox that have no future, one at a time, in
 * order, on the client's callback executor. While the listener is slow, up to 10,000 outcomes and
 * 16 MB of messages are queued, of which deliveries take no more than half; further ones are logged
 * as a count and not passed on. Messages expire in the store only as fast as the listener receives
 * them.
 */
@FunctionalInterface
public interface StoredOutcomeListener {
  /**
   * A message was delivered, or will never be. By then it is no longer in the outbox; if the
   * process dies while this runs, it may be delivered, and passed on, once more after the restart.
   *
   * @param outcome the message and what became of it
   */
  void onOutcome(StoredOutcome outcome);
}
