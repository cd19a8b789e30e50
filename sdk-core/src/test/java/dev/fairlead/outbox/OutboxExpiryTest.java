package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.Outcomes.progressOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static dev.fairlead.outbox.OutboxRig.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OutboxExpiryTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration NANO = Duration.ofNanos(1);

  private final OutboxRig rig =
      new OutboxRig(OutboxLimits.builder().timeToLive(Duration.ofMinutes(10)).build());

  private CompletableFuture<Void> send(Duration timeToLive) {
    return rig.outbox.offer(
        TelemetryMessage.builder().body(new byte[] {1}).timeToLive(timeToLive).build());
  }

  private static void assertExpired(CompletableFuture<Void> sent, Progress progress) {
    assertThat(sent).isCompletedExceptionally();
    assertThat(failureOf(sent))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("time to live");
    assertThat(progressOf(sent)).isEqualTo(progress);
  }

  @Test
  void followsTheMessagesOwnTimeToTheNanosecond() {
    CompletableFuture<Void> sent = send(MINUTE);

    rig.time.advance(MINUTE.minus(NANO));
    assertThat(sent).isNotDone();

    rig.time.advance(NANO);
    assertExpired(sent, Progress.NOT_SENT);
    assertThat(rig.outbox.status()).isEqualTo(new OutboxStatus(0, 0, 0, 0, 1, 0, Optional.empty()));
  }

  @Test
  void followsTheOutboxsTimeWhereTheMessageHasNone() {
    CompletableFuture<Void> sent = rig.send("a");

    rig.time.advance(Duration.ofMinutes(10).minus(NANO));
    assertThat(sent).isNotDone();

    rig.time.advance(NANO);
    assertExpired(sent, Progress.NOT_SENT);
  }

  @Test
  void letsTheMessagesOwnTimeExceedTheOutboxs() {
    CompletableFuture<Void> sent = send(Duration.ofMinutes(11));

    rig.time.advance(Duration.ofMinutes(10));

    assertThat(sent).isNotDone();
  }

  @Test
  void givesUpTheLaterMessageThatExpiresEarlier() {
    CompletableFuture<Void> patient = send(Duration.ofMinutes(5));
    CompletableFuture<Void> hasty = send(MINUTE);

    rig.time.advance(MINUTE);

    assertExpired(hasty, Progress.NOT_SENT);
    assertThat(patient).isNotDone();
    rig.time.advance(Duration.ofMinutes(4));
    assertExpired(patient, Progress.NOT_SENT);
  }

  @Test
  void expiresAllThatAreDueTogether() {
    CompletableFuture<Void> first = send(MINUTE);
    CompletableFuture<Void> second = send(MINUTE);

    rig.time.advance(MINUTE);

    assertExpired(first, Progress.NOT_SENT);
    assertExpired(second, Progress.NOT_SENT);
  }

  @Test
  void sparesWhatIsUnderWayUntilItComesBack() {
    CompletableFuture<Void> sent = send(MINUTE);
    Envelope envelope = takeOne(rig.outbox.lease());

    rig.time.advance(Duration.ofHours(1));
    assertThat(sent).isNotDone();

    envelope.giveBack();
    assertExpired(sent, Progress.MAYBE_SENT);
  }

  @Test
  void acceptsWhatExpiredUnderWay() {
    CompletableFuture<Void> sent = send(MINUTE);
    Envelope envelope = takeOne(rig.outbox.lease());
    rig.time.advance(Duration.ofHours(1));

    envelope.accepted();

    assertThat(sent).isCompletedWithValue(null);
  }

  @Test
  void expiresWhatALostSessionLeavesBehind() {
    CompletableFuture<Void> expired = send(MINUTE);
    CompletableFuture<Void> fresh = rig.send("b");
    Lease lease = rig.outbox.lease();
    take(lease, 2);
    rig.time.advance(MINUTE);

    lease.revoke(SessionEnd.PLANNED, null);

    assertExpired(expired, Progress.MAYBE_SENT);
    assertThat(fresh).isNotDone();
    assertThat(texts(take(rig.outbox.lease(), 9))).containsExactly("b");
  }

  @Test
  void setsNoAlarmWhereNothingExpires() {
    OutboxRig patient = new OutboxRig(OutboxLimits.defaults());
    patient.sendAll("a", "b");
    take(patient.outbox.lease(), 1);

    assertThat(patient.time.scheduled()).isZero();
  }

  @Test
  void setsOneAlarmForAll() {
    for (int i = 1; i <= 100; i++) {
      send(Duration.ofSeconds(i));
    }

    assertThat(rig.time.alarms()).isEqualTo(1);
    assertThat(rig.time.scheduled()).as("none was later than the first").isEqualTo(1);
  }

  @Test
  void movesTheAlarmForwardForAnEarlierExpiry() {
    send(Duration.ofMinutes(5));

    CompletableFuture<Void> hasty = send(MINUTE);

    assertThat(rig.time.alarms()).isEqualTo(1);
    rig.time.advance(MINUTE);
    assertThat(hasty).isDone();
    assertThat(rig.time.alarms()).as("for the one that still waits").isEqualTo(1);
  }

  @Test
  void leavesNoAlarmBehind() {
    send(MINUTE);

    rig.close();

    assertThat(rig.time.alarms()).isZero();
  }

  @Test
  void setsNoNewAlarmOnceTheLastHasLeft() {
    send(MINUTE);
    takeOne(rig.outbox.lease()).accepted();

    rig.time.advance(Duration.ofHours(1));

    assertThat(rig.time.alarms()).isZero();
  }

  @Test
  void livesForEverWithATimeBeyondAllClocks() {
    CompletableFuture<Void> sent = send(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999));

    rig.time.advance(Duration.ofDays(36_500));

    assertThat(sent).isNotDone();
  }

  @Test
  void makesRoomForASenderThatWaits() throws Exception {
    OutboxRig full =
        new OutboxRig(
            OutboxLimits.builder()
                .maxMessages(1)
                .overflow(OverflowPolicy.BLOCK)
                .timeToLive(MINUTE)
                .build());
    CompletableFuture<Void> old = full.send("a");
    FutureTask<CompletableFuture<Void>> send = new FutureTask<>(() -> full.send("b"));
    Thread thread = new Thread(send, "sender");
    thread.setDaemon(true);
    thread.start();
    await().until(() -> thread.getState() == Thread.State.WAITING);

    full.time.advance(MINUTE);

    assertThat(send.get(30, TimeUnit.SECONDS)).isNotDone();
    assertExpired(old, Progress.NOT_SENT);
  }
}
