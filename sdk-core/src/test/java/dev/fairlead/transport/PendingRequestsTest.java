package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.transport.PendingRequests.Timing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PendingRequestsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final ManualLoop loop = new ManualLoop();
  private long received = loop.nanoTime();
  private final Debts debts = new Debts(loop, () -> received);
  private final PendingRequests<Long, String> requests =
      new PendingRequests<>(debts, "twin operation", 3, LIMIT);

  private CompletableFuture<String> send(long id) {
    CompletableFuture<String> answer = requests.register(id);
    requests.sent(id, 0);
    return answer;
  }

  private static HubException failure(CompletableFuture<?> future) {
    assertThat(future).isCompletedExceptionally();
    return (HubException) future.handle((answer, failure) -> failure).join();
  }

  private static UnreachableException lost(Progress progress) {
    return new UnreachableException("The session has ended.", Stage.SESSION, progress, null);
  }

  @Test
  void anAnswerCompletesItsRequestOnce() {
    CompletableFuture<String> one = send(1);
    CompletableFuture<String> two = send(2);
    assertThat(debts.anyOwed()).isTrue();
    assertThat(requests.answer(2L, "b")).isTrue();
    assertThat(two).isCompletedWithValue("b");
    assertThat(one).isNotDone();
    assertThat(requests.answer(2L, "again")).isFalse();
    assertThat(requests.answer(77L, "unknown")).isFalse();
    assertThat(requests.answer(1L, "a")).isTrue();
    assertThat(one).isCompletedWithValue("a");
    assertThat(debts.anyOwed()).isFalse();
    loop.advance(Duration.ofHours(1));
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void eachHasItsOwnTimeOut() {
    CompletableFuture<String> one = send(1);
    loop.advance(Duration.ofSeconds(15));
    CompletableFuture<String> two = send(2);
    loop.advance(Duration.ofSeconds(5));
    assertThat(failure(one))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("did not answer the twin operation within 20 s.")
        .hasMessageContaining("may have executed it");
    assertThat(failure(one).progress()).isEqualTo(Progress.MAYBE_SENT);
    assertThat(two).isNotDone();
    assertThat(requests.answer(1L, "late")).isFalse();
    received = loop.nanoTime();
    loop.advance(Duration.ofSeconds(15));
    assertThat(failure(two)).hasMessageContaining("although it answers pings");
    assertThat(debts.anyOwed()).isFalse();
    assertThat(loop.time.alarms()).isZero();
  }

  /** While a request is queued the hub owes nothing. */
  @Test
  void theClockStartsWithTheSending() {
    CompletableFuture<String> queued = requests.register(1L);
    loop.advance(Duration.ofHours(1));
    assertThat(debts.anyOwed()).isFalse();
    assertThat(queued).isNotDone();
    requests.sent(1L, 0);
    loop.advance(Duration.ofSeconds(19));
    assertThat(queued).isNotDone();
    loop.advance(Duration.ofSeconds(1));
    assertThat(queued).isCompletedExceptionally();
  }

  /** 300 tokens, 50 answers a second, 100 at a time, 2 s each. */
  @Test
  void aSlowHubThatAnswersInTurnFailsNone() {
    PendingRequests<Long, String> tokens =
        new PendingRequests<>(debts, "token", 300, Duration.ofSeconds(2), Timing.IN_TURN);
    List<CompletableFuture<String>> answers = new ArrayList<>();
    for (long id = 0; id < 300; id++) {
      answers.add(tokens.register(id));
    }
    long sent = 0;
    for (long answered = 0; answered < 300; answered++) {
      while (sent < 300 && sent < answered + 150) {
        tokens.sent(sent++, 0);
      }
      loop.advance(Duration.ofMillis(20));
      tokens.answer(answered, "ok");
    }
    assertThat(answers).allMatch(answer -> "ok".equals(answer.getNow("")));
  }

  @Test
  void inTurnWhatIsOvertakenGainsNoTime() {
    PendingRequests<Long, String> tokens =
        new PendingRequests<>(debts, "token", 300, LIMIT, Timing.IN_TURN);
    CompletableFuture<String> lost = tokens.register(0L);
    tokens.sent(0L, 0);
    for (long id = 1; id < 100; id++) {
      var ignored = tokens.register(id);
      tokens.sent(id, 0);
      loop.advance(Duration.ofMillis(100));
      tokens.answer(id, "ok");
    }
    assertThat(lost).isNotDone();
    loop.advance(Duration.ofMillis(10_200));
    assertThat(lost).isCompletedExceptionally();
  }

  @Test
  void aLargeRequestGetsItsTimeOnASlowConnection() {
    CompletableFuture<String> one = requests.register(1L);
    requests.sent(1L, 10 * Debts.SLOWEST_BYTES_A_SECOND);
    loop.advance(Duration.ofSeconds(29));
    assertThat(one).isNotDone();
    loop.advance(Duration.ofSeconds(1));
    assertThat(one).isCompletedExceptionally();
  }

  @Test
  void tooManyAreRefusedAtOnce() {
    requests.register(1L).thenAccept(answer -> {});
    var two = send(2);
    var three = send(3);
    HubException failure = failure(send(4));
    assertThat(failure)
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("twin operation")
        .hasMessageContaining("3 others");
    assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT);
    requests.answer(2L, "");
    assertThat(send(4)).isNotDone();
    assertThat(two).isDone();
    assertThat(three).isNotDone();
  }

  @Test
  void anIdInUseIsADefect() {
    var one = send(1);
    assertThatThrownBy(() -> requests.register(1L)).isInstanceOf(IllegalArgumentException.class);
    assertThat(one).isNotDone();
  }

  @Test
  void theEndFailsAllAndWhatComesLater() {
    CompletableFuture<String> sent = send(1);
    CompletableFuture<String> queued = requests.register(2L);
    HubException maybe = lost(Progress.MAYBE_SENT);
    HubException not = lost(Progress.NOT_SENT);
    requests.end(maybe, not);
    assertThat(failure(sent)).isSameAs(maybe);
    assertThat(failure(queued)).isSameAs(not);
    assertThat(failure(requests.register(3L))).isSameAs(not);
    assertThat(requests.size()).isZero();
    assertThat(debts.anyOwed()).isFalse();
  }

  @Test
  void aLostLinkFailsOnlyWhatWasSent() {
    CompletableFuture<String> sent = send(1);
    CompletableFuture<String> queued = requests.register(2L);
    requests.failSent(lost(Progress.MAYBE_SENT));
    assertThat(sent).isCompletedExceptionally();
    assertThat(queued).isNotDone();
    assertThat(debts.anyOwed()).isFalse();
    requests.sent(2L, 0);
    assertThat(debts.anyOwed()).isTrue();
  }

  @Test
  void whatIsSentAgainIsTimedFromThen() {
    CompletableFuture<String> one = send(1);
    loop.advance(Duration.ofSeconds(19));
    requests.notSent(1L);
    assertThat(requests.underWay()).isZero();
    loop.advance(Duration.ofSeconds(60));
    requests.sent(1L, 0);
    assertThat(requests.sentIds()).containsExactly(1L);
    loop.advance(Duration.ofSeconds(19));
    assertThat(one).isNotDone();
    loop.advance(Duration.ofSeconds(1));
    assertThat(one).isCompletedExceptionally();
  }

  @Test
  void whatIsForgottenStaysAsItIs() {
    CompletableFuture<String> one = send(1);
    requests.forget(1L);
    loop.advance(Duration.ofHours(1));
    assertThat(one).isNotDone();
    assertThat(requests.fail(1L, lost(Progress.NOT_SENT))).isFalse();
  }

  @Test
  void aTimeOutMaySendTheNext() {
    CompletableFuture<String> one = send(1);
    List<CompletableFuture<String>> next = new ArrayList<>();
    one.whenComplete((answer, failure) -> next.add(send(2)));
    loop.advance(LIMIT);
    assertThat(next).hasSize(1);
    loop.advance(LIMIT);
    assertThat(next.get(0)).isCompletedExceptionally();
  }

  @Test
  void anyNumberNeedsOneAlarm() {
    PendingRequests<Long, String> many =
        new PendingRequests<>(debts, "token", 1000, Duration.ofSeconds(20));
    for (long id = 0; id < 1000; id++) {
      var ignored = many.register(id);
      many.sent(id, 0);
      loop.advance(Duration.ofMillis(1));
    }
    assertThat(loop.time.alarms()).isEqualTo(1);
    loop.advance(Duration.ofSeconds(20));
    assertThat(many.size()).isZero();
    assertThat(loop.time.alarms()).isZero();
  }
}
