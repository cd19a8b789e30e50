package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.Progress;
import dev.fairlead.TakenOverException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.auth.Credentials;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** When the client reconnects after the loss of its session. */
class ReconnectTest extends MemoryCase {
  @Test
  void theFirstAttemptAfterALossIsSpreadOverTenSeconds() {
    DeviceClient client = opened(builder(MQTT));
    List<Duration> delays = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int connections = i + 1;
      Await.until("a connection", () -> device.connectionsSoFar() == connections);
      awaitState(client, Connected.class);
      time.advance(Duration.ofSeconds(60)); // stable
      device.cut();
      ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
      delays.add(Duration.between(time.now(), state.next()));
      advanceToNextTry(client);
    }
    assertThat(delays).allMatch(delay -> delay.compareTo(Duration.ofSeconds(10)) <= 0);
    // Evenly spread: 40 draws all below, or all above, a half happen once in 2^40 runs.
    assertThat(delays).anyMatch(delay -> delay.compareTo(Duration.ofSeconds(5)) < 0);
    assertThat(delays).anyMatch(delay -> delay.compareTo(Duration.ofSeconds(5)) > 0);
    Await.until("a connection", () -> device.connectionsSoFar() == 41);
  }

  @Test
  void theCountOfRoundsStartsAnewOnlyAfterAStableSession() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    for (int round = 1; round <= 4; round++) {
      int attempts = round;
      Await.until(
          "round " + round,
          () ->
              hub.attempts().size() == attempts
                  && client.state() instanceof ConnectionState.Waiting);
      if (round < 4) {
        advanceToNextTry(client);
      }
    }
    hub.setReachable(true);
    advanceToNextTry(client);
    awaitState(client, Connected.class);

    time.advance(Duration.ofSeconds(59));
    assertThat(roundAfterALoss(client)).isGreaterThan(4);

    awaitState(client, Connected.class);
    time.advance(Duration.ofSeconds(60));
    assertThat(roundAfterALoss(client)).isEqualTo(1);
  }

  /** Loses the session, fails one round, and reconnects; returns the number of the failed round. */
  private int roundAfterALoss(DeviceClient client) {
    hub.faults().clear();
    int before = hub.attempts().size();
    hub.faults()
        .add(
            InMemoryFault.fail(
                Point.CONNECT, unreachable(dev.fairlead.UnreachableException.Stage.CONNECT)));
    device.cut();
    awaitState(client, ConnectionState.Waiting.class);
    advanceToNextTry(client);
    Await.until(
        "the round has failed",
        () ->
            hub.attempts().size() == before + 1
                && client.state() instanceof ConnectionState.Waiting);
    int round = client.state().attempt();
    advanceToNextTry(client);
    awaitState(client, Connected.class);
    return round;
  }

  @Test
  void aRefusalOfAnOpenSessionRenewsAndReturnsAtOnce() {
    DeviceClient client = opened(builder(MQTT, AMQP));
    hub.faults()
        .add(
            InMemoryFault.fail(
                Point.BEFORE_STORE, new UnauthorizedException("scripted", Progress.MAYBE_SENT)));
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.result(sent); // without time moving: the credential was renewed once
    assertThat(hub.attempts()).containsExactly(route(MQTT), route(MQTT));
  }

  @Test
  void everyChangeOfStateIsHeardInOrder() {
    List<ConnectionState> heard = new CopyOnWriteArrayList<>();
    DeviceClient client = built(builder(MQTT).onConnectionState(heard::add));
    assertThat(client.state()).isInstanceOf(ConnectionState.NotOpened.class);
    Await.result(client.open());
    device.cut();
    awaitState(client, ConnectionState.Waiting.class);
    advanceToNextTry(client);
    Await.until("again", () -> device.connectionsSoFar() == 2);
    awaitState(client, Connected.class);
    closeNow(client);
    Await.until("closed", () -> heard.size() == 6);
    assertThat(heard.stream().map(state -> state.getClass().getSimpleName()).toList())
        .containsExactly("Connecting", "Connected", "Waiting", "Connecting", "Connected", "Closed");
  }

  @Test
  void orderlyReopeningsAreNoFailures() {
    DeviceClient client =
        opened(
            builder(MQTT)
                .credentials(Credentials.sharedAccessKey(device.key(), Duration.ofMinutes(1))));
    pass(
        client,
        Duration.ofMinutes(20),
        Duration.ofSeconds(2)); // 20 renewals or more, each by a new session
    assertThat(device.connectionsSoFar()).isGreaterThan(20);
    hub.setReachable(false);
    ConnectionState.Waiting lost = awaitState(client, ConnectionState.Waiting.class);
    assertThat(lost.attempt()).isZero();
    assertThat(Duration.between(time.now(), lost.next()))
        .isLessThanOrEqualTo(Duration.ofSeconds(10));
    advanceToNextTry(client);
    Await.until(
        "the first failed walk",
        () -> client.state() instanceof ConnectionState.Waiting now && now.attempt() == 1);
  }

  @Test
  void theLossOfAnUnstableSessionHasNoAttemptAndMakesTheNextWaitLonger() {
    DeviceClient client = opened(builder(MQTT));
    List<Duration> delays = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int connections = i + 1;
      Await.until("a connection", () -> device.connectionsSoFar() == connections);
      awaitState(client, Connected.class);
      device.cut();
      ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
      assertThat(state.attempt()).isZero();
      assertThat(state.toString()).doesNotContain("attempt");
      delays.add(Duration.between(time.now(), state.next()));
      advanceToNextTry(client);
    }
    assertThat(delays.get(0)).isLessThanOrEqualTo(Duration.ofSeconds(20));
    assertThat(delays.get(1)).isLessThanOrEqualTo(Duration.ofSeconds(40));
    assertThat(delays).anyMatch(it -> it.compareTo(Duration.ofSeconds(60)) > 0);
    Await.until("a connection", () -> device.connectionsSoFar() == 41);
  }

  @Test
  void aThrottledSessionComesBackNoSoonerThanALostOne() {
    DeviceClient client = opened(builder(MQTT));
    List<Duration> delays = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int connections = i + 1;
      Await.until("a connection", () -> device.connectionsSoFar() == connections);
      awaitState(client, Connected.class);
      time.advance(Duration.ofSeconds(60)); // stable
      hub.faults().clear();
      hub.faults()
          .add(
              InMemoryFault.fail(
                  Point.BEFORE_STORE,
                  new ThrottledException("scripted", Progress.MAYBE_SENT, null)));
      assertThat(client.send(text("m" + i))).isNotNull();
      ConnectionState.Throttled state = awaitState(client, ConnectionState.Throttled.class);
      assertThat(state.attempt()).isZero();
      delays.add(Duration.between(time.now(), state.next()));
      advanceToNextTry(client);
    }
    assertThat(delays).allMatch(delay -> delay.compareTo(Duration.ofSeconds(10)) <= 0);
    // Evenly spread: 40 draws all below a half happen once in 2^40 runs.
    assertThat(delays).anyMatch(delay -> delay.compareTo(Duration.ofSeconds(5)) > 0);
    Await.until("a connection", () -> device.connectionsSoFar() == 41);
  }

  @Test
  void aSecondClientIsGivenWayToForLongerEachTime() {
    DeviceClient client = opened(builder(AMQP));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 5);
    Duration least = Duration.ofSeconds(30);
    for (int times = 1; times <= 9; times++) {
      int now = times;
      hub.faults()
          .add(
              InMemoryFault.fail(
                  Point.BEFORE_STORE, new TakenOverException("scripted", Progress.MAYBE_SENT)));
      sent.add(client.send(text("m" + sent.size())));
      tickUntil(
          "taken over",
          () -> client.state() instanceof ConnectionState.TakenOver state && state.times() == now);
      ConnectionState.TakenOver state = (ConnectionState.TakenOver) client.state();
      assertThat(Duration.between(time.now(), state.next()))
          .isBetween(least.minusSeconds(1), least.multipliedBy(2));
      least = least.multipliedBy(2);
      if (least.compareTo(Duration.ofMinutes(30)) > 0) {
        least = Duration.ofMinutes(30);
      }
      advanceToNextTry(client);
    }
    tickUntil("all are through", () -> sent.stream().allMatch(CompletableFuture::isDone));
    sent.forEach(Await::result);
    assertThat(hub.attempts()).containsOnly(route(AMQP));
  }
}
