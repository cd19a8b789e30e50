package dev.fairlead.https.upload;

import dev.fairlead.ThrottledException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often a single request is tried, and with what pauses.
 *
 * @param attempts how often, at least once
 * @param first the bound of the first pause, which then doubles
 * @param most the largest bound
 */
record Retries(int attempts, Duration first, Duration most) {
  /** One attempt; waits for its outcome. */
  @FunctionalInterface
  interface Attempt<T> {
    T once() throws InterruptedException;
  }

  /**
   * Tries until there is an outcome other than a network failure or a limit of the server.
   *
   * @param pausing called before each pause
   */
  <T> T trying(Loop loop, Attempt<T> attempt, Runnable pausing) throws InterruptedException {
    for (int number = 1; ; number++) {
      try {
        return attempt.once();
      } catch (UnreachableException e) {
        if (number >= attempts) {
          throw e;
        }
        pausing.run();
        pause(loop, number, Duration.ZERO);
      } catch (ThrottledException e) {
        if (number >= attempts) {
          throw e;
        }
        pausing.run();
        pause(loop, number, e.retryAfter().orElse(Duration.ZERO));
      }
    }
  }

  private void pause(Loop loop, int number, Duration atLeast) throws InterruptedException {
    long bound = Math.min(most.toMillis(), first.toMillis() << Math.min(number - 1, 20));
    Duration jittered = Duration.ofMillis(ThreadLocalRandom.current().nextLong(bound + 1));
    CompletableFuture<Boolean> over = new CompletableFuture<>();
    Alarm alarm = loop.schedule(atLeast.plus(jittered), () -> over.complete(true));
    try {
      await(over);
    } finally {
      alarm.cancel();
    }
  }

  /** Waits, and throws the stage's failure. */
  static <T> T await(CompletionStage<T> stage) throws InterruptedException {
    try {
      return stage.toCompletableFuture().get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(cause);
    }
  }
}
