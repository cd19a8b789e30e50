package dev.fairlead.https.poll;

/**
 * Limits how often a device polls. Each session has one limiter; all limiters of a device, in all
 * processes, share one schedule. All methods but {@link #stillAllowed} are called on the session's
 * loop; none blocks.
 */
public interface PollLimiter {
  /**
   * Asks for one poll. To poll for ever, ask again when a poll has ended.
   *
   * <p>When the time has come, the poll is first noted on disk and then allowed: if anything fails
   * between the two, the next one is still a full interval away. One poll is the whole drain: every
   * request until the hub's queue is empty.
   *
   * @param pollNow called once, on the loop, never inside this call; not called any more after
   *     {@link #close}
   * @throws IllegalStateException if the poll asked for before was not allowed yet
   */
  void whenAllowed(Runnable pollNow);

  /**
   * Whether the poll that was allowed last may still begin: for half a minute. To be asked right
   * before the poll's first request leaves (when the connection is open); a poll for which this is
   * false, on a slow network or after the machine slept, is dropped and asked for again. Any
   * thread.
   *
   * @return true while it may begin
   */
  boolean stillAllowed();

  /** Withdraws the request for a poll and releases the schedule. No effect when called again. */
  void close();
}
