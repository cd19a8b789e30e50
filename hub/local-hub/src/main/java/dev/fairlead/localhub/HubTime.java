package dev.fairlead.localhub;

import java.time.Duration;
import java.time.Instant;

/**
 * The hub's clock: what decides when a lock, a time to live, a token or a direct method runs out.
 *
 * <p>Only the hub's semantics follow it. What guards a connection (keep-alive, the time a client
 * may take to send CONNECT) and the validity of TLS certificates follow real time. Implementations
 * are safe for use by several threads.
 */
public interface HubTime {

  /** The time now. */
  Instant now();

  /**
   * Runs an action once, after a delay.
   *
   * @param delay how long from now; zero or negative means as soon as possible, but never on the
   *     calling thread
   * @param action short and non-blocking
   * @return cancels the action if it has not begun
   */
  Scheduled schedule(Duration delay, Runnable action);

  /** An action that waits for its time. */
  @FunctionalInterface
  interface Scheduled {
    /** Takes the action back; without effect once it has begun. */
    void cancel();
  }
}
