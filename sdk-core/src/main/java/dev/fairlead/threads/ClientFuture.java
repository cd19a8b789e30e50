package dev.fairlead.threads;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future of the client. Code attached to one runs on the completions lane; waiting there for
 * another of the same client would wait for itself, so it fails instead of hanging.
 */
final class ClientFuture<T> extends CompletableFuture<T> {
  private final SerialExecutor completions;

  ClientFuture(SerialExecutor completions) {
    this.completions = completions;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new ClientFuture<>(completions);
  }

  @Override
  public T get() throws InterruptedException, ExecutionException {
    refuseToHang();
    return super.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    refuseToHang();
    return super.get(timeout, unit);
  }

  @Override
  public T join() {
    refuseToHang();
    return super.join();
  }

  private void refuseToHang() {
    if (!isDone() && completions.isCurrent()) {
      throw new IllegalStateException(
          "This code runs as the continuation of a future of the client, on the thread that completes its futures; waiting here"
              + " for another one would never end. Chain it with thenCompose(…), or continue on a thread of your own with"
              + " thenApplyAsync(…, executor).");
    }
  }
}
