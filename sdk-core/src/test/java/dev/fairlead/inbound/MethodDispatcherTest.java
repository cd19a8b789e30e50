package dev.fairlead.inbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.AsyncMethodHandler;
import dev.fairlead.MethodRequest;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.threads.HeldExecutor;
import dev.fairlead.threads.ManualLoop;
import dev.fairlead.threads.SerialExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MethodDispatcherTest {
  private static final int LANE_LIMIT = 64;

  private final ManualLoop loop = new ManualLoop();
  private final HeldExecutor executor = new HeldExecutor();
  private final Map<String, AsyncMethodHandler> handlers = new HashMap<>();
  private final List<String> answers = new ArrayList<>();
  private Optional<AsyncMethodHandler> otherMethods = Optional.empty();
  private @Nullable MethodDispatcher desk;

  private void call(String name) {
    call(name, response -> note(name, response));
  }

  private CompletableFuture<Void> note(String name, MethodResponse response) {
    answers.add(name + " " + response.status() + " " + response.payload());
    return CompletableFuture.completedFuture(null);
  }

  private void call(String name, MethodReply reply) {
    if (desk == null) {
      desk =
          new MethodDispatcher(
              loop,
              new SerialExecutor("methods", executor, loop),
              new Handlers(Optional.empty(), handlers, otherMethods, Optional.empty(), List.of()));
    }
    MethodDispatcher called = desk;
    loop.run(() -> called.called(new MethodRequest(name, ""), reply));
  }

  private static CompletableFuture<MethodResponse> now(String payload) {
    return CompletableFuture.completedFuture(MethodResponse.ok(payload));
  }

  @Test
  void answersWithWhatTheHandlerSays() {
    handlers.put("a", request -> now("\"" + request.name() + "\""));
    call("a");
    assertThat(answers).as("handlers do not run on the loop").isEmpty();

    executor.runAll();

    assertThat(answers).containsExactly("a 200 \"a\"");
    assertThat(loop.time.alarms()).as("no alarm is left").isZero();
  }

  @Test
  void prefersTheHandlerOfTheName() {
    handlers.put("a", request -> now("own"));
    otherMethods = Optional.of(request -> now("other"));

    call("a");
    call("A");
    executor.runAll();

    assertThat(answers).containsExactly("a 200 own", "A 200 other");
  }

  @Test
  void answersFiveOhOneWithoutAHandler() {
    call("a");

    assertThat(answers).containsExactly("a 501 ");
  }

  static List<AsyncMethodHandler> failures() {
    return List.of(
        request -> {
          throw new Exception("expected by the test");
        },
        request -> {
          throw new IllegalStateException("expected by the test");
        },
        request -> {
          throw new AssertionError("expected by the test");
        },
        request -> {
          throw new NoClassDefFoundError("expected by the test");
        },
        request -> {
          throw new StackOverflowError("expected by the test");
        },
        request -> CompletableFuture.failedFuture(new Exception("expected by the test")),
        request -> nothing(),
        request -> CompletableFuture.completedFuture(nothing()));
  }

  @SuppressWarnings("NullAway") // What an application that does not check nullness may return.
  private static <T> T nothing() {
    return null;
  }

  @ParameterizedTest
  @MethodSource("failures")
  void answersFiveHundredWhenTheHandlerFails(AsyncMethodHandler failing) {
    handlers.put("a", failing);
    handlers.put("b", request -> now(""));

    call("a");
    call("b");
    executor.runAll();

    assertThat(answers).containsExactly("a 500 ", "b 200 ");
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void doesNotWaitForALateAnswerBeforeTheNextCall() {
    CompletableFuture<MethodResponse> late = new CompletableFuture<>();
    handlers.put("late", request -> late);
    handlers.put("b", request -> now(""));
    call("late");
    call("b");
    executor.runAll();
    assertThat(answers).containsExactly("b 200 ");

    late.complete(MethodResponse.ok("at last"));

    assertThat(answers).containsExactly("b 200 ", "late 200 at last");
  }

  @Test
  void dropsAnAnswerThatComesWhenTheCallerHasGivenUp() {
    CompletableFuture<MethodResponse> tooLate = new CompletableFuture<>();
    handlers.put("a", request -> tooLate);
    call("a");
    executor.runAll();

    loop.advance(Duration.ofMinutes(5));
    tooLate.complete(MethodResponse.ok(""));

    assertThat(answers).isEmpty();
  }

  @Test
  void stillAnswersJustBeforeTheCallerGivesUp() {
    CompletableFuture<MethodResponse> late = new CompletableFuture<>();
    handlers.put("a", request -> late);
    call("a");
    executor.runAll();

    loop.advance(Duration.ofMinutes(5).minusNanos(1));
    late.complete(MethodResponse.ok(""));

    assertThat(answers).containsExactly("a 200 ");
  }

  @Test
  void answersFiveOhThreeBehindAHandlerThatDoesNotReturn() {
    handlers.put("a", request -> now(""));
    // Nothing runs the executor, as if a handler held its lane.
    for (int i = 0; i < LANE_LIMIT; i++) {
      call("a");
    }
    assertThat(answers).isEmpty();

    call("a");
    assertThat(answers).containsExactly("a 503 ");

    executor.runAll();
    assertThat(answers).hasSize(LANE_LIMIT + 1);
    call("a");
    executor.runAll();
    assertThat(answers.get(LANE_LIMIT + 1)).isEqualTo("a 200 ");
  }

  @Test
  void survivesAnAnswerThatDoesNotReachTheHub() {
    handlers.put("a", request -> now(""));
    call(
        "a",
        response ->
            CompletableFuture.failedFuture(
                new UnreachableException(
                    "the session has ended",
                    UnreachableException.Stage.SESSION,
                    Progress.NOT_SENT,
                    null)));

    executor.runAll();
    call("a");
    executor.runAll();

    assertThat(answers).containsExactly("a 200 ");
  }

  @Test
  void isEnteredOnTheLoop() {
    MethodDispatcher outside =
        new MethodDispatcher(
            loop,
            new SerialExecutor("methods", executor, loop),
            new Handlers(
                Optional.empty(), Map.of(), Optional.empty(), Optional.empty(), List.of()));

    assertThatThrownBy(
            () -> outside.called(new MethodRequest("a", ""), response -> note("a", response)))
        .isInstanceOf(IllegalStateException.class);
  }
}
