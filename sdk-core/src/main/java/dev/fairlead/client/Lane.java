package dev.fairlead.client;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A serial queue on top of an executor: one task at a time, in order, each seeing what the ones
 * before did. Owns no thread. Safe for any thread.
 */
final class Lane implements Executor {
  private static final Logger log = LoggerFactory.getLogger(Lane.class);

  private final String name;
  private final Executor executor;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private boolean active;
  private volatile @Nullable Thread runner;

  Lane(String name, Executor executor) {
    this.name = name;
    this.executor = executor;
  }

  @Override
  public void execute(Runnable task) {
    synchronized (tasks) {
      tasks.add(task);
      if (active) {
        return;
      }
      active = true;
    }
    try {
      executor.execute(this::drain);
    } catch (RejectedExecutionException e) {
      int lost;
      synchronized (tasks) {
        lost = tasks.size();
        tasks.clear();
        active = false;
      }
      log.warn(
          "{}: the executor refused to run a callback, so {} callback(s) are lost. Keep the executor given to the client"
              + " running until the client is closed.",
          name,
          lost);
    } catch (RuntimeException | Error e) {
      // Out of threads, say. A lane that stayed active for this would never run anything again.
      synchronized (tasks) {
        active = false;
      }
      log.error("{}: no thread for a callback now; it runs with the next one", name, e);
    }
  }

  private void drain() {
    runner = Thread.currentThread();
    for (Runnable task = next(); task != null; task = next()) {
      try {
        task.run();
      } catch (Throwable e) {
        // Even an Error: an unattended device is better off with the next callback than with none.
        log.error("{}: a callback failed", name, e);
      }
    }
  }

  private @Nullable Runnable next() {
    synchronized (tasks) {
      Runnable task = tasks.poll();
      if (task == null) {
        active = false;
        runner = null;
      }
      return task;
    }
  }

  /** How many tasks wait; the one that runs is not counted. */
  int waiting() {
    synchronized (tasks) {
      return tasks.size();
    }
  }

  /** Whether the caller runs in a task of this lane. */
  boolean isCurrent() {
    return runner == Thread.currentThread();
  }
}
