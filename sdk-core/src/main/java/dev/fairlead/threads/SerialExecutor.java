package dev.fairlead.threads;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A serial queue on top of an executor: one task at a time, in order, each seeing what the ones
 * before did. After a turn of so many tasks it goes behind what else waits for the executor, so
 * that one lane cannot keep a shared thread for itself. Owns no thread. Safe for any thread.
 */
public final class SerialExecutor implements Executor {
  private static final Logger log = LoggerFactory.getLogger(SerialExecutor.class);

  private final String name;
  private final Executor executor;
  private final int turn;
  private final ArrayDeque<Task> tasks = new ArrayDeque<>(1);
  private boolean active;
  private volatile @Nullable Thread runner;

  private record Task(Runnable work, Runnable refused) {}

  /** A lane that has its thread for as long as it has tasks. */
  public SerialExecutor(String name, Executor executor) {
    this(name, executor, Integer.MAX_VALUE);
  }

  /** A lane that shares its threads: after {@code turn} tasks the others come first. */
  public SerialExecutor(String name, Executor executor, int turn) {
    this.name = name;
    this.executor = executor;
    this.turn = turn;
  }

  @Override
  public void execute(Runnable task) {
    execute(task, () -> {});
  }

  /**
   * Queues a task.
   *
   * @param refused runs in its place, on any thread, if the executor refuses the lane
   */
  public void execute(Runnable task, Runnable refused) {
    synchronized (tasks) {
      tasks.add(new Task(task, refused));
      if (active) {
        return;
      }
      active = true;
    }
    begin();
  }

  private void begin() {
    try {
      executor.execute(this::drain);
    } catch (RejectedExecutionException e) {
      List<Task> lost;
      synchronized (tasks) {
        lost = List.copyOf(tasks);
        tasks.clear();
        active = false;
      }
      log.warn(
          "{}: the executor refused to run a callback, so {} callback(s) are lost. Keep the executor given to the client"
              + " running until the client is closed.",
          name,
          lost.size());
      lost.forEach(task -> task.refused.run());
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
    int ran = 0;
    for (Task task = next(); task != null; task = next()) {
      try {
        task.work.run();
      } catch (Throwable e) {
        // Even an Error: an unattended device is better off with the next callback than with none.
        log.error("{}: a callback failed", name, e);
      }
      if (++ran == turn && waiting() > 0) {
        runner = null;
        begin();
        return;
      }
    }
  }

  private @Nullable Task next() {
    synchronized (tasks) {
      Task task = tasks.poll();
      if (task == null) {
        active = false;
        runner = null;
      }
      return task;
    }
  }

  /** How many tasks wait; the one that runs is not counted. */
  public int waiting() {
    synchronized (tasks) {
      return tasks.size();
    }
  }

  /** Whether the caller runs in a task of this lane. */
  public boolean isCurrent() {
    return runner == Thread.currentThread();
  }
}
