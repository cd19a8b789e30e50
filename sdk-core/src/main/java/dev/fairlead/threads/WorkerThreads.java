package dev.fairlead.threads;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads of the client for foreign code: as many as are busy, or at most a given number. A thread
 * that foreign code blocks for long can be lent to it; then another one replaces it. Idle threads
 * end. Safe for any thread.
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
    // Bounded because each user (a feed, a call in flight) queues itself at most once.
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

  /** Foreign code blocks one thread, which no longer counts. */
  @Override
  public synchronized void lend() {
    if (bounded) {
      size++;
      pool.setMaximumPoolSize(size);
      pool.setCorePoolSize(size);
    }
  }

  /** A lent thread was returned. */
  @Override
  public synchronized void takeBack() {
    if (bounded) {
      size--;
      pool.setCorePoolSize(size);
      pool.setMaximumPoolSize(size);
    }
  }

  /**
   * From now on a thread ends as soon as it is idle. A late task still gets a thread, so a last
   * callback is not lost, and never runs on its caller's thread.
   */
  void endWhenIdle() {
    pool.setKeepAliveTime(1, TimeUnit.MILLISECONDS);
  }
}
