package dev.fairlead.threads;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future of the client. Code attached to one runs on the thread that completes futures; waiting
 * there for another of the same client would wait for itself, so it fails instead of hanging. The
 * same holds on the loop.
 */
final class ClientFuture<T> extends CompletableFuture<T> {
  private final ClientThreads threads;

  ClientFuture(ClientThreads threads) {
    this.threads = threads;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new ClientFuture<>(threads);
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
    if (!isDone() && !threads.mayWait()) {
      throw new IllegalStateException(
          "This code runs as the continuation of a future of the client, on a thread that the client needs to complete its"
              + " futures; waiting here for another one would never end. Chain it with thenCompose(…), or continue on a thread of your own with"
              + " thenApplyAsync(…, executor).");
    }
  }
}
