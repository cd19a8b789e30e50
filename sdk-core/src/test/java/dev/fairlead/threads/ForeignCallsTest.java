package dev.fairlead.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ForeignCallsTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final ManualLoop loop = new ManualLoop();
  private final HeldExecutor threads = new HeldExecutor();
  private final ForeignCalls calls = new ForeignCalls(loop, threads);
  private final List<String> log = new ArrayList<>();

  private void note(@Nullable String value, @Nullable Throwable failure) {
    assertThat(loop.inLoop()).isTrue();
    log.add(failure == null ? "value " + value : failure.getClass().getSimpleName());
  }

  private ForeignCalls.Call ask(Callable<CompletionStage<String>> code) {
    ForeignCalls.Call[] call = new ForeignCalls.Call[1];
    loop.run(
        () ->
            call[0] =
                calls.ask("The code", LIMIT, code, this::note, late -> log.add("late " + late)));
    return call[0];
  }

  private void settle() {
    threads.runAll();
    loop.run();
  }

  @SuppressWarnings("NullAway") // What code that does not check nullness may return.
  private static <T> T nothing() {
    return null;
  }

  @Test
  void callsOnItsThreadsAndAnswersOnTheLoop() {
    ask(
        () -> {
          assertThat(loop.inLoop()).isFalse();
          return CompletableFuture.completedFuture("a");
        });
    assertThat(log).isEmpty();

    settle();

    assertThat(log).containsExactly("value a");
    assertThat(loop.time.alarms()).isZero();
  }

  static List<Callable<CompletionStage<String>>> failing() {
    return List.of(
        () -> {
          throw new Exception("expected by the test");
        },
        () -> {
          throw new AssertionError("expected by the test");
        },
        () -> {
          throw new NoClassDefFoundError("expected by the test");
        },
        () -> {
          throw new StackOverflowError("expected by the test");
        },
        () -> nothing(),
        () -> CompletableFuture.failedFuture(new CompletionException(new Exception("expected"))));
  }

  @ParameterizedTest
  @MethodSource("failing")
  void anyThrowableIsAnOutcome(Callable<CompletionStage<String>> code) {
    ask(code);
    settle();

    assertThat(log)
        .hasSize(1)
        .first()
        .isIn(
            "Exception",
            "AssertionError",
            "NoClassDefFoundError",
            "StackOverflowError",
            "NullPointerException");
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void anExecutorWithoutThreadsIsAnOutcome() {
    ForeignCalls broken =
        new ForeignCalls(
            loop,
            task -> {
              throw new OutOfMemoryError("unable to create native thread (by the test)");
            });
    loop.run(
        () ->
            broken.ask(
                "The code",
                LIMIT,
                () -> CompletableFuture.completedFuture("a"),
                this::note,
                late -> {}));

    assertThat(log).containsExactly("OutOfMemoryError");
  }

  @Test
  void atTheDeadlineTheFailureNamesWhatWasCalled() {
    List<Throwable> failures = new ArrayList<>();
    CompletableFuture<String> never = new CompletableFuture<>();
    loop.run(
        () ->
            calls.ask(
                "The token source",
                LIMIT,
                () -> never,
                (value, failure) -> failures.add(failure),
                late -> log.add("late " + late)));
    settle();
    loop.advance(LIMIT.minusNanos(1));
    assertThat(failures).isEmpty();

    loop.advance(Duration.ofNanos(1));

    assertThat(failures)
        .singleElement()
        .isInstanceOfSatisfying(
            TimeoutException.class,
            failure ->
                assertThat(failure).hasMessageContainingAll("The token source", LIMIT.toString()));
    never.complete("x");
    loop.run();
    assertThat(log).containsExactly("late x");
    assertThat(failures).hasSize(1);
  }

  @Test
  void codeThatKeepsItsThreadMeetsTheDeadlineToo() {
    ask(() -> CompletableFuture.completedFuture("a"));

    loop.advance(LIMIT);
    assertThat(log).containsExactly("TimeoutException");

    settle();
    assertThat(log).containsExactly("TimeoutException", "late a");
  }

  @Test
  void aStageThatCompletesTwiceCountsOnce() {
    CompletableFuture<String> stage = new CompletableFuture<>();
    ask(() -> stage);
    threads.runAll();
    stage.complete("a");
    stage.obtrudeValue("b");
    loop.run();

    assertThat(log).containsExactly("value a");
  }

  @Test
  void aCancelledCallHasNoOutcomeAndNoAlarm() {
    ForeignCalls.Call call = ask(() -> CompletableFuture.completedFuture("a"));
    loop.run(call::cancel);
    assertThat(loop.time.alarms()).isZero();

    settle();

    assertThat(log).containsExactly("late a");
  }

  @Test
  void aTransportIsCalledAtOnceAndAnswersInAnotherTask() {
    loop.run(
        () -> {
          calls.await(
              () -> "the opening",
              LIMIT,
              () -> {
                log.add("called");
                return CompletableFuture.completedFuture("session");
              },
              this::note,
              late -> {});
          log.add("returned");
        });

    assertThat(log).containsExactly("called", "returned", "value session");
  }

  @ParameterizedTest
  @MethodSource("failing")
  void aTransportThatThrowsIsAnOutcome(Callable<CompletionStage<String>> code) {
    loop.run(() -> calls.await(() -> "the opening", LIMIT, code, this::note, late -> {}));

    assertThat(log).hasSize(1);
    assertThat(log.get(0)).doesNotStartWith("value");
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void theDeadlineOfATransportQuotesWhatItWaitsForEvenIfAskingThrows() {
    List<String> messages = new ArrayList<>();
    for (String step : new String[] {"the TLS handshake", "throws"}) {
      loop.run(
          () ->
              calls.await(
                  () -> {
                    if (step.equals("throws")) {
                      throw new IllegalStateException("expected by the test");
                    }
                    return step;
                  },
                  LIMIT,
                  CompletableFuture<String>::new,
                  (value, failure) -> messages.add(String.valueOf(failure)),
                  late -> {}));
    }

    loop.advance(LIMIT);

    assertThat(messages).hasSize(2);
    assertThat(messages.get(0)).contains("the TLS handshake gave no answer within PT30S");
  }

  @Test
  void guardedCodeNeverThrows() {
    Error thrown = new AssertionError("expected by the test");
    assertThat(
            ForeignCalls.guarded(
                "session.close()",
                () -> {
                  throw thrown;
                }))
        .isSameAs(thrown);
    assertThat(ForeignCalls.guarded("session.close()", () -> {})).isNull();
    CompletionStage<String> failed =
        ForeignCalls.stage(
            "twin.get()",
            () -> {
              throw thrown;
            });
    assertThatThrownBy(() -> failed.toCompletableFuture().join()).hasCause(thrown);
    CompletionStage<String> none = ForeignCalls.stage("twin.get()", () -> nothing());
    assertThatThrownBy(() -> none.toCompletableFuture().join())
        .hasCauseInstanceOf(NullPointerException.class);
  }

  // ---- single flight

  private int asked;
  private CompletableFuture<String> answer = new CompletableFuture<>();
  private final SingleFlight<String> source =
      calls.singleFlight(
          "The token source",
          () -> {
            asked++;
            return answer;
          });

  private ForeignCalls.Call question(String name) {
    ForeignCalls.Call[] call = new ForeignCalls.Call[1];
    loop.run(
        () ->
            call[0] =
                source.ask(
                    LIMIT,
                    (value, failure) ->
                        log.add(
                            name
                                + " "
                                + (failure == null ? value : failure.getClass().getSimpleName()))));
    return call[0];
  }

  @Test
  void thoseWhoAskMeanwhileShareOneCall() {
    question("a");
    question("b");
    settle();
    question("c");
    assertThat(asked).isEqualTo(1);

    answer.complete("token");
    loop.run();

    assertThat(log).containsExactly("a token", "b token", "c token");
    assertThat(loop.time.alarms()).isZero();
    question("d");
    settle();
    assertThat(asked).isEqualTo(2);
  }

  @Test
  void eachQuestionHasADeadlineOfItsOwn() {
    question("a");
    settle();
    loop.advance(Duration.ofSeconds(20));
    question("b");
    loop.advance(Duration.ofSeconds(10));
    assertThat(log).containsExactly("a TimeoutException");

    answer.complete("token");
    loop.run();

    assertThat(log).containsExactly("a TimeoutException", "b token");
    assertThat(asked).isEqualTo(1);
  }

  @Test
  void anAnswerThatNeverComesIsAskedForAgain() {
    CompletableFuture<String> lost = answer;
    question("a");
    settle();
    loop.advance(LIMIT);
    answer = new CompletableFuture<>();

    question("b");
    settle();
    assertThat(asked).isEqualTo(2);
    lost.complete("late");
    answer.complete("token");
    loop.run();

    assertThat(log).containsExactly("a TimeoutException", "b token");
  }

  @Test
  void codeThatKeepsItsThreadIsNotCalledBesideItself() {
    question("a");
    loop.advance(LIMIT); // its thread has not even begun
    question("b");
    loop.advance(LIMIT);
    question("c");
    answer.complete("token");
    settle();

    assertThat(asked).isEqualTo(1);
    assertThat(log).containsExactly("a TimeoutException", "b TimeoutException", "c token");
  }

  @Test
  void aCancelledQuestionLeavesTheOthers() {
    ForeignCalls.Call gone = question("a");
    question("b");
    loop.run(gone::cancel);
    answer.complete("token");
    settle();

    assertThat(log).containsExactly("b token");
    assertThat(loop.time.alarms()).isZero();
  }
}
