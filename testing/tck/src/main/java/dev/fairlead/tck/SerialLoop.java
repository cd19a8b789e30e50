package dev.fairlead.tck;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Loop} with its own thread, and the system's clocks or a {@link FakeTime}. Exceptions of
 * its tasks are kept for the test.
 */
public final class SerialLoop implements Loop, AutoCloseable {
  private final List<Throwable> thrown = new CopyOnWriteArrayList<>();
  private volatile @Nullable Thread thread;
  private final ScheduledThreadPoolExecutor executor;
  private final @Nullable FakeTime time;

  /** Starts the loop; its thread starts with the first task. */
  public SerialLoop() {
    this(null);
  }

  /**
   * Starts a loop whose alarms are set in fake time: an alarm that is due runs soon after the test
   * has moved the time.
   *
   * @param time moved by the test; null for the system's clocks
   */
  public SerialLoop(@Nullable FakeTime time) {
    this.time = time;
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread made = new Thread(task, "tck-loop");
              made.setDaemon(true);
              thread = made;
              return made;
            },
            (task, pool) -> {});
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void execute(Runnable task) {
    executor.execute(caught(task));
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    if (time != null) {
      return time.schedule(delay, () -> execute(task));
    }
    Future<?> set =
        executor.schedule(caught(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
    return () -> set.cancel(false);
  }

  @Override
  public boolean inLoop() {
    return Thread.currentThread() == thread;
  }

  @Override
  public Instant now() {
    return time == null ? Instant.now() : time.now();
  }

  @Override
  public long nanoTime() {
    return time == null ? System.nanoTime() : time.nanoTime();
  }

  /**
   * Runs an action on the loop and waits for it.
   *
   * @param action what to run; its exceptions are thrown here
   */
  public void run(Runnable action) {
    Await.result(CompletableFuture.runAsync(action, this));
  }

  /**
   * Calls a function on the loop, such as a session's method, and waits for its value.
   *
   * @param <T> what it gives
   * @param action what to call; its exceptions are thrown here
   * @return its value
   */
  public <T> T call(Supplier<T> action) {
    return Await.result(CompletableFuture.supplyAsync(action, this));
  }

  /**
   * Exceptions of tasks so far. A session's own tasks throw none.
   *
   * @return a copy
   */
  public List<Throwable> thrown() {
    return List.copyOf(thrown);
  }

  /**
   * How many alarms are set.
   *
   * @return the count, including queued tasks
   */
  public int pending() {
    return executor.getQueue().size() + (time == null ? 0 : time.pending());
  }

  /** Drops scheduled tasks and ends the thread. */
  @Override
  public void close() {
    executor.shutdown();
  }

  private Runnable caught(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (Throwable e) {
        thrown.add(e);
      }
    };
  }
}
