package dev.fairlead.threads;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way to call code of the application or of a transport whose result the client awaits.
 * Even if that code throws, returns null, or answers late, twice or never, exactly one outcome is
 * returned, as a task of the loop.
 *
 * <p>Code of the application runs on a thread of the client and may block ({@link #ask}). Code of a
 * transport must return immediately; it runs on the loop, guarded ({@link #await}, {@link
 * #guarded}, {@link #stage}). Handlers and listeners, whose result is not awaited, run on a {@link
 * SerialExecutor}. All methods except the static ones are called on the loop.
 */
public final class ForeignCalls {
  private static final Logger log = LoggerFactory.getLogger(ForeignCalls.class);

  private final Loop loop;
  private final Executor executor;
  private final Lending threads;

  /** Threads that can be lent to code that blocks them for long. */
  interface Lending {
    void lend();

    void takeBack();
  }

  /**
   * Calls on an executor that has a thread for every call.
   *
   * @param loop where outcomes are delivered
   * @param executor where code of the application runs
   */
  public ForeignCalls(Loop loop, Executor executor) {
    this.loop = loop;
    this.executor = executor;
    this.threads =
        new Lending() {
          @Override
          public void lend() {}

          @Override
          public void takeBack() {}
        };
  }

  ForeignCalls(Loop loop, WorkerThreads threads) {
    this.loop = loop;
    this.executor = threads;
    this.threads = threads;
  }

  /**
   * Receives the outcome of a call. Called once, on the loop, never inside the method that began
   * the call; not called after {@link Call#cancel()} or after the client has ended.
   *
   * @param <T> the type of the result
   */
  @FunctionalInterface
  public interface Outcome<T> {
    /**
     * The call has ended.
     *
     * @param value the result; null if there is a failure, or if the code completed with null
     * @param failure why there is no result, without wrappers; a {@link TimeoutException} whose
     *     message names what was called and for how long where the deadline was reached; null on
     *     success
     */
    void ended(@Nullable T value, @Nullable Throwable failure);
  }

  /** A call in flight. */
  public interface Call {
    /** The outcome is no longer wanted, and no alarm is left. On the loop; no effect when ended. */
    void cancel();
  }

  /**
   * Calls code of the application on a thread of the client.
   *
   * @param what is called, for messages: {@code "The token source"}
   * @param limit the longest time until there is an outcome, including the wait for a thread
   * @param code what to call; may block
   * @param then receives the outcome
   * @param discard receives a result, not null, that arrived after the deadline or after {@link
   *     Call#cancel()}; on the loop
   * @return the call
   */
  public <T> Call ask(
      String what,
      Duration limit,
      Callable<? extends CompletionStage<T>> code,
      Outcome<T> then,
      Consumer<T> discard) {
    return ask(executor, what, limit, code, then, discard);
  }

  /** The same on a given executor of the client, which decides the order among its calls. */
  public <T> Call ask(
      Executor executor,
      String what,
      Duration limit,
      Callable<? extends CompletionStage<T>> code,
      Outcome<T> then,
      Consumer<T> discard) {
    InFlight<T> call = new InFlight<>(() -> what, limit, then, discard);
    invoke(executor, what, code, call);
    return call;
  }

  /**
   * Calls code of a transport on this thread, guarded, and awaits its result.
   *
   * @param what is awaited, for messages; asked only when the deadline is reached, and guarded too,
   *     because it may ask the transport
   * @param limit the longest time until there is an outcome
   * @param code what to call; returns immediately
   * @param then receives the outcome
   * @param discard receives a result, not null, that arrived after the deadline or after {@link
   *     Call#cancel()}: a late session, to be aborted; on the loop
   * @return the call
   */
  public <T> Call await(
      Supplier<String> what,
      Duration limit,
      Callable<? extends CompletionStage<T>> code,
      Outcome<T> then,
      Consumer<T> discard) {
    InFlight<T> call = new InFlight<>(what, limit, then, discard);
    call.returned();
    follow("The transport", code, call::settle);
    return call;
  }

  /**
   * Code of which at most one call is in flight; callers that ask during it share its outcome.
   *
   * @param what is called, for messages
   * @param code what to call, on a thread of the client; may block
   * @return the shared call
   */
  public <T> SingleFlight<T> singleFlight(
      String what, Callable<? extends CompletionStage<T>> code) {
    return new SingleFlight<>(this, what, code);
  }

  /**
   * Runs code of a transport that must return immediately; exceptions are logged.
   *
   * @param what is called, for the log: {@code "session.close()"}
   * @param code what to run
   * @return the exception, null if it returned
   */
  public static @Nullable Throwable guarded(String what, Runnable code) {
    try {
      code.run();
      return null;
    } catch (Throwable e) {
      log.error("{} threw; the client goes on without it", what, e);
      return e;
    }
  }

  /**
   * Calls code of a transport that must return a stage immediately.
   *
   * @param what is called, for messages
   * @param code what to call
   * @return its stage; if it threw or returned null, a failed one
   */
  public static <T> CompletionStage<T> stage(
      String what, Callable<? extends CompletionStage<T>> code) {
    CompletableFuture<T> outcome = new CompletableFuture<>();
    follow(
        what,
        code,
        (value, failure) -> {
          if (failure == null) {
            completeWith(outcome, value);
          } else {
            outcome.completeExceptionally(failure);
          }
        });
    return outcome;
  }

  @SuppressWarnings("NullAway") // A stage of Void completes with null.
  private static <T> void completeWith(CompletableFuture<T> outcome, @Nullable T value) {
    outcome.complete(value);
  }

  /**
   * The failure itself, without the wrappers that futures put around it.
   *
   * @param failure any
   * @return its innermost cause that is no wrapper
   */
  public static Throwable unwrapped(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  Loop loop() {
    return loop;
  }

  /** Calls on a thread; {@link Settling#returned} runs on the loop when the call has returned. */
  <T> void invoke(
      Executor executor,
      String what,
      Callable<? extends CompletionStage<T>> code,
      Settling<T> call) {
    try {
      executor.execute(
          () -> {
            follow(what, code, call::settle);
            loop.execute(call::returned);
          });
    } catch (Throwable e) { // out of threads, say
      call.settle(null, e);
      loop.execute(call::returned);
    }
  }

  <T> void invoke(String what, Callable<? extends CompletionStage<T>> code, Settling<T> call) {
    invoke(executor, what, code, call);
  }

  /** A call whose deadline has passed still blocks one thread. */
  void lendThread() {
    threads.lend();
  }

  void takeThreadBack() {
    threads.takeBack();
  }

  static TimeoutException overdue(String what, Duration limit) {
    return new TimeoutException(what + " gave no answer within " + limit + ".");
  }

  private static <T> void follow(
      String what, Callable<? extends CompletionStage<T>> code, Outcome<T> settle) {
    try {
      @Nullable CompletionStage<T> stage = code.call();
      if (stage == null) {
        settle.ended(null, new NullPointerException(what + " returned null instead of a stage."));
      } else {
        stage.whenComplete(settle::ended);
      }
    } catch (Throwable e) { // an error too: a native library that is missing is one
      settle.ended(null, e);
    }
  }

  /** Receives the result of a call. */
  interface Settling<T> {
    /** Any thread; the first result counts. */
    void settle(@Nullable T value, @Nullable Throwable failure);

    /** On the loop: the call has returned its thread. */
    void returned();
  }

  private final class InFlight<T> implements Call, Settling<T> {
    private final Supplier<String> what;
    private final Duration limit;
    private final Outcome<T> then;
    private final Consumer<T> discard;
    private final AtomicBoolean settled = new AtomicBoolean();
    private final Alarm alarm;

    // Confined to the loop.
    private boolean ended;
    private boolean returned;
    private boolean lent;

    InFlight(Supplier<String> what, Duration limit, Outcome<T> then, Consumer<T> discard) {
      loop.assertInLoop();
      this.what = what;
      this.limit = limit;
      this.then = then;
      this.discard = discard;
      alarm = loop.schedule(limit, this::overdue);
    }

    @Override
    public void settle(@Nullable T value, @Nullable Throwable failure) {
      if (settled.compareAndSet(false, true)) {
        loop.execute(() -> end(value, failure));
      }
    }

    private void end(@Nullable T value, @Nullable Throwable failure) {
      if (ended) {
        if (value != null) {
          discard.accept(value);
        }
        return;
      }
      ended = true;
      alarm.cancel();
      then.ended(value, failure == null ? null : unwrapped(failure));
    }

    private void overdue() {
      if (ended) {
        return;
      }
      ended = true;
      lent = !returned;
      if (lent) {
        lendThread();
      }
      String[] named = {"Something"};
      guarded("Naming what is awaited", () -> named[0] = what.get());
      then.ended(null, ForeignCalls.overdue(named[0], limit));
    }

    @Override
    public void returned() {
      returned = true;
      if (lent) {
        lent = false;
        takeThreadBack();
      }
    }

    @Override
    public void cancel() {
      loop.assertInLoop();
      ended = true;
      alarm.cancel();
    }
  }
}
