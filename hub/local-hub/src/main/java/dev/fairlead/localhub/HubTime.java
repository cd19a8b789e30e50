package dev.fairlead.localhub;

import java.time.Duration;
import java.time.Instant;

/**
 * The hub's clock: it decides when a lock, a time to live, a token or a direct method expires.
 *
 * <p>Only the hub's semantics follow it. The timers of a connection (keep-alive, the time a client
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

  /** A scheduled action. */
  @FunctionalInterface
  interface Scheduled {
    /** Cancels the action; without effect once it has begun. */
    void cancel();
  }
}
