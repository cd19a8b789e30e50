package dev.fairlead.https.poll;

/**
 * Limits how often a device polls. One limiter belongs to one session; all limiters of a device, in
 * whatever process, keep to one schedule. All methods but {@link #stillAllowed} are called on the
 * session's loop; none blocks.
 */
public interface PollLimiter {
  /**
   * Asks for one poll. To poll for ever, ask again when a poll has ended.
   *
   * <p>When the time has come, the poll is first noted on disk and then allowed: whatever happens
   * between the two, the next one is a full interval away. One poll is the whole drain: every
   * request until the hub's queue is empty.
   *
   * @param pollNow called once, on the loop, never inside this call; not called any more after
   *     {@link #close}
   * @throws IllegalStateException if the poll asked for before was not allowed yet
   */
  void whenAllowed(Runnable pollNow);

  /**
   * Whether the poll that was allowed last may still begin: for half a minute. To be asked right
   * before the poll's first request leaves (when the connection is open); a poll that finds false
   * here, on a slow network or after the machine slept, is dropped and asked for again. Any thread.
   *
   * @return true while it may begin
   */
  boolean stillAllowed();

  /** Takes back what was asked for and releases the schedule. Has no effect a second time. */
  void close();
}
