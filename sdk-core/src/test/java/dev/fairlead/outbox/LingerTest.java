package dev.fairlead.outbox;

import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.texts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.HubException;
import dev.fairlead.Priority;
import dev.fairlead.Progress;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ManualLoop;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages that wait for others to be sent with. */
class LingerTest {
  private static final HubException CUT =
      new UnreachableException("cut", Stage.CUT_BY_HUB, Progress.MAYBE_SENT, null);

  private final ManualLoop loop = new ManualLoop();
  private final OutboxRig rig =
      new OutboxRig(loop, OutboxRig.rules(new Batching(Duration.ofMillis(100), 1000)), null);
  private Lease lease = rig.outbox.lease();
  private int woken;

  @BeforeEach
  void begin() {
    begin(true);
  }

  private void begin(boolean batches) {
    lease.sendsBatches(batches);
    lease.whenReadable(() -> woken++);
    woken = 0;
  }

  private void advance(long millis) {
    loop.advance(Duration.ofMillis(millis));
  }

  @Test
  void theFirstWaitsForOthers() {
    rig.send("a");
    assertThat(take(lease, 9)).isEmpty();
    advance(60);
    rig.send("b");
    advance(39);
    assertThat(woken).isZero();
    assertThat(take(lease, 9)).isEmpty();

    advance(1);

    assertThat(woken).isEqualTo(1);
    assertThat(texts(take(lease, 9))).containsExactly("a", "b");
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void enoughBytesAreSentImmediately() {
    rig.send(600);
    assertThat(woken).isZero();
    rig.send(400);
    assertThat(woken).isEqualTo(1);
    assertThat(take(lease, 9)).hasSize(2);
    assertThat(loop.time.alarms()).isZero();

    rig.send(1000);
    assertThat(woken).isEqualTo(2);
  }

  @Test
  void bytesOfAnEarlierBatchDoNotCount() {
    rig.send(600);
    advance(100);
    assertThat(take(lease, 9)).hasSize(1);

    rig.send(600);

    assertThat(woken).isEqualTo(1);
    assertThat(take(lease, 9)).isEmpty();
  }

  @Test
  void nothingWaitsAfterARefusal() {
    rig.send("a");
    rig.send("b");
    advance(100);
    lease.refused(
        take(lease, 9),
        new ThrottledException("slower", Progress.NOT_SENT, Duration.ofSeconds(1)),
        false);
    advance(1000);
    take(lease, 9).get(0).accepted();
    assertThat(texts(take(lease, 9))).containsExactly("b");

    rig.send("c");

    assertThat(texts(take(lease, 9))).containsExactly("c");
  }

  @Test
  void whatIsUnderWayChangesNothing() {
    rig.send("a");
    advance(100);
    List<Envelope> first = take(lease, 9);
    rig.send("b");

    first.get(0).accepted();

    assertThat(take(lease, 9)).as("not before its time").isEmpty();
    advance(100);
    assertThat(texts(take(lease, 9))).containsExactly("b");
  }

  @Test
  void aBacklogDoesNotWait() {
    for (int i = 0; i < 5; i++) {
      rig.send("m" + i);
    }
    advance(100);
    assertThat(take(lease, 2)).hasSize(2);
    rig.send("later");
    assertThat(take(lease, 9)).hasSize(4);
  }

  @Test
  void anAlarmNeverWaits() {
    rig.send("a");
    rig.outbox.offer(TelemetryMessage.builder().text("fire").priority(Priority.HIGH).build());
    assertThat(woken).isEqualTo(1);
    assertThat(texts(take(lease, 9))).containsExactly("fire", "a");

    rig.outbox.offer(TelemetryMessage.builder().text("more fire").priority(Priority.HIGH).build());
    assertThat(woken).isEqualTo(2);
    assertThat(take(lease, 9)).hasSize(1);
  }

  @Test
  void nothingWaitsWhereTheRouteSendsNoBatches() {
    begin(false);
    rig.send("a");
    assertThat(woken).isEqualTo(1);
    assertThat(take(lease, 9)).hasSize(1);
  }

  @Test
  void nothingWaitsOnceTheHubTakesNoBatches() {
    rig.send("a");
    lease.sendsBatches(false);
    assertThat(woken).isEqualTo(1);
    assertThat(take(lease, 9)).hasSize(1);
    rig.send("b");
    assertThat(take(lease, 9)).hasSize(1);
  }

  @Test
  void whatIsSentAgainDoesNotWait() {
    rig.send("a");
    advance(100);
    List<Envelope> taken = take(lease, 9);
    rig.send("b");
    taken.get(0).giveBack();
    assertThat(texts(take(lease, 9))).containsExactly("a", "b");
  }

  @Test
  void aNewSessionSendsWhatIsQueued() {
    rig.send("a");
    lease.revoke(SessionEnd.UNEXPLAINED, CUT);
    lease = rig.outbox.lease();
    begin(true);
    assertThat(texts(take(lease, 9))).containsExactly("a");
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void closingSendsWhatWaits() {
    rig.send("a");
    rig.outbox.drain(() -> {});
    assertThat(woken).isEqualTo(1);
    assertThat(take(lease, 9)).hasSize(1);
    rig.close();
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void whatIsClosedLeavesNoAlarm() {
    rig.send("a");
    rig.close();
    assertThat(loop.time.alarms()).isZero();
  }
}
