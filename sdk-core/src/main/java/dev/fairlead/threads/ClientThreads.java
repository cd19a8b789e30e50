package dev.fairlead.threads;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where the application's code runs: a lane for completing futures on threads of the client, and
 * lanes for handlers on the application's executor, or on threads of the client if it gave none.
 *
 * <p>A single device has a thread for each busy lane. The devices of a gateway share: one thread
 * completes all their futures, and handlers have at most {@value #SHARED_THREADS} threads, which
 * the lanes take in turns. An idle thread ends.
 */
public final class ClientThreads {
  private static final long IDLE_SECONDS = 5;

  /** A device has four lanes for handlers; should all of them hang, as many threads are left. */
  static final int SHARED_THREADS = 8;

  /** How many callbacks a lane runs before the others have their turn. */
  private static final int TURN = 16;

  private final String name;
  private final Executor handlers;
  private final SerialExecutor completions;
  private final int turn;
  private final List<ThreadPoolExecutor> pools;

  /** The threads of a single device. */
  public ClientThreads(String name, boolean daemon, Optional<Executor> given) {
    this.name = name;
    ThreadPoolExecutor pool = pool(name + "-callback-", daemon, Integer.MAX_VALUE);
    handlers = given.orElse(pool);
    completions = new SerialExecutor(name + " futures", task -> runSomewhere(pool, task));
    turn = Integer.MAX_VALUE;
    pools = List.of(pool);
  }

  private ClientThreads(
      String name,
      Executor handlers,
      SerialExecutor completions,
      int turn,
      List<ThreadPoolExecutor> pools) {
    this.name = name;
    this.handlers = handlers;
    this.completions = completions;
    this.turn = turn;
    this.pools = pools;
  }

  /** The threads that the devices of a gateway share. */
  public static ClientThreads shared(String name, boolean daemon, Optional<Executor> given) {
    // Futures have a thread of their own: handlers, all of which may wait for one, cannot take it.
    ThreadPoolExecutor futures = pool(name + "-futures-", daemon, 1);
    ThreadPoolExecutor callbacks = pool(name + "-callback-", daemon, SHARED_THREADS);
    return new ClientThreads(
        name,
        given.orElse(callbacks),
        new SerialExecutor(name + " futures", task -> runSomewhere(futures, task)),
        TURN,
        List.of(futures, callbacks));
  }

  /** The same threads for one of the devices that share them, whose lanes bear its name. */
  public ClientThreads of(String device) {
    return new ClientThreads(device, handlers, completions, turn, pools);
  }

  private static ThreadPoolExecutor pool(String prefix, boolean daemon, int most) {
    AtomicInteger count = new AtomicInteger();
    boolean bounded = most < Integer.MAX_VALUE;
    // Each lane queues itself once at most, so the queue is as bounded as the lanes.
    BlockingQueue<Runnable> queue =
        bounded ? new LinkedBlockingQueue<>() : new SynchronousQueue<>();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            bounded ? most : 0,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            queue,
            task -> {
              Thread thread = new Thread(task, prefix + count.incrementAndGet());
              thread.setDaemon(daemon);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** A closed client has no threads left; what still completes then does so on the caller's. */
  private static void runSomewhere(Executor pool, Runnable task) {
    try {
      pool.execute(task);
    } catch (RejectedExecutionException closed) {
      task.run();
    }
  }

  /** Where futures complete. */
  public SerialExecutor completions() {
    return completions;
  }

  /** A new lane for handlers of one feed. */
  public SerialExecutor handlerExecutor(String feed) {
    return new SerialExecutor(name + " " + feed, handlers, turn);
  }

  /** A future that refuses to be waited for where only waiting would ever end it. */
  public <T> CompletableFuture<T> newFuture() {
    return new ClientFuture<>(completions);
  }

  /** Lets what runs run out; nothing new begins. */
  public void shutdown() {
    pools.forEach(ThreadPoolExecutor::shutdown);
  }
}
