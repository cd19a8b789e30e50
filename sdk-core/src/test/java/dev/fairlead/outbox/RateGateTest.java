package dev.fairlead.outbox;

import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RateLimit;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ManualLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How fast an outbox, and those of a gateway together, give messages away. */
@Timeout(60)
class RateGateTest {
  private static final HubException CUT =
      new UnreachableException("cut", Stage.CUT_BY_HUB, Progress.MAYBE_SENT, null);

  private final ManualLoop loop = new ManualLoop();

  private RateGate gate(RateLimit limit) {
    return new RateGate(limit, loop.time);
  }

  /** A session that takes at every wake-up and acknowledges immediately. */
  private final class Session {
    final OutboxRig rig;
    Lease lease;
    int sent;
    int woken;

    Session(RateGate... gates) {
      rig = new OutboxRig(loop, OutboxRig.rules(gates), null);
      lease = rig.outbox.lease();
      lease.whenReadable(this::wake);
    }

    void wake() {
      woken++;
      loop.execute(this::pump);
    }

    void pump() {
      for (List<Envelope> taken = take(lease, 100); !taken.isEmpty(); taken = take(lease, 100)) {
        sent += taken.size();
        taken.forEach(Envelope::accepted);
      }
    }

    void queue(int count) {
      for (int i = 0; i < count; i++) {
        assertThat(rig.send("m")).isNotDone();
      }
      loop.run();
    }
  }

  private void advance(long millis) {
    loop.advance(Duration.ofMillis(millis));
    loop.run();
  }

  @Test
  void sendsABurstAndThenAtTheRate() {
    Session session = new Session(gate(RateLimit.of(10)));
    session.queue(35);
    assertThat(session.sent).isEqualTo(10);
    assertThat(loop.time.alarms()).isEqualTo(1);

    advance(99);
    assertThat(session.sent).isEqualTo(10);
    advance(1);
    assertThat(session.sent).isEqualTo(11);
    for (int i = 0; i < 9; i++) {
      advance(100);
    }
    assertThat(session.sent).isEqualTo(20);
    for (int i = 0; i < 15; i++) {
      advance(100);
    }
    assertThat(session.sent).isEqualTo(35);
    assertThat(loop.time.alarms()).as("nothing waits").isZero();
  }

  @Test
  void aPauseFillsTheBucketAndNoMore() {
    Session session = new Session(gate(RateLimit.of(10)));
    session.queue(10);
    advance(3_600_000);
    session.queue(30);
    assertThat(session.sent).isEqualTo(20);
  }

  @Test
  void whatIsQueuedDuringAWaitWakesNobody() {
    Session session = new Session(gate(RateLimit.of(10)));
    session.queue(11);
    int woken = session.woken;
    long alarms = loop.time.scheduled();

    session.queue(100);

    assertThat(session.woken).isEqualTo(woken);
    assertThat(loop.time.scheduled()).isEqualTo(alarms);
  }

  @Test
  void aHighRateIsSentInPortions() {
    Session session = new Session(gate(RateLimit.of(100_000)));
    for (int i = 0; i < 10; i++) {
      session.queue(10_000);
    }
    session.queue(5_000);
    assertThat(session.sent).isBetween(99_900, 100_100);
    int woken = session.woken;
    advance(20);
    assertThat(session.sent).isBetween(100_001, 102_100);
    assertThat(session.woken - woken).isLessThan(30);
  }

  @Test
  void bytesAreLimitedToo() {
    Session session =
        new Session(gate(RateLimit.builder().messagesPerSecond(1000).bytesPerSecond(1000).build()));
    for (int i = 0; i < 3; i++) {
      session.rig.send(5_000);
    }
    loop.run();
    assertThat(session.sent).as("one fits a full bucket, however large it is").isEqualTo(1);
    advance(4_900);
    assertThat(session.sent).isEqualTo(1);
    advance(100);
    assertThat(session.sent)
        .as("5 s for what it was short, or the average is exceeded")
        .isEqualTo(2);
    advance(5_000);
    assertThat(session.sent).isEqualTo(3);
  }

  @Test
  void theSmallestRateSendsItsBurstAndNoMore() {
    Session session = new Session(gate(RateLimit.of(Double.MIN_VALUE)));
    session.queue(2);
    assertThat(session.sent).isEqualTo(1);
    for (int day = 0; day < 1000; day++) {
      advance(86_400_000);
    }
    assertThat(session.sent).isEqualTo(1);
    assertThat(loop.time.scheduled()).as("an alarm a day").isBetween(1000L, 1002L);
  }

  @Test
  void theLargestRateNeverWaits() {
    for (Duration burst : List.of(Duration.ofNanos(1), Duration.ofDays(1))) {
      RateLimit.Builder limit = RateLimit.builder().burst(burst);
      Session session =
          new Session(
              gate(
                  limit
                      .messagesPerSecond(Double.MAX_VALUE)
                      .bytesPerSecond(Double.MAX_VALUE)
                      .build()));
      session.queue(1000);
      assertThat(session.sent).isEqualTo(1000);
    }
  }

