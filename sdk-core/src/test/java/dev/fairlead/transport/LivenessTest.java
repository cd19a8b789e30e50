package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LivenessTest implements Liveness.Peer {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualLoop loop = new ManualLoop();
  private long lastReceived = loop.nanoTime();
  private long lastSent = loop.nanoTime();
  private final Debts debts = new Debts(loop, this::lastReceived);
  private final Liveness liveness =
      new Liveness(
          loop, debts, this, new PingLimits(SECOND.multipliedBy(5), SECOND.multipliedBy(5)));
  private int overdue;
  private final Debt messages =
      debts.debt("acknowledgements", Duration.ofMinutes(2), one -> overdue++);

  private boolean answering = true;
  private boolean sending = true;
  private int pings;
  private int heartbeats;
  private @Nullable Duration dead;

  @Override
  public long lastReceived() {
    return lastReceived;
  }

  @Override
  public long lastSent() {
    return lastSent;
  }

  @Override
  public void ping() {
    assertThat(dead).isNull();
    pings++;
    lastSent = loop.nanoTime();
    if (answering) {
      loop.schedule(Duration.ofMillis(10), () -> lastReceived = loop.nanoTime());
    }
  }

  @Override
  public void heartbeat() {
    assertThat(dead).isNull();
    heartbeats++;
    if (sending) {
      lastSent = loop.nanoTime();
    }
  }

  @Override
  public void dead(Duration silent) {
    assertThat(dead).isNull();
    dead = silent;
  }

  private void startMqtt() {
    liveness.keepAlive(SECOND.multipliedBy(100)).start();
  }

  private void send() {
    lastSent = loop.nanoTime();
    messages.owe();
  }

  @Test
  void anIdleConnectionIsPingedForTheKeepAliveOnly() {
    startMqtt();
    loop.advance(Duration.ofSeconds(89));
    assertThat(pings).isZero();
    loop.advance(Duration.ofSeconds(2));
    assertThat(pings).isEqualTo(1);
    loop.advance(Duration.ofSeconds(900));
    assertThat(pings).isBetween(10, 11);
    assertThat(dead).isNull();
  }

  @Test
  void anIdleConnectionIsDeadWhenItsPingIsNotAnswered() {
    answering = false;
    startMqtt();
    loop.advance(Duration.ofSeconds(94));
    assertThat(dead).isNull();
    loop.advance(Duration.ofSeconds(2));
    assertThat(dead).isEqualTo(Duration.ofSeconds(95));
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void aDeadConnectionIsNoticedInSecondsWhileSomethingIsOwed() {
    answering = false;
    startMqtt();
    loop.advance(Duration.ofSeconds(30));
    send();
    loop.advance(Duration.ofMillis(4900));
    assertThat(pings).isZero();
    loop.advance(Duration.ofMillis(200));
    assertThat(pings).isEqualTo(1);
    loop.advance(Duration.ofMillis(4800));
    assertThat(dead).isNull();
    loop.advance(Duration.ofMillis(200));
    assertThat(dead).isNotNull();
  }

  /** An overdue debt does not stop the watch over the connection. */
  @Test
  void anOverdueDebtDoesNotEndTheWatch() {
    startMqtt();
    send();
    loop.advance(Duration.ofMinutes(9));
    assertThat(overdue).isEqualTo(4);
    assertThat(dead).isNull();
    messages.forgive();
    int before = pings;
    loop.advance(Duration.ofSeconds(200));
    assertThat(pings - before).isBetween(2, 3);
    send();
    answering = false;
    loop.advance(Duration.ofSeconds(11));
    assertThat(dead).isNotNull();
  }

  /** Requests that overlap for longer than telemetry's limit. */
  @Test
  void overlappingRequestsLeaveTheWatchAlone() {
    PendingRequests<Long, String> twin =
        new PendingRequests<>(debts, "twin operation", 100, Duration.ofSeconds(30));
    startMqtt();
    for (long id = 1; id < 400; id++) {
      var ignored = twin.register(id);
      twin.sent(id, 0);
      loop.advance(SECOND);
      lastReceived = loop.nanoTime();
      if (id > 1) {
        twin.answer(id - 1, "");
      }
    }
    assertThat(overdue).isZero();
    assertThat(dead).isNull();
    answering = false;
    loop.advance(Duration.ofSeconds(11));
    assertThat(dead).isNotNull();
  }

  /** A request that timed out left its wait to telemetry. */
  @Test
  void aRequestThatTimedOutLeavesNothingBehind() {
    PendingRequests<Long, String> twin =
        new PendingRequests<>(debts, "twin operation", 100, Duration.ofSeconds(30));
    startMqtt();
    var failed = twin.register(1L);
    twin.sent(1L, 0);
    loop.advance(Duration.ofSeconds(222));
    assertThat(failed).isCompletedExceptionally();
    send();
    loop.advance(SECOND);
    assertThat(overdue).isZero();
    answering = false;
    loop.advance(Duration.ofSeconds(10));
    assertThat(dead).isNotNull();
    assertThat(overdue).isZero();
  }

  @Test
  void aHubThatAnswersPingsOnlyIsAlive() {
    startMqtt();
    send();
    loop.advance(Duration.ofSeconds(119));
    assertThat(dead).isNull();
    assertThat(pings).isBetween(10, 24);
  }

  @Test
  void thereIsNoPingWhileAnswersCome() {
    startMqtt();
    for (int i = 0; i < 60; i++) {
      send();
      loop.advance(SECOND);
      lastReceived = loop.nanoTime();
      messages.paid();
    }
    assertThat(pings).isZero();
  }

  @Test
  void theWaitCountsFromItsBeginning() {
    startMqtt();
    loop.advance(Duration.ofSeconds(80));
    send();
    loop.advance(Duration.ofSeconds(4));
    assertThat(pings).isZero();
  }

  @Test
  void aSlowConnectionGetsItsTime() {
    answering = false;
    startMqtt();
    messages.owe(100 * Debts.SLOWEST_BYTES_A_SECOND);
    loop.advance(Duration.ofSeconds(100));
    assertThat(dead).isNull();
    loop.advance(Duration.ofSeconds(11));
    assertThat(dead).isNotNull();
  }

  @Test
  void itLeavesNoAlarmBehind() {
    startMqtt();
    send();
    liveness.stop();
    debts.stop();
    assertThat(loop.time.alarms()).isZero();
    loop.advance(Duration.ofMinutes(9));
    assertThat(pings).isZero();
  }

  @Test
  void aShortKeepAliveGoesOnAfterEachAnswer() {
    liveness.keepAlive(SECOND).start();
    loop.advance(Duration.ofSeconds(20));
    assertThat(pings).isBetween(20, 23);
  }

  /** Where a test moves the clock by hand, the answer has the time of the ping. */
  @Test
  void anAnswerInTheSameInstantCounts() {
    startMqtt();
    send();
    answering = false;
    loop.advance(Duration.ofSeconds(5));
    assertThat(pings).isEqualTo(1);
    lastReceived = loop.nanoTime();
    loop.advance(Duration.ofSeconds(5));
    assertThat(dead).isNull();
    assertThat(pings).isEqualTo(2);
  }

  @Test
  void aHeartbeatComesAtHalfOfThePeersTimeOut() {
    answering = false;
    liveness.peerIdleTimeout(Duration.ofSeconds(60)).start();
    loop.advance(Duration.ofSeconds(29));
    assertThat(heartbeats).isZero();
    loop.advance(Duration.ofSeconds(62));
    assertThat(heartbeats).isEqualTo(3);
    assertThat(pings).isZero();
    assertThat(dead).isNull();
  }

  @Test
  void aHeartbeatThatFindsNoRoomIsNotTriedAtOnceAgain() {
    sending = false;
    liveness.peerIdleTimeout(Duration.ofSeconds(60)).start();
    loop.advance(Duration.ofSeconds(50));
    assertThat(heartbeats).isEqualTo(5);
  }

  @Test
  void aSilentPeerIsDeadAfterTheIdleTimeOut() {
    liveness.idleTimeout(Duration.ofMinutes(4)).start();
    loop.advance(Duration.ofSeconds(239));
    lastReceived = loop.nanoTime();
    loop.advance(Duration.ofSeconds(239));
    assertThat(dead).isNull();
    loop.advance(Duration.ofSeconds(1));
    assertThat(dead).isEqualTo(Duration.ofMinutes(4));
    assertThat(pings).isZero();
  }

  @Test
  void whereNothingIsEverDueThereIsNoAlarm() {
    liveness.start();
    assertThat(loop.time.alarms()).isZero();
    answering = false;
    send();
    loop.advance(Duration.ofSeconds(10));
    assertThat(dead).isNotNull();
  }

  /** Messages that come one at a time cost an alarm only every few seconds. */
  @Test
  void aMessageCostsNoAlarm() {
    startMqtt();
    long before = loop.time.scheduled();
    for (int i = 0; i < 10_000; i++) {
      send();
      loop.advance(Duration.ofMillis(1));
      lastReceived = loop.nanoTime();
      messages.paid();
    }
    assertThat(loop.time.scheduled() - before).isLessThan(10);
  }
}
