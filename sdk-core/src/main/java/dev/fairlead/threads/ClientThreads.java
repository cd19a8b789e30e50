package dev.fairlead.threads;

import dev.fairlead.spi.Loop;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Where the application's code runs, which is never the loop: a serial executor that completes
 * futures on threads of the client; one for each feed, for handlers, on the application's executor
 * or on threads of the client if it gave none; and threads for calls whose result the client awaits
 * (tokens, signatures, stores).
 *
 * <p>A single device has a thread for each busy executor. The devices of a gateway share threads:
 * one completes all their futures, handlers have at most {@value #SHARED_THREADS} threads and
 * awaited calls at most {@value #SHARED_CALLS}, one task of each executor at a time. A thread that
 * foreign code blocks for long does not count. An idle thread ends.
 */
public final class ClientThreads {
  /** A device has five feeds for handlers; if all of them hang, some threads remain. */
  static final int SHARED_THREADS = 8;

  static final int SHARED_CALLS = 16;

  private final String name;
  private final Loop loop;
  private final WorkerThreads callbacks;
  private final @Nullable Executor given;
  private final SerialExecutor handOver;
  private final SerialExecutor completions;
  private final ForeignCalls calls;
  private final WorkerThreads callThreads;
  private final SerialExecutor.Stalled stalled;
  private final List<WorkerThreads> all;

  /** The threads of a single device. */
  public ClientThreads(String name, boolean daemon, Optional<Executor> given, Loop loop) {
    this(name, given, loop, WorkerThreads.asManyAsBusy(name + "-callback-", daemon));
  }

  private ClientThreads(
      String name, Optional<Executor> given, Loop loop, WorkerThreads forEverything) {
    this(name, given, loop, forEverything, forEverything, forEverything);
  }

  private ClientThreads(
      String name,
      Optional<Executor> given,
      Loop loop,
      WorkerThreads futures,
      WorkerThreads callbacks,
      WorkerThreads callThreads) {
    this.name = name;
    this.loop = loop;
    this.given = given.orElse(null);
    this.callbacks = callbacks;
    this.callThreads = callThreads;
    all = List.of(futures, callbacks, callThreads);
    stalled = new SerialExecutor.Stalled();
    completions =
        SerialExecutor.moving(
            name + " futures",
            futures,
            "Code attached to a future holds the thread that completes futures. The others complete on another thread now."
                + " Chain with thenCompose(…), or continue on a thread of your own with thenApplyAsync(…, executor).",
            loop,
            stalled);
    handOver =
        SerialExecutor.moving(
            name + " callbacks",
            callbacks,
            "The executor given to the client runs a callback on its caller's thread, or makes its caller wait. The others are"
                + " handed over on another thread now. Give the client an executor with enough "
                + "threads.",
            loop,
            stalled);
    calls = new ForeignCalls(loop, callThreads);
  }

  private ClientThreads(String name, ClientThreads shared) {
    this.name = name;
    loop = shared.loop;
    given = shared.given;
    handOver = shared.handOver;
    callbacks = shared.callbacks;
    callThreads = shared.callThreads;
    all = shared.all;
    stalled = shared.stalled;
    completions = shared.completions;
    calls = shared.calls;
  }

  /** The threads that the devices of a gateway share. */
  public static ClientThreads shared(
      String name, boolean daemon, Optional<Executor> given, Loop loop) {
    // Futures have a thread of their own, because all handlers may be waiting for a future.
    return new ClientThreads(
        name,
        given,
        loop,
        WorkerThreads.asManyAsBusy(name + "-futures-", daemon),
        // An executor of the application's has threads of its own; these threads hand tasks over
        // one at a time.
        given.isPresent()
            ? WorkerThreads.asManyAsBusy(name + "-callback-", daemon)
            : WorkerThreads.atMost(SHARED_THREADS, name + "-callback-", daemon),
        WorkerThreads.atMost(SHARED_CALLS, name + "-call-", daemon));
  }

  /** The same threads for one of the devices that share them; its feeds are named after it. */
  public ClientThreads of(String device) {
    return new ClientThreads(device, this);
  }

  /** Where futures complete. */
  public SerialExecutor completions() {
    return completions;
  }

  /** A new serial executor for the handlers of one feed. */
  public SerialExecutor handlerExecutor(String feed) {
    String called = name + " " + feed;
    return given == null
        ? SerialExecutor.onThreads(called, callbacks, callbacks, loop, stalled)
        : SerialExecutor.onExecutor(called, handOver, given, loop, stalled);
  }

  /** Calls of the application's code whose result the client awaits. */
  public ForeignCalls calls() {
    return calls;
  }

  /** A new serial executor for calls that must run in order. */
  public SerialExecutor callExecutor(String what) {
    return SerialExecutor.onThreads(name + " " + what, callThreads, callThreads, loop, stalled);
  }

  /** A future that refuses to be waited for on the thread that completes it. */
  public <T> CompletableFuture<T> newFuture() {
    return new ClientFuture<>(this);
  }

  /**
   * Whether the calling thread may wait for the client.
   *
   * @return false on the loop and in the continuation of a future, which the client itself needs to
   *     continue
   */
  public boolean mayWait() {
    return !completions.isCurrent() && !loop.inLoop();
  }

  /**
   * The loop has ended. Threads end as soon as they are idle; callbacks that the application's
   * executor refused run on threads of the client, because that executor is not tried again.
   */
  public void shutdown() {
    stalled.loopEnded();
    all.forEach(WorkerThreads::endWhenIdle);
  }
}
