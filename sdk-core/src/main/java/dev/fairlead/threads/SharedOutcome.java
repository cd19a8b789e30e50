package dev.fairlead.threads;

import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * An outcome that several callers wait for, each with a future of its own: cancelling one, or
 * giving it a time-out, does not affect the others. Completes once. Safe for any thread.
 */
public final class SharedOutcome {
  private final ClientThreads threads;
  private final CompletableFuture<Void> outcome = new CompletableFuture<>();

  /** Null while there is none: a gateway has two outcomes for each of its devices. */
  private @Nullable IdentityHashMap<CompletableFuture<Void>, Boolean> handedOut; // guarded by this

  public SharedOutcome(ClientThreads threads) {
    this.threads = threads;
  }

  /** A new future of this outcome. */
  public CompletableFuture<Void> future() {
    CompletableFuture<Void> future = threads.newFuture();
    keep(future);
    // A caller may ask each second for years, so futures that have ended are not kept.
    CompletableFuture<Void> unused = future.whenComplete((done, failure) -> drop(future));
    if (outcome.isDone()) {
      finish(future);
    }
    return future;
  }

  /** Completes it. On the thread that completes futures. */
  @SuppressWarnings("NullAway") // A future of Void completes with null.
  public void complete() {
    outcome.complete(null);
    kept().forEach(this::finish);
  }

  /** Fails it. On the thread that completes futures. */
  public void fail(Throwable failure) {
    outcome.completeExceptionally(failure);
    kept().forEach(this::finish);
  }

  private synchronized void keep(CompletableFuture<Void> future) {
    if (handedOut == null) {
      handedOut = new IdentityHashMap<>(1);
    }
    handedOut.put(future, true);
  }

  private synchronized void drop(CompletableFuture<Void> future) {
    if (handedOut != null && handedOut.remove(future) != null && handedOut.isEmpty()) {
      handedOut = null;
    }
  }

  private synchronized List<CompletableFuture<Void>> kept() {
    return handedOut == null ? List.of() : List.copyOf(handedOut.keySet());
  }

  @SuppressWarnings("NullAway") // A future of Void completes with null.
  private void finish(CompletableFuture<Void> future) {
    @Nullable Throwable failure = outcome.handle((done, why) -> why).join();
    if (failure == null) {
      future.complete(null);
    } else {
      future.completeExceptionally(failure);
    }
  }

  /** Waits without a limit until it has ended, in success or failure. */
  public void await() throws InterruptedException {
    try {
      outcome.get();
    } catch (ExecutionException failed) {
      // It has ended.
    }
  }

  /**
   * Waits until it has ended, even if the thread is interrupted; the interrupt is kept.
   *
   * @return whether it has ended within the limit
   */
  public boolean awaitUninterruptibly(Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          outcome.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
          return true;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException failed) {
          return true;
        } catch (TimeoutException e) {
          return false;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
