package dev.fairlead.threads;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads of the client for foreign code: as many as are busy, or at most a given number. A thread
 * that foreign code keeps for long can be lent to it, and then another takes its place. Idle
 * threads end. Safe for any thread.
 */
final class WorkerThreads implements Executor, ForeignCalls.Lending {
  private static final long IDLE_SECONDS = 5;

  private final ThreadPoolExecutor pool;
  private final boolean bounded;
  private int size;

  private WorkerThreads(String prefix, boolean daemon, int most) {
    AtomicInteger count = new AtomicInteger();
    bounded = most < Integer.MAX_VALUE;
    size = most;
    // What queues here queues itself once at most (a feed, a call in flight), so that bounds it.
    pool =
        new ThreadPoolExecutor(
            bounded ? most : 0,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            bounded ? new LinkedBlockingQueue<>() : new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, prefix + count.incrementAndGet());
              thread.setDaemon(daemon);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
  }

  static WorkerThreads asManyAsBusy(String prefix, boolean daemon) {
    return new WorkerThreads(prefix, daemon, Integer.MAX_VALUE);
  }

  static WorkerThreads atMost(int most, String prefix, boolean daemon) {
    return new WorkerThreads(prefix, daemon, most);
  }

  /** Runs a task on one of the threads, also after {@link #endWhenIdle}. */
  @Override
  public void execute(Runnable task) {
    pool.execute(task);
  }

  /** One thread is kept by foreign code and no longer counts. */
  @Override
  public synchronized void lend() {
    if (bounded) {
      size++;
      pool.setMaximumPoolSize(size);
      pool.setCorePoolSize(size);
    }
  }

  /** A lent thread has come back. */
  @Override
  public synchronized void takeBack() {
    if (bounded) {
      size--;
      pool.setCorePoolSize(size);
      pool.setMaximumPoolSize(size);
    }
  }

  /**
   * From now on a thread ends as soon as it is idle. What comes late still finds a thread: a
   * callback of the last moment is not lost, and never runs on the thread that brings it.
   */
  void endWhenIdle() {
    pool.setKeepAliveTime(1, TimeUnit.MILLISECONDS);
  }
}
