package dev.fairlead.inbound;

import static dev.fairlead.Outcomes.failureOf;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.ClientClosedException;
import dev.fairlead.CloudMessage;
import dev.fairlead.CloudMessageHandler;
import dev.fairlead.Outcomes;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Settlement;
import dev.fairlead.threads.ClientThreads;
import dev.fairlead.threads.HeldExecutor;
import dev.fairlead.threads.ManualLoop;
import dev.fairlead.threads.OpenOperations;
import dev.fairlead.threads.SerialExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CloudMessageDispatcherTest {
  private final ManualLoop loop = new ManualLoop();
  private final HeldExecutor executor = new HeldExecutor();
  private final ClientThreads threads = new ClientThreads("test", true, Optional.empty(), loop);
  private final OpenOperations futures = new OpenOperations(threads);
  private final List<String> log = new ArrayList<>();
  private final List<CloudMessage> handed = new ArrayList<>();
  private @Nullable CloudMessageDispatcher dispatcher;

  @AfterEach
  void endThreads() {
    threads.shutdown();
  }

  private SessionInbox session(CloudMessageHandler handler) {
    dispatcher =
        new CloudMessageDispatcher(
            loop, new SerialExecutor("C2D messages", executor, loop), futures, handler);
    return anotherSession();
  }

  private SessionInbox anotherSession() {
    return new SessionInbox(
        loop,
        dispatcher,
        new MethodDispatcher(
            loop,
            executor,
            new Handlers(
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Duration.ofSeconds(30))),
        null);
  }

  /** A transport's settlement that notes what is called, and on the loop. */
  private class Noted implements Settlement {
    final String text;
    CompletionStage<Void> outcome = CompletableFuture.completedFuture(null);
    Optional<Duration> lockTime = Optional.empty();

    Noted(String text) {
      this.text = text;
    }

    private CompletionStage<Void> note(String what) {
      assertThat(loop.inLoop()).isTrue();
      log.add(text + " " + what);
      return outcome;
    }

    @Override
    public Optional<Duration> lockTime() {
      return lockTime;
    }

    @Override
    public void expired() {
      var unused = note("expired");
    }

    @Override
    public void handedOut() {
      var unused = note("handed out");
    }

    @Override
    public CompletionStage<Void> complete() {
      return note("completed");
    }

    @Override
    public CompletionStage<Void> abandon() {
      return note("abandoned");
    }

    @Override
    public CompletionStage<Void> reject() {
      return note("rejected");
    }
  }

  private void arrive(SessionInbox session, Noted... messages) {
    loop.run(
        () -> {
          for (Noted message : messages) {
            session.cloudMessage(message.text.getBytes(UTF_8), Map.of(), Map.of(), message);
          }
        });
  }

  private void arrive(SessionInbox session, String... texts) {
    for (String text : texts) {
      arrive(session, new Noted(text));
    }
  }

  /** Runs handlers, and what they lead to, until nothing is left. */
  private void runAll() {
    while (executor.runAll()) {
      loop.run();
    }
    loop.run();
  }

  private int room(SessionInbox of) {
    int[] room = new int[1];
    loop.run(() -> room[0] = of.cloudMessageRoom());
    return room[0];
  }

  private static void awaitDone(CompletionStage<?> stage) {
    Awaitility.await().until(() -> stage.toCompletableFuture().isDone());
  }

  @Test
  void handsMessagesOverInOrderAndSettlesNoneItself() {
    SessionInbox session = session(message -> log.add(message.text()));
    arrive(session, "a", "b");
    assertThat(log).as("handlers do not run on the loop").isEmpty();

    runAll();

    assertThat(log).containsExactly("a", "a handed out", "b", "b handed out");
  }

  @Test
  void aMessageCountsAsHandedOutWhenItsTurnComesAndNotBefore() {
    SessionInbox session = session(message -> {});
    arrive(session, "a", "b");
    loop.run();
    assertThat(log).isEmpty();

    executor.runAll(); // only the first: the next one is handed when it has returned
    loop.run();

    assertThat(log).containsExactly("a handed out");
    executor.runAll();
    loop.run();
    assertThat(log).containsExactly("a handed out", "b handed out");
  }

  static List<Throwable> failures() {
    return List.of(
        new Exception("expected by the test"),
        new IllegalStateException("expected by the test"),
        new AssertionError("expected by the test"),
        new NoClassDefFoundError("expected by the test"),
        new StackOverflowError("expected by the test"));
  }

  private static void fail(Throwable failure) throws Exception {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (Exception) failure;
  }

  @ParameterizedTest
  @MethodSource("failures")
  void givesBackAMessageOnWhichTheHandlerFails(Throwable failure) {
    SessionInbox session =
        session(
            message -> {
              if (message.text().equals("bad")) {
                fail(failure);
              }
              message.complete();
            });

    arrive(session, "bad", "good");
    runAll();

    assertThat(log)
        .containsExactly("bad handed out", "bad abandoned", "good handed out", "good completed");
  }

  @Test
  void goesOnWhereAMessageCannotBeGivenBack() {
    SessionInbox session =
        session(
            message -> {
              throw new IllegalStateException("expected by the test");
            });
    Noted stubborn = new Noted("a");
    stubborn.outcome = CompletableFuture.failedFuture(new UnsupportedException("not on this one"));

    arrive(session, stubborn, new Noted("b"));
    runAll();

    assertThat(log).containsExactly("a handed out", "a abandoned", "b handed out", "b abandoned");
  }

  @Test
  void leavesToTheHubWhatNobodyCouldHold() {
    int limit = CloudMessageDispatcher.MAX_WAITING + 1; // one of them is with the executor
    SessionInbox session = session(handed::add);
    for (int i = 0; i < limit; i++) {
      arrive(session, "held");
    }

    arrive(session, "too many");
    runAll();

    assertThat(handed).hasSize(limit).allMatch(message -> message.text().equals("held"));
    arrive(session, "next");
    runAll();
    assertThat(handed).hasSize(limit + 1);
  }

  // ---- stale copies

  @Test
  void copiesOfAnEndedSessionAreNeverSeen() {
    SessionInbox first = session(handed::add);
    arrive(first, "a", "b", "c");
    executor.runAll();
    loop.run(); // a has been handed out, b is with the executor, c waits

    loop.run(first::end);
    SessionInbox second = anotherSession();
    arrive(second, "b again", "c again");
    runAll();

    assertThat(handed.stream().map(CloudMessage::text).toList())
        .containsExactly("a", "b again", "c again");
    assertThat(log).containsExactly("a handed out", "b again handed out", "c again handed out");
  }

  @Test
  void copiesWhoseLockHasPassedAreNeverSeen() {
    SessionInbox session = session(handed::add);
    for (String text : List.of("a", "b", "c")) {
      Noted message = new Noted(text);
      message.lockTime = text.equals("c") ? Optional.empty() : Optional.of(Duration.ofMinutes(1));
      arrive(session, message);
    }
    executor.runAll();
    loop.run(); // b is with the executor, c waits

    loop.advance(Duration.ofMinutes(1));
    runAll();

    assertThat(handed.stream().map(CloudMessage::text).toList()).containsExactly("a", "c");
    assertThat(log).containsExactly("a handed out", "b expired", "c handed out");
  }

  @Test
  void aMessageIsHandedOutUntilItsLockPasses() {
    SessionInbox session = session(handed::add);
    Noted message = new Noted("a");
    message.lockTime = Optional.of(Duration.ofMinutes(1));
    arrive(session, message);
    loop.advance(Duration.ofMinutes(1).minusNanos(1));

    runAll();

    assertThat(handed).hasSize(1);
  }

  // ---- room

  @Test
  void anIdleHandlerHasRoomForTen() {
    SessionInbox session = session(handed::add);
    assertThat(room(session)).isEqualTo(10);

    arrive(session, "a", "b", "c");

    assertThat(room(session)).as("one runs, two wait").isEqualTo(7);
    runAll();
    assertThat(room(session)).isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 10, 29, 31, 300})
  void aSlowHandlerHasRoomForWhatItReachesInHalfALock(int seconds) {
    SessionInbox session = session(message -> loop.advance(Duration.ofSeconds(seconds)));
    arrive(session, "a");
    runAll();

    assertThat(room(session)).isEqualTo(Math.max(1, Math.min(10, 30 / seconds)));
  }

  @Test
  void aHandlerThatHangsLeavesLessAndLessRoom() {
    SessionInbox session = session(handed::add);
    arrive(session, "a");
    assertThat(room(session)).isEqualTo(9);

    loop.advance(Duration.ofSeconds(10));
    assertThat(room(session)).isEqualTo(2);
    loop.advance(Duration.ofSeconds(21));
    assertThat(room(session)).isZero();
  }

  @Test
  void whoWaitsForRoomIsCalledOnTheLoopWhenThereIsMore() {
    SessionInbox session = session(handed::add);
    List<Integer> rooms = new ArrayList<>();
    loop.run(() -> session.whenCloudMessageRoom(() -> rooms.add(session.cloudMessageRoom())));
    arrive(session, "a", "b");

    runAll();

    assertThat(rooms).containsExactly(9, 10);
    loop.run(session::end);
    SessionInbox next = anotherSession();
    arrive(next, "c");
    runAll();
    assertThat(rooms).as("an ended session is not called").hasSize(2);
    assertThat(room(session)).isZero();
  }

  @Test
  void aTransportsWakeupThatThrowsHoldsNothingUp() {
    SessionInbox session = session(handed::add);
    loop.run(
        () ->
            session.whenCloudMessageRoom(
                () -> {
                  throw new AssertionError("expected by the test");
                }));
    arrive(session, "a", "b");

    runAll();

    assertThat(handed).hasSize(2);
  }

  // ---- settle once

  private CloudMessage handedOut(Noted message) {
    SessionInbox session = session(handed::add);
    arrive(session, message);
    runAll();
    log.clear();
    return handed.get(0);
  }

  @Test
  void settlesOnceAndSaysSoTheSecondTime() {
    CloudMessage message = handedOut(new Noted("a"));
    CompletionStage<Void> first = message.complete();
    CompletionStage<Void> second = message.reject();
    loop.run();

    awaitDone(first);
    awaitDone(second);
    assertThat(log).containsExactly("a completed");
    assertThat(first.toCompletableFuture()).isCompleted();
    assertThat(failureOf(second))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("settled already");
  }

  @Test
  void anotherSettlementMayFollowWhatTheProtocolCannotDo() {
    Noted transport = new Noted("a");
    transport.outcome = CompletableFuture.failedFuture(new UnsupportedException("not on this one"));
    CloudMessage message = handedOut(transport);
    CompletionStage<Void> abandoned = message.abandon();
    loop.run();
    transport.outcome = CompletableFuture.completedFuture(null);
    CompletionStage<Void> completed = message.complete();
    loop.run();

    awaitDone(abandoned);
    awaitDone(completed);
    assertThat(failureOf(abandoned)).isInstanceOf(UnsupportedException.class);
    assertThat(completed.toCompletableFuture()).isCompleted();
    assertThat(log).containsExactly("a abandoned", "a completed");
  }

  @Test
  void neverSettlesAfterTheSessionsEnd() {
    SessionInbox session = session(handed::add);
    arrive(session, "a");
    runAll();
    log.clear();
    loop.run(session::end);

    CompletionStage<Void> settled = handed.get(0).complete();
    loop.run();

    awaitDone(settled);
    assertThat(log).isEmpty();
    assertThat(failureOf(settled)).isInstanceOf(UnreachableException.class);
    assertThat(Outcomes.progressOf(settled)).isEqualTo(Progress.NOT_SENT);
  }

  @Test
  void aSettlementThatTheTransportForgetsEndsWithItsSession() {
    SessionInbox session = session(handed::add);
    Noted forgotten = new Noted("a");
    CompletableFuture<Void> never = new CompletableFuture<>();
    forgotten.outcome = never;
    arrive(session, forgotten);
    runAll();
    CompletionStage<Void> settled = handed.get(0).complete();
    loop.run();

    loop.run(session::end);
    never.complete(null);
    loop.run();

    awaitDone(settled);
    assertThat(Outcomes.progressOf(settled)).isEqualTo(Progress.MAYBE_SENT);
  }

  @Test
  void aTransportThatThrowsFailsThatSettlement() {
    CloudMessage message =
        handedOut(
            new Noted("a") {
              @Override
              public CompletionStage<Void> complete() {
                throw new AssertionError("expected by the test");
              }
            });

    CompletionStage<Void> settled = message.complete();
    loop.run();

    awaitDone(settled);
    assertThat(failureOf(settled)).isInstanceOf(UnreachableException.class);
  }

  @Test
  void settlementsEndWithTheClientAtTheLatest() {
    CloudMessage message = handedOut(new Noted("a"));
    CompletionStage<Void> begun = message.complete(); // its task on the loop never runs
    futures.close();
    CompletionStage<Void> late = message.complete();

    awaitDone(begun);
    awaitDone(late);
    assertThat(failureOf(begun)).isInstanceOf(ClientClosedException.class);
    assertThat(failureOf(late)).isInstanceOf(ClientClosedException.class);
  }

  @Test
  void isEnteredOnTheLoop() {
    SessionInbox session = session(message -> {});

    assertThatThrownBy(() -> session.cloudMessage(new byte[0], Map.of(), Map.of(), new Noted("a")))
        .isInstanceOf(IllegalStateException.class);
  }
}
