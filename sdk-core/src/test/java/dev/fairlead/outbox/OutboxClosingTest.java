package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.Outcomes.progressOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ClientClosedException;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Progress;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutboxClosingTest {
  private final OutboxRig rig = new OutboxRig(OutboxLimits.defaults());
  private final AtomicInteger drained = new AtomicInteger();

  private static void assertClosed(CompletableFuture<Void> sent, Progress progress) {
    assertThat(sent).isCompletedExceptionally();
    assertThat(failureOf(sent)).isInstanceOf(ClientClosedException.class);
    assertThat(progressOf(sent)).isEqualTo(progress);
  }

  @Test
  void isDrainedAtOnceWhenEmpty() {
    rig.outbox.drain(drained::incrementAndGet);

    assertThat(drained).hasValue(1);
  }

  @Test
  void isDrainedWhenTheLastHasLeft() {
    rig.sendAll("a", "b");
    Lease lease = rig.outbox.lease();
    Envelope first = takeOne(lease);

    rig.outbox.drain(drained::incrementAndGet);
    first.accepted();
    assertThat(drained).as("b still waits").hasValue(0);

    Envelope second = takeOne(lease);
    assertThat(drained).as("b is in flight").hasValue(0);
    second.accepted();
    assertThat(drained).hasValue(1);
  }

  @Test
  void isDrainedOnceWhenTheLastExpireTogether() {
    for (int i = 0; i < 3; i++) {
      rig.outbox.offer(
          TelemetryMessage.builder().body(new byte[1]).timeToLive(Duration.ofSeconds(1)).build());
    }
    rig.outbox.drain(drained::incrementAndGet);

    rig.time.advance(Duration.ofSeconds(1));

    assertThat(drained).hasValue(1);
  }

  @Test
  void takesNothingInWhileItDrains() {
    rig.send("a");
    rig.outbox.drain(drained::incrementAndGet);

    assertClosed(rig.send("b"), Progress.NOT_SENT);

    assertThat(rig.outbox.status().waiting()).isEqualTo(1);
  }

  @Test
  void failsWhatIsLeftAndSaysWhetherItMayHaveLeft() {
    CompletableFuture<Void> underWay = rig.send("a");
    CompletableFuture<Void> waiting = rig.send("b");
    take(rig.outbox.lease(), 1);

    rig.close();

    assertClosed(underWay, Progress.MAYBE_SENT);
    assertClosed(waiting, Progress.NOT_SENT);
    assertThat(rig.outbox.status()).isEqualTo(new OutboxStatus(0, 0, 0, 0, 2, 0, Optional.empty()));
  }

  @Test
  void ignoresWhatASessionSaysAfterTheEnd() {
    CompletableFuture<Void> sent = rig.send("a");
    Lease lease = rig.outbox.lease();
    Envelope late = takeOne(lease);
    rig.close();

    late.accepted();
    late.giveBack();
    lease.revoke(SessionEnd.EXPLAINED, null);

    assertClosed(sent, Progress.MAYBE_SENT);
    assertThat(take(lease, 1)).isEmpty();
    assertThat(rig.outbox.status()).isEqualTo(new OutboxStatus(0, 0, 0, 0, 1, 0, Optional.empty()));
  }

  @Test
  void failsEachFutureOnce() {
    List<CompletableFuture<Void>> sent = List.of(rig.send("a"), rig.send("b"));

    rig.close();
    rig.close();

    assertThat(sent).allSatisfy(future -> assertClosed(future, Progress.NOT_SENT));
    assertThat(rig.outbox.status().failed()).isEqualTo(2);
  }
}
