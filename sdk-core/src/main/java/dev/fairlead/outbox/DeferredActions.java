package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.threads.ForeignCalls;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** What a change of the outbox leads to, kept until its lock is released. */
final class DeferredActions {
  private final Executor executor;
  private @Nullable List<Runnable> completions;
  private @Nullable Runnable wakeup;
  private @Nullable List<Runnable> others;

  DeferredActions(Executor executor) {
    this.executor = executor;
  }

  void accept(CompletableFuture<Void> future) {
    add(() -> future.complete(null));
  }

  <T> void complete(CompletableFuture<T> future, T value) {
    add(() -> future.complete(value));
  }

  void fail(CompletableFuture<?> future, HubException failure) {
    add(() -> future.completeExceptionally(failure));
  }

  void add(Runnable completion) {
    if (completions == null) {
      completions = new ArrayList<>(1);
    }
    completions.add(completion);
  }

  void wake(Runnable session) {
    wakeup = session;
  }

  /** Another outbox is to be notified. */
  void wakeOther(Runnable other) {
    if (others == null) {
      others = new ArrayList<>(1);
    }
    others.add(other);
  }

  void run() {
    if (completions != null) {
      completions.forEach(executor::execute);
    }
    if (others != null) {
      others.forEach(Runnable::run);
    }
    if (wakeup != null) { // the sender must not see its failure
      ForeignCalls.guarded("The transport's callback for more telemetry", wakeup);
    }
  }
}
