package dev.fairlead.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class ClientFutureTest {
  private final ClientLoop loop = new ClientLoop("loop", true, Optional.empty());
  private final ClientThreads threads =
      new ClientThreads("client-under-test", true, Optional.empty(), loop);
  private final CompletableFuture<String> first = threads.newFuture();
  private final CompletableFuture<String> second = threads.newFuture();

  @AfterEach
  void endThreads() {
    loop.shutdown();
    threads.shutdown();
  }

  private void completeFirst() {
    threads.completions().execute(() -> first.complete("first"));
  }

  /** A way to wait for a future. */
  private interface Waiting {
    Object waitFor(CompletableFuture<String> future) throws Exception;
  }

  static Stream<Arguments> waysToWait() {
    return Stream.of(
            new Object[] {"join", (Waiting) CompletableFuture::join},
            new Object[] {"get", (Waiting) CompletableFuture::get},
            new Object[] {"get with a time", (Waiting) future -> future.get(30, TimeUnit.SECONDS)},
            new Object[] {
              "join of a dependent", (Waiting) future -> future.thenApply(s -> s).join()
            },
            new Object[] {
              "join of a dependent's dependent",
              (Waiting)
                  future ->
                      future
                          .handle((s, e) -> s)
                          .thenCompose(CompletableFuture::completedFuture)
                          .join()
            },
            new Object[] {"join of a copy", (Waiting) future -> future.copy().join()},
            new Object[] {
              "join of both", (Waiting) future -> future.thenCombine(future, String::concat).join()
            })
        .map(Arguments::of);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("waysToWait")
  void refusesToBeWaitedForWhereItWouldComplete(String name, Waiting waiting) {
    CompletableFuture<Object> outcome =
        first.thenApply(
            done -> {
              try {
                return waiting.waitFor(second);
              } catch (Exception e) {
                return e;
              }
            });

    completeFirst();

    assertThat(outcome.join())
        .as(name)
        .isInstanceOfSatisfying(
            IllegalStateException.class,
            failure -> assertThat(failure).hasMessageContaining("thenCompose"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("waysToWait")
  void maybeWaitedForThereOnceDone(String name, Waiting waiting) {
    threads.completions().execute(() -> second.complete("x"));
    assertThat(second.join()).isEqualTo("x");
    CompletableFuture<Object> outcome =
        first.thenApply(
            done -> {
              try {
                return waiting.waitFor(second);
              } catch (Exception e) {
                return e;
              }
            });

    completeFirst();

    assertThat(outcome.join()).as(name).isIn("x", "xx");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("waysToWait")
  void refusesToBeWaitedForOnTheLoop(String name, Waiting waiting) {
    CompletableFuture<Object> outcome = new CompletableFuture<>();
    loop.execute(
        () -> {
          try {
            outcome.complete(waiting.waitFor(second));
          } catch (Exception e) {
            outcome.complete(e);
          }
        });

    assertThat(outcome.join()).as(name).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void mayBeWaitedForInAHandler() {
    CompletableFuture<String> seen = new CompletableFuture<>();
    threads.handlerExecutor("feed").execute(() -> seen.complete(first.join()));

    completeFirst();

    assertThat(seen.join()).isEqualTo("first");
  }

  @Test
  void mayBeWaitedForInAContinuationOnAnotherThread() {
    CompletableFuture<String> both =
        first.thenApplyAsync(
            done -> second.join(), command -> new Thread(command, "application").start());
    completeFirst();
    threads.completions().execute(() -> second.complete("second"));

    assertThat(both.join()).isEqualTo("second");
  }

  @Test
  void failsLikeAnyFuture() {
    threads
        .completions()
        .execute(() -> first.completeExceptionally(new IllegalArgumentException("why")));

    assertThatThrownBy(() -> first.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }
}
