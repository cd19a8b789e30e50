package dev.fairlead.tck;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/** Waits for conditions, never for a time: the limit is only how long a failure takes to show. */
final class Await {
  static final Duration LIMIT = Duration.ofSeconds(30);

  private Await() {}

  static void until(String what, Callable<Boolean> condition) {
    Awaitility.await(what).atMost(LIMIT).pollInterval(Duration.ofMillis(2)).until(condition);
  }

  /** The stage's value; its failure is thrown as it is. */
  static <T> T result(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new CompletionException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting", e);
    } catch (TimeoutException e) {
      throw new AssertionError("not completed within " + LIMIT, e);
    }
  }

  /** What a stage fails with. */
  static Throwable failure(CompletionStage<?> stage) {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    stage.whenComplete(
        (value, thrown) -> {
          if (thrown == null) {
            failure.completeExceptionally(
                new AssertionError("should have failed, but completed with " + value));
          } else {
            Throwable cause = thrown.getCause();
            failure.complete(
                thrown instanceof CompletionException && cause != null ? cause : thrown);
          }
        });
    return result(failure);
  }
}
