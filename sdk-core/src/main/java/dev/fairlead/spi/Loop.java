package dev.fairlead.spi;

import dev.fairlead.TimeSource.Alarm;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;

/**
 * A serial queue: one task at a time, in order, each seeing the effects of the ones before. All
 * state of a client and of its session is confined to it. Tasks never block. A task that throws is
 * logged, and the next one runs.
 */
public interface Loop extends Executor {
  /**
   * Queues a task; it never runs inside this call. Any thread. After the client is closed it does
   * nothing.
   *
   * @param task the task
   */
  @Override
  void execute(Runnable task);

  /**
   * Queues a task for later. Any thread.
   *
   * @param delay how long from now
   * @param task the task
   * @return cancels it; on the loop, a cancelled task does not run any more
   */
  Alarm schedule(Duration delay, Runnable task);

  /**
   * Whether the caller runs on this loop.
   *
   * @return true inside a task of this loop
   */
  boolean inLoop();

  /**
   * Fails unless the caller runs on this loop; the first line of every confined method.
   *
   * @throws IllegalStateException if it does not
   */
  default void assertInLoop() {
    if (!inLoop()) {
      throw new IllegalStateException(
          "This must run on the client's loop, not on " + Thread.currentThread().getName() + ".");
    }
  }

  /**
   * The wall clock.
   *
   * @return now
   */
  Instant now();

  /**
   * The monotonic clock.
   *
   * @return nanoseconds, as {@link System#nanoTime()}
   */
  long nanoTime();
}
