package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LivenessTest implements Liveness.Connection {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualLoop loop = new ManualLoop();
  private final Liveness liveness =
      new Liveness(
          loop,
          this,
          Duration.ofSeconds(100),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMinutes(2));

  private boolean waiting;
  private boolean answering = true;
  private long bytes;
  private long lastReceived = loop.nanoTime();
  private long lastSent = loop.nanoTime();
  private int pings;
  private long answers;
  private @Nullable Duration dead;
  private @Nullable Duration unanswered;

  @Override
  public boolean waiting() {
    return waiting;
  }

  @Override
  public long bytesUnderWay() {
    return bytes;
  }

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
    pings++;
    lastSent = loop.nanoTime();
    if (answering) {
      loop.schedule(Duration.ofMillis(10), () -> lastReceived = loop.nanoTime());
    }
  }

  @Override
  public void dead(Duration waited) {
    assertThat(dead).isNull();
    dead = waited;
  }

  @Override
  public long answers() {
    return answers;
  }

  @Override
  public void unanswered(Duration waited) {
    assertThat(unanswered).isNull();
    unanswered = waited;
  }

  private void send() {
    waiting = true;
    lastSent = loop.nanoTime();
    liveness.watch();
  }

  @Test
  void pingsOnlyForTheKeepAliveWhileNothingWaits() {
    liveness.start();
    loop.advance(Duration.ofSeconds(89));
    assertThat(pings).isZero();
    loop.advance(Duration.ofSeconds(2));
    assertThat(pings).isEqualTo(1);
    loop.advance(Duration.ofSeconds(900));
    assertThat(pings).isBetween(10, 11);
    assertThat(dead).isNull();
  }

  @Test
  void givesAnIdleLineUpWhenItsPingIsNotAnswered() {
    answering = false;
    liveness.start();
    loop.advance(Duration.ofSeconds(94));
    assertThat(dead).isNull();
    loop.advance(Duration.ofSeconds(2));
    assertThat(dead).isNotNull();
    assertThat(loop.pending()).isZero();
  }

  @Test
  void givesTheLineUpInSecondsWhileSomethingWaits() {
    answering = false;
    liveness.start();
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

  @Test
  void goesOnForAWhileWhileThePeerAnswersPings() {
    liveness.start();
    send();
    loop.advance(Duration.ofSeconds(119));
    assertThat(dead).isNull();
    assertThat(unanswered).isNull();
    assertThat(pings).isBetween(10, 24);
  }

  @Test
  void givesASessionUpWhoseHubAnswersNothingButPings() {
    liveness.start();
    loop.advance(Duration.ofSeconds(30));
    send();
    loop.advance(Duration.ofSeconds(131));
    assertThat(unanswered).isGreaterThanOrEqualTo(Duration.ofMinutes(2));
    assertThat(dead).isNull();
    assertThat(loop.pending()).isZero();
  }

  @Test
  void keepsASessionWhoseHubAnswersNowAndThen() {
    liveness.start();
    send();
    for (int i = 0; i < 20; i++) {
      loop.advance(Duration.ofSeconds(100));
      answers++;
      lastReceived = loop.nanoTime();
    }
    assertThat(unanswered).isNull();
  }

  @Test
  void doesNotCountTheTimeInWhichNothingWasOwed() {
    liveness.start();
    send();
    loop.advance(SECOND);
    answers++;
    waiting = false;
    liveness.rest();
    loop.advance(Duration.ofHours(1));
    send();
    loop.advance(Duration.ofSeconds(100));
    assertThat(unanswered).isNull();
  }

  @Test
  void doesNotPingWhileAnswersCome() {
    liveness.start();
    for (int i = 0; i < 60; i++) {
      send();
      loop.advance(SECOND);
      lastReceived = loop.nanoTime();
      waiting = false;
      liveness.rest();
    }
    assertThat(pings).isZero();
  }

  @Test
  void countsTheWaitFromItsBeginning() {
    // Nothing came for long, for nothing was asked: that is no sign of a dead line.
    liveness.start();
    loop.advance(Duration.ofSeconds(80));
    send();
    loop.advance(Duration.ofSeconds(4));
    assertThat(pings).isZero();
  }

  @Test
  void allowsASlowLineItsTime() {
    answering = false;
    bytes = 100 * Liveness.SLOWEST_BYTES_A_SECOND;
    liveness.start();
    send();
    loop.advance(Duration.ofSeconds(100));
    assertThat(dead).isNull();
    loop.advance(Duration.ofSeconds(11));
    assertThat(dead).isNotNull();
  }

  @Test
  void leavesNoAlarmBehind() {
    liveness.start();
    send();
    liveness.stop();
    assertThat(loop.pending()).isZero();
    loop.advance(Duration.ofMinutes(9));
    assertThat(pings).isZero();
  }

  @Test
  void keepsAShortKeepAliveWhileItWaitsForAPing() {
    Liveness eager =
        new Liveness(
            loop,
            this,
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofMinutes(2));
    eager.start();
    loop.advance(Duration.ofSeconds(20));
    assertThat(pings).isBetween(20, 23);
    eager.stop();
  }
}
