package dev.fairlead.threads;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future of the client. Code attached to one runs on the thread that completes futures; waiting
 * there for another future of the same client would never end, so it fails instead. The same
 * applies on the loop.
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
          "Waiting here for a future of the client would never end: this code is a continuation (thenRun, thenApply, …) of one"
              + " of its futures, and runs on the thread that completes them all. Chain the next call with thenCompose(…), or attach this"
              + " code with thenApplyAsync(…, executor), which runs it on a thread of your own.");
    }
  }
}