  @Test
  void aDaysQuotaIsNeverExceeded() {
    Session session = new Session(gate(RateLimit.perDay(400)));
    for (int i = 0; i < 500; i++) {
      session.rig.send(5_000); // Each counts as two.
    }
    loop.run();
    Duration day = Duration.ofDays(1);
    for (long passed = 0; passed < day.toMinutes(); passed++) {
      advance(60_000);
    }
    assertThat(session.sent).isBetween(198, 200);
  }

  @Test
  void whatIsGivenBackWasNotSent() {
    OutboxRig rig = new OutboxRig(loop, OutboxRig.rules(gate(RateLimit.of(4))), null);
    rig.sendAll("a", "b", "c", "d", "e");
    Lease lease = rig.outbox.lease();
    List<Envelope> taken = take(lease, 9);
    assertThat(taken).hasSize(4);
    taken.get(2).giveBack();
    taken.get(3).giveBack();
    advance(0);

    assertThat(OutboxRig.texts(take(lease, 9))).containsExactly("c", "d");
  }

  @Test
  void aTrialCountsAndWaits() {
    OutboxRig rig = new OutboxRig(loop, OutboxRig.rules(gate(RateLimit.of(0.01))), null);
    rig.sendAll("a", "b");
    Lease lease = rig.outbox.lease();
    takeOne(lease);
    lease.revoke(SessionEnd.UNEXPLAINED, CUT);
    Lease next = rig.outbox.lease();
    List<Boolean> woken = new ArrayList<>();
    next.whenReadable(() -> woken.add(true));
    woken.clear();

    advance(50_000);
    assertThat(take(next, 9)).isEmpty();
    advance(50_000);

    assertThat(woken).isNotEmpty();
    assertThat(OutboxRig.texts(take(next, 9))).containsExactly("a");
  }

  @Test
  void devicesOfAGatewayTakeTurns() {
    RateGate shared = gate(RateLimit.of(10));
    Session flood = new Session(shared);
    flood.queue(100);
    Session one = new Session(shared);
    Session other = new Session(shared);
    one.queue(5);
    other.queue(5);
    assertThat(flood.sent).as("the burst").isEqualTo(10);

    for (int i = 1; i <= 5; i++) {
      advance(300);
      assertThat(List.of(flood.sent - 10, one.sent, other.sent)).containsOnly(i);
    }
    advance(1000);
    assertThat(flood.sent).as("all alone again").isGreaterThanOrEqualTo(24);
    assertThat(loop.time.alarms()).isEqualTo(1);
  }

