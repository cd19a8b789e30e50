package dev.fairlead;

import java.time.Duration;
import java.time.Instant;

/**
 * Where the client takes the time from and sets its alarms. The system's by default; a test gives
 * one that it moves itself. Safe for any thread.
 */
public interface TimeSource {
  /**
   * The wall clock: for token expiry and time stamps.
   *
   * @return now
   */
  Instant now();

  /**
   * A monotonic clock: for durations.
   *
   * @return nanoseconds since some fixed point, as {@link System#nanoTime()}
   */
  long nanoTime();

  /**
   * Runs a task once, later. The task only hands work over; it returns immediately.
   *
   * @param delay how long from now; zero or negative means as soon as possible
   * @param task what to run, never inside this call
   * @return a handle that cancels it
   */
  Alarm schedule(Duration delay, Runnable task);

  /** A task set for later. */
  @FunctionalInterface
  interface Alarm {
    /** Makes sure that the task does not start any more; no effect once it has started. */
    void cancel();
  }
}
