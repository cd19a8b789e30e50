package dev.fairlead.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where the application's code runs: a lane for completing futures on threads of the client, and
 * lanes for handlers on the application's executor, or on the same threads if it gave none. There
 * are never more threads than busy lanes, and an idle one ends.
 */
final class ClientThreads {
  private static final long IDLE_SECONDS = 5;

  private final ThreadPoolExecutor pool;
  private final Executor handlers;
  private final String name;
  private final Lane completions;

  ClientThreads(String name, boolean daemon, java.util.Optional<Executor> given) {
    this.name = name;
    AtomicInteger count = new AtomicInteger();
    pool =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, name + "-callback-" + count.incrementAndGet());
              thread.setDaemon(daemon);
              return thread;
            });
    handlers = given.orElse(pool);
    completions = new Lane(name + " futures", this::completeSomewhere);
  }

  /** A closed client has no threads left; what still completes then does so on the caller's. */
  private void completeSomewhere(Runnable task) {
    try {
      pool.execute(task);
    } catch (RejectedExecutionException closed) {
      task.run();
    }
  }

  /** Where futures complete. */
  Lane completions() {
    return completions;
  }

  /** A new lane for handlers of one feed. */
  Lane handlerLane(String feed) {
    return new Lane(name + " " + feed, handlers);
  }

  /** A future that refuses to be waited for where only waiting would ever end it. */
  <T> CompletableFuture<T> newFuture() {
    return new ClientFuture<>(completions);
  }

  /** Lets what runs run out; nothing new begins. */
  void shutdown() {
    pool.shutdown();
  }
}