  @Test
  void devicesTakeTurnsAtAHighRateToo() {
    RateGate shared = gate(RateLimit.builder().messagesPerSecond(3000).bytesPerSecond(1e6).build());
    List<Session> sessions = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      sessions.add(new Session(shared));
      sessions.get(i).queue(5000);
    }
    assertThat(sessions.get(0).sent).as("the burst").isEqualTo(3000);
    for (int i = 0; i < 100; i++) {
      advance(10);
    }
    assertThat(sessions.get(0).sent).isBetween(3900, 4100);
    assertThat(sessions.get(1).sent).isBetween(900, 1100);
    assertThat(sessions.get(2).sent).isBetween(900, 1100);
  }

  @Test
  void manyDevicesWithNothingToSendPassTheTurnOn() {
    RateGate shared = gate(RateLimit.of(1));
    Session flood = new Session(shared);
    flood.queue(1);
    for (int i = 0; i < 5000; i++) {
      new Session(shared).rig.outbox.offer(shortLived());
    }
    Session last = new Session(shared);
    last.queue(1);
    loop.run();

    advance(1000);

    assertThat(last.sent).isEqualTo(1);
  }

  @Test
  void aDeviceThatTheHubThrottlesLeavesItsTurnToOthers() {
    RateGate shared = gate(RateLimit.of(2));
    OutboxRig throttled = new OutboxRig(loop, OutboxRig.rules(shared), null);
    throttled.sendAll("a", "b", "c");
    Lease lease = throttled.outbox.lease();
    lease.whenReadable(() -> loop.execute(() -> assertThat(take(lease, 9)).isEmpty()));
    List<Envelope> taken = take(lease, 9);
    assertThat(taken).hasSize(2);
    Session flood = new Session(shared);
    flood.queue(5);
    lease.refused(
        taken, new ThrottledException("slow", Progress.NOT_SENT, Duration.ofHours(1)), false);

    advance(500);
    advance(0);

    assertThat(flood.sent).isEqualTo(1);
  }

  private static TelemetryMessage shortLived() {
    return TelemetryMessage.builder().timeToLive(Duration.ofMillis(1)).build();
  }

  @Test
  void whoHasLeftOrHasNothingToSendHoldsUpNobody() {
    RateGate shared = gate(RateLimit.of(1));
    Session flood = new Session(shared);
    flood.queue(10);
    Session lost = new Session(shared);
    lost.queue(3);
    Session closed = new Session(shared);
    closed.queue(3);
    Session expired = new Session(shared);
    assertThat(
            expired.rig.outbox.offer(
                TelemetryMessage.builder().timeToLive(Duration.ofMillis(1)).build()))
        .isNotDone();
    loop.run();
    lost.lease.revoke(SessionEnd.PLANNED, null);
    closed.rig.close();

    for (int i = 1; i <= 5; i++) {
      advance(1000);
      assertThat(flood.sent).isEqualTo(1 + i);
    }
    flood.rig.close();
    assertThat(loop.time.alarms()).isZero();
    lost.rig.outbox.lease().whenReadable(() -> {});
    assertThat(take(new Session(shared).lease, 1)).isEmpty();
  }

  @Test
  void aSessionThatIsLostWithItsTurnPassesItOn() {
    RateGate shared = gate(RateLimit.of(1));
    Session flood = new Session(shared);
    flood.queue(1);
    Session lost = new Session(shared);
    lost.rig.send("m");
    loop.run();
    Session next = new Session(shared);
    next.queue(1);

    loop.advance(Duration.ofSeconds(1)); // It is woken, and lost before it takes anything.
    lost.lease.revoke(SessionEnd.PLANNED, null);
    advance(0);

    assertThat(next.sent).isEqualTo(1);
  }

  @Test
  void aDeviceMayHaveALimitOfItsOwnBesides() {
    RateGate shared = gate(RateLimit.of(10));
    Session slow = new Session(gate(RateLimit.of(1)), shared);
    Session fast = new Session(shared);
    slow.queue(100);
    fast.queue(100);
    assertThat(List.of(slow.sent, fast.sent)).containsExactly(1, 9);
    for (int i = 0; i < 100; i++) {
      advance(100);
    }
    assertThat(slow.sent).isBetween(9, 11);
    assertThat(slow.sent + fast.sent).isBetween(109, 110);
  }

  @Test
  void theRateHoldsWhileTheClientCloses() {
    Session session = new Session(gate(RateLimit.of(10)));
    session.queue(12);
    List<Boolean> empty = new ArrayList<>();

    session.rig.outbox.drain(() -> empty.add(true));
    loop.run();
    assertThat(session.sent).isEqualTo(10);
    advance(100);
    assertThat(empty).isEmpty();
    advance(100);

    assertThat(session.sent).isEqualTo(12);
    assertThat(empty).hasSize(1);
    session.rig.close();
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void whatADeviceDoesNotNeedGoesToTheOthers() {
    RateGate shared = gate(RateLimit.of(1000));
    Session flood = new Session(shared);
    flood.queue(5000);
    Session small = new Session(shared);
    small.queue(1);
    Session slow = new Session(gate(RateLimit.of(1)), shared);
    slow.queue(10);

    advance(12);
    advance(0);

    assertThat(small.sent).isEqualTo(1);
    assertThat(slow.sent).as("by its own limit").isEqualTo(1);
    assertThat(flood.sent).isEqualTo(1010);
  }

  /** Sessions on several threads that come and go: no turn is lost. */
  @RepeatedTest(3)
  void losesNoTurn() throws Exception {
    RateGate shared = gate(RateLimit.builder().messagesPerSecond(100).build());
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        OutboxRig rig = new OutboxRig(loop, OutboxRig.rules(shared), null);
        all.add(CompletableFuture.runAsync(() -> deliver(rig), threads));
      }
      CompletableFuture<Void> done = CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
      while (!done.isDone()) {
        loop.time.advance(Duration.ofMillis(5));
        Thread.onSpinWait();
      }
      done.get(1, TimeUnit.SECONDS);
    } finally {
      threads.shutdownNow();
    }
  }

  private static void deliver(OutboxRig rig) {
    for (int i = 0; i < 300; i++) {
      rig.send("m");
    }
    for (int session = 0; rig.outbox.status().accepted() < 300; session++) {
      Lease lease = rig.outbox.lease();
      var woken = new Semaphore(0);
      lease.whenReadable(woken::release);
      for (int i = 0; i < 20 && rig.outbox.status().accepted() < 300; i++) {
        List<Envelope> taken = take(lease, 7);
        if (taken.isEmpty()) {
          woken.acquireUninterruptibly();
        } else if (session % 3 == 0) {
          taken.get(0).giveBack();
        } else {
          taken.forEach(Envelope::accepted);
        }
      }
      lease.revoke(SessionEnd.PLANNED, null);
    }
  }
}
