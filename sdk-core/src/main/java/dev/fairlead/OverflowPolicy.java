package dev.fairlead;

/**
 * What happens to a message for which the outbox has no room. The sender is notified in each case.
 */
public enum OverflowPolicy {
  /**
   * {@code send} waits for room. On the client's own threads, where that could block for ever, it
   * fails instead.
   */
  BLOCK,
  /** The message's own future fails with {@link RejectedException}. */
  REJECT,
  /**
   * The oldest message that is not in flight is dropped; its future fails with {@link
   * RejectedException}.
   */
  DROP_OLDEST
}
