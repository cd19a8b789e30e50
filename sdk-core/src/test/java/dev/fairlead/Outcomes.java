package dev.fairlead;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What became of a future that has ended. */
public final class Outcomes {
  private Outcomes() {}

  /** Why it failed; fails the test if it has not. */
  public static Throwable failureOf(CompletionStage<?> stage) {
    CompletableFuture<?> future = stage.toCompletableFuture();
    if (!future.isCompletedExceptionally()) {
      throw new AssertionError("It has not failed: " + future);
    }
    try {
      throw new AssertionError("It has a value: " + future.join());
    } catch (CompletionException e) {
      return e.getCause() == null ? e : e.getCause();
    }
  }

  /** Whether it may have been sent before it failed. */
  public static Progress progressOf(CompletionStage<?> stage) {
    return ((HubException) failureOf(stage)).progress();
  }
}
