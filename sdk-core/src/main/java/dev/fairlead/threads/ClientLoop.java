package dev.fairlead.threads;

import dev.fairlead.TimeSource;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's one loop: a thread of its own, which is also the system's time source unless the
 * application gave another.
 */
public final class ClientLoop implements Loop, TimeSource {
  private static final Logger log = LoggerFactory.getLogger(ClientLoop.class);

  private final ScheduledThreadPoolExecutor executor;
  private final @Nullable TimeSource given;
  private volatile @Nullable Thread thread;

  /** Alarms set at the given time source, to be cancelled when the loop ends. */
  private final Set<OnLoop> atGiven = ConcurrentHashMap.newKeySet();

  public ClientLoop(String name, boolean daemon, Optional<TimeSource> given) {
    this.given = given.orElse(null);
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread made = new Thread(task, name);
              made.setDaemon(daemon);
              thread = made;
              return made;
            });
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void execute(Runnable task) {
    try {
      executor.execute(() -> runLogged(task));
    } catch (RejectedExecutionException closed) {
      log.debug("A task arrived after the client was closed and is dropped");
    }
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    OnLoop once = new OnLoop(task);
    if (given != null) {
      atGiven.add(once);
      once.alarm = given.schedule(delay, () -> execute(once));
      if (executor.isShutdown()) {
        once.cancel();
      }
      return once;
    }
    try {
      Future<?> future =
          executor.schedule(
              () -> runLogged(once), Math.max(0, saturatedNanos(delay)), TimeUnit.NANOSECONDS);
      once.alarm = () -> future.cancel(false);
    } catch (RejectedExecutionException closed) {
      log.debug("An alarm was set after the client was closed and is dropped");
    }
    return once;
  }

  private static long saturatedNanos(Duration delay) {
    try {
      return delay.toNanos();
    } catch (ArithmeticException longerThanALife) {
      return Long.MAX_VALUE / 2;
    }
  }

  @Override
  public boolean inLoop() {
    return Thread.currentThread() == thread;
  }

  @Override
  public Instant now() {
    return given == null ? Instant.now() : given.now();
  }

  @Override
  public long nanoTime() {
    return given == null ? System.nanoTime() : given.nanoTime();
  }

  /** Ends the thread after the running task; queued tasks are dropped. */
  public void shutdown() {
    executor.shutdown();
    atGiven.forEach(OnLoop::cancel);
  }

  public boolean awaitTermination(Duration limit) throws InterruptedException {
    return executor.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void runLogged(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      log.error("A task of the client failed; the client goes on", e);
    }
  }

  /** An alarm that does nothing once cancelled, even if its task is already queued. */
  private final class OnLoop implements Runnable, Alarm {
    private final Runnable task;
    private volatile boolean cancelled;
    private volatile @Nullable Alarm alarm;

    OnLoop(Runnable task) {
      this.task = task;
    }

    @Override
    public void run() {
      atGiven.remove(this);
      if (!cancelled) {
        task.run();
      }
    }

    @Override
    public void cancel() {
      atGiven.remove(this);
      cancelled = true;
      Alarm set = alarm;
      if (set != null) {
        set.cancel();
      }
    }
  }
}
