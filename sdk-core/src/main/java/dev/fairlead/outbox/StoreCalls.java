package dev.fairlead.outbox;

import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.threads.ForeignCalls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The application's store, called in the order of what happened on a thread of the client. A
 * failure affects only the message that the call was for. Any thread; outcomes come on the loop.
 */
public final class StoreCalls {
  private static final Logger log = LoggerFactory.getLogger(StoreCalls.class);

  /** A message that is not kept after this time counts as not kept. */
  static final Duration SAVE_LIMIT = Duration.ofSeconds(30);

  static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private final OutboxStore store;
  private final Loop loop;
  private final ForeignCalls calls;
  private final Executor inOrder;

  /** Whether an answer of the store is overdue. Then no further calls are queued for it. */
  private volatile boolean hangs;

  /**
   * @param inOrder runs one task at a time on threads of the client
   */
  public StoreCalls(OutboxStore store, Loop loop, ForeignCalls calls, Executor inOrder) {
    this.store = store;
    this.loop = loop;
    this.calls = calls;
    this.inOrder = inOrder;
  }

  /**
   * The messages that the last run left. Called while the client is built, on the thread that
   * builds it.
   */
  List<OutboxStore.Saved> recover() {
    return store.recover();
  }

  /**
   * Keeps a message.
   *
   * @param failed receives why it could not be kept, on the loop
   */
  void save(long sequence, TelemetryMessage message, Consumer<Throwable> failed) {
    loop.execute(
        () -> {
          if (hangs) {
            failed.accept(new RejectedExecutionException("the store does not answer"));
            return;
          }
          calls.ask(
              inOrder,
              "The outbox store",
              SAVE_LIMIT,
              () -> store.save(sequence, message).thenApply(done -> true),
              (done, failure) -> {
                if (failure != null) {
                  hangs = failure instanceof TimeoutException;
                  failed.accept(failure);
                }
              },
              late -> hangs = false);
        });
  }

  /** Forgets a message. */
  void remove(long sequence) {
    loop.execute(
        () -> {
          if (hangs) {
            log.warn("The outbox store does not answer; it may keep message {} too long", sequence);
            return;
          }
          inOrder.execute(
              () -> ForeignCalls.guarded("outboxStore.remove", () -> store.remove(sequence)));
        });
  }

  /**
   * Closes the store after all earlier calls.
   *
   * @param then runs on the loop when it is closed, or has not closed within its limit
   */
  void close(Runnable then) {
    loop.execute(
        () ->
            calls.<Boolean>ask(
                inOrder,
                "The outbox store",
                CLOSE_LIMIT,
                () -> {
                  store.close();
                  return CompletableFuture.completedFuture(true);
                },
                (done, failure) -> {
                  if (failure != null) {
                    log.error("The outbox store was not closed", failure);
                  }
                  then.run();
                },
                late -> {}));
  }
}
