package dev.fairlead.threads;

import dev.fairlead.ClientClosedException;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException.Stage;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Operations that the application started and the hub has not answered; kept so that each has an
 * outcome when the client closes. Safe for any thread.
 */
public final class OpenOperations {
  private final ClientThreads threads;
  private final Set<Operation<?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  public OpenOperations(ClientThreads threads) {
    this.threads = threads;
  }

  /** Starts an operation. After {@link #close} it fails immediately. */
  public <T> Operation<T> begin() {
    Operation<T> operation = new Operation<>();
    open.add(operation);
    if (closed) {
      operation.fail(Failures.clientClosed("Nothing was sent to the hub."));
    }
    return operation;
  }

  /** No further answer is possible. */
  public void close() {
    closed = true;
    open.forEach(Operation::clientClosed);
  }

  /** One operation. Its first outcome counts; the future completes where futures complete. */
  public final class Operation<T> {
    private final CompletableFuture<T> future = threads.newFuture();

    private Operation() {}

    public CompletableFuture<T> future() {
      return future;
    }

    public void succeed(T value) {
      open.remove(this);
      threads.completions().execute(() -> future.complete(value));
    }

    /** Any failure that is not a {@link dev.fairlead.HubException}, or is null, becomes one. */
    public void fail(@Nullable Throwable failure) {
      open.remove(this);
      Throwable known = failure == null ? new NullPointerException("no result") : failure;
      threads
          .completions()
          .execute(() -> future.completeExceptionally(Failures.of(known, Stage.SESSION)));
    }

    private void clientClosed() {
      fail(
          new ClientClosedException(
              "The client was closed before the hub answered.", Progress.MAYBE_SENT));
    }
  }
}
