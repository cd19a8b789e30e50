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
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MethodDispatcherTest {
  private static final int MOST_OPEN = 64;
  private static final Duration QUEUE_TIME = Duration.ofSeconds(30);

  private final ManualLoop loop = new ManualLoop();
  private final HeldExecutor executor = new HeldExecutor();
  private final Map<String, AsyncMethodHandler> handlers = new HashMap<>();
  private final List<String> answers = new ArrayList<>();
  private Optional<AsyncMethodHandler> otherMethods = Optional.empty();
  private @Nullable MethodDispatcher dispatcher;
  private @Nullable SessionInbox session;

  private void call(String name) {
    call(name, response -> note(name, response));
  }

  private CompletableFuture<Void> note(String name, MethodResponse response) {
    answers.add(name + " " + response.status() + " " + response.payload());
    return CompletableFuture.completedFuture(null);
  }

  private void call(String name, MethodReply reply) {
    SessionInbox called = session();
    loop.run(() -> called.methodCall(new MethodRequest(name, ""), reply));
  }

  private SessionInbox session() {
    if (session == null) {
      dispatcher =
          new MethodDispatcher(
              loop,
              new SerialExecutor("methods", executor, loop),
              new Handlers(
                  Optional.empty(),
                  handlers,
                  otherMethods,
                  Optional.empty(),
                  List.of(),
                  Optional.empty(),
                  QUEUE_TIME));
      session = new SessionInbox(loop, null, dispatcher, null);
    }
    return session;
  }

  private void endSession() {
    loop.run(session()::end);
    session = new SessionInbox(loop, null, Objects.requireNonNull(dispatcher), null);
  }

  /** Runs handlers, and what they lead to, until nothing is left. */
  private void runAll() {
    while (executor.runAll()) {
      loop.run();
    }
    loop.run();
  }

  private static CompletableFuture<MethodResponse> now(String payload) {
    return CompletableFuture.completedFuture(MethodResponse.ok(payload));
  }

  @Test
  void answersWithWhatTheHandlerSays() {
    handlers.put("a", request -> now("\"" + request.name() + "\""));
    call("a");
    assertThat(answers).as("handlers do not run on the loop").isEmpty();

    runAll();

    assertThat(answers).containsExactly("a 200 \"a\"");
    assertThat(loop.time.alarms()).as("no alarm is left").isZero();
  }

  @Test
  void prefersTheHandlerOfTheName() {
    handlers.put("a", request -> now("own"));
    otherMethods = Optional.of(request -> now("other"));

    call("a");
    call("A");
    runAll();

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
    runAll();

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
    runAll();
    assertThat(answers).containsExactly("b 200 ");

    late.complete(MethodResponse.ok("at last"));
    loop.run();

    assertThat(answers).containsExactly("b 200 ", "late 200 at last");
  }

  @Test
  void dropsAnAnswerThatComesWhenTheCallerHasGivenUp() {
    CompletableFuture<MethodResponse> tooLate = new CompletableFuture<>();
    handlers.put("a", request -> tooLate);
    call("a");
    runAll();

    loop.advance(Duration.ofMinutes(5));
    tooLate.complete(MethodResponse.ok(""));
    loop.run();

    assertThat(answers).isEmpty();
  }

  @Test
  void stillAnswersJustBeforeTheCallerGivesUp() {
    CompletableFuture<MethodResponse> late = new CompletableFuture<>();
    handlers.put("a", request -> late);
    call("a");
    runAll();

    loop.advance(Duration.ofMinutes(5).minusNanos(1));
    late.complete(MethodResponse.ok(""));
    loop.run();

    assertThat(answers).containsExactly("a 200 ");
  }

  @Test
  void answersFiveOhThreeBehindAHandlerThatDoesNotReturn() {
    handlers.put("a", request -> now(""));
    // Nothing runs the executor, as if a handler blocked its executor.
    for (int i = 0; i < MOST_OPEN; i++) {
      call("a");
    }
    assertThat(answers).isEmpty();

    call("a");
    assertThat(answers).containsExactly("a 503 ");

    runAll();
    assertThat(answers).hasSize(MOST_OPEN + 1);
    call("a");
    runAll();
    assertThat(answers.get(MOST_OPEN + 1)).isEqualTo("a 200 ");
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

    runAll();
    call("a");
    runAll();

    assertThat(answers).containsExactly("a 200 ");
  }

  @Test
  void asynchronousCallsCountAsUnanswered() {
    List<CompletableFuture<MethodResponse>> late = new ArrayList<>();
    handlers.put(
        "a",
        request -> {
          late.add(new CompletableFuture<>());
          return late.get(late.size() - 1);
        });
    for (int i = 0; i < MOST_OPEN; i++) {
      call("a");
      runAll();
    }
    assertThat(answers).isEmpty();
    call("a");
    assertThat(answers).containsExactly("a 503 ");

    late.get(7).complete(MethodResponse.ok(""));
    call("a");
    runAll();
    assertThat(answers).containsExactly("a 503 ", "a 200 ");
    assertThat(late).hasSize(MOST_OPEN + 1);

    loop.advance(MethodDispatcher.CALLER_PATIENCE);
    assertThat(loop.time.alarms()).isZero();
    call("a");
    runAll();
    assertThat(late).as("those given up leave room").hasSize(MOST_OPEN + 2);
  }

  @Test
  void aCallThatHasWaitedTooLongIsAnswered504AndNeverCarriedOut() {
    List<String> carriedOut = new ArrayList<>();
    handlers.put(
        "openValve",
        request -> {
          carriedOut.add(request.name());
          return now("");
        });
    call("openValve");
    call("openValve");

    loop.advance(QUEUE_TIME.minusNanos(1));
    assertThat(answers).isEmpty();
    loop.advance(Duration.ofNanos(1));

    assertThat(answers).containsExactly("openValve 504 ", "openValve 504 ");
    runAll();
    assertThat(carriedOut).isEmpty();
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void aCallWhoseSessionHasEndedIsNeverCarriedOut() {
    List<String> carriedOut = new ArrayList<>();
    AsyncMethodHandler handler =
        request -> {
          carriedOut.add(request.name());
          return now("");
        };
    handlers.put("withTheExecutor", handler);
    handlers.put("waiting", handler);
    handlers.put("next", handler);
    call("withTheExecutor");
    call("waiting");

    endSession();
    call("next");
    runAll();

    assertThat(carriedOut).containsExactly("next");
    assertThat(answers).containsExactly("next 200 ");
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void neverRepliesAfterTheSessionsEnd() {
    CompletableFuture<MethodResponse> late = new CompletableFuture<>();
    handlers.put("a", request -> late);
    call("a");
    runAll();

    endSession();
    late.complete(MethodResponse.ok(""));
    loop.run();

    assertThat(answers).isEmpty();
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void aReplyThatThrowsHoldsNothingUp() {
    handlers.put("a", request -> now(""));
    call(
        "a",
        response -> {
          throw new AssertionError("expected by the test");
        });
    call("a");
    runAll();

    assertThat(answers).containsExactly("a 200 ");
  }

  @Test
  void isEnteredOnTheLoop() {
    assertThatThrownBy(
            () -> session().methodCall(new MethodRequest("a", ""), response -> note("a", response)))
        .isInstanceOf(IllegalStateException.class);
  }
}
