package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.AMQP_WS;
import static dev.fairlead.Protocol.HTTPS;
import static dev.fairlead.Protocol.MQTT;
import static dev.fairlead.Protocol.MQTT_WS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.ConnectionState.Unauthorized;
import dev.fairlead.DeviceClient;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When each route is tried, and when the client stays on its route. */
class FallbackTest extends MemoryCase {
  private static final Protocol[] ALL = {MQTT, MQTT_WS, AMQP, AMQP_WS, HTTPS};

  @Test
  void theWholePlanIsWalkedAndThenTheClientBacksOff() {
    hub.setReachable(false);
    DeviceClient client = started(builder(ALL));
    List<Route> plan = routes(ALL);
    for (int round = 1; round <= 12; round++) {
      int all = round * ALL.length;
      through(
          () -> hub.attempts().size() == all && client.state() instanceof ConnectionState.Waiting);
      ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
      assertThat(hub.attempts().subList(all - ALL.length, all)).containsExactlyElementsOf(plan);
      assertThat(state.attempt()).isEqualTo(round);
      assertThat(state.failure()).isInstanceOf(UnreachableException.class);
      assertThat(state.failure().getSuppressed()).hasSize(ALL.length - 1);
      Duration bound = Duration.ofSeconds(Math.min(120, 20L << (round - 1)));
      assertThat(Duration.between(time.now(), state.next())).isBetween(Duration.ZERO, bound);
      advanceToNextTry(client);
    }
    assertThat(client.open()).isNotDone();
  }

  @Test
  void nothingIsTriedBeforeItsTime() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT, AMQP));
    for (int round = 1; round <= 6; round++) {
      ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
      int attempts = hub.attempts().size();
      assertThat(attempts).isEqualTo(round * 2);
      Duration left = untilNextTry(client);
      if (left.compareTo(Duration.ofMillis(1)) > 0) {
        time.advance(left.minusNanos(1));
        assertThat(client.state()).isSameAs(state);
        assertThat(hub.attempts()).hasSize(attempts);
      }
      advanceToNextTry(client);
      int next = (round + 1) * 2;
      through(
          () -> hub.attempts().size() == next && client.state() instanceof ConnectionState.Waiting);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Stage.class,
      names = {"RESOLVE", "CONNECT", "TLS", "OPEN"})
  void aRouteThatFailsAtAnyStageGivesWayToTheNext(Stage stage) {
    hub.faults()
        .add(
            InMemoryFault.fail(Point.valueOf(stage.name()), unreachable(stage))
                .on(route(MQTT))
                .always());
    DeviceClient client = opened(builder(ALL));
    assertThat(client.state().route()).contains(route(MQTT_WS));
    assertThat(hub.attempts()).containsExactly(route(MQTT), route(MQTT_WS));
  }

  @Test
  void aRefusedRouteGivesWayToTheNext() {
    hub.faults()
        .add(
            InMemoryFault.fail(Point.OPEN, new RejectedException("scripted", Progress.NOT_SENT))
                .on(route(MQTT)));
    DeviceClient client = opened(builder(MQTT, AMQP));
    assertThat(client.state().route()).contains(route(AMQP));
  }

  @Test
  void aSilentRouteGivesWayWhenItsTimeIsUp() {
    hub.faults().add(InMemoryFault.silence(Point.TLS).on(route(MQTT)));
    DeviceClient client = started(builder(MQTT, AMQP).openTimeout(Duration.ofSeconds(30)));
    Await.until("the connection is open", () -> hub.openConnections() == 1);
    time.advance(Duration.ofSeconds(30).minusNanos(1));
    assertThat(client.state().route()).contains(route(MQTT));
    time.advance(Duration.ofNanos(1));
    Await.result(client.open());
    assertThat(client.state().route()).contains(route(AMQP));
    assertThat(hub.openConnections()).isEqualTo(1);
  }

  @Test
  void aFailedRouteIsPostponedThenTakesItsPlaceAgain() {
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(MQTT)));
    DeviceClient client = opened(builder(MQTT, AMQP));
    assertThat(client.plan().routes()).containsExactly(route(AMQP), route(MQTT));
    time.advance(Duration.ofMinutes(10));
    assertThat(client.plan().routes()).containsExactly(route(MQTT), route(AMQP));
    // A working session is never dropped for a better route.
    assertThat(client.state().route()).contains(route(AMQP));
    device.cut();
    tickUntil("on the better route again", () -> isConnectedOn(client, MQTT));
    assertThat(hub.attempts()).containsExactly(route(MQTT), route(AMQP), route(MQTT));
  }

  @Test
  void aLostSessionIsOpenedAgainOnItsOwnRoute() {
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(MQTT)));
    DeviceClient client = opened(builder(MQTT, AMQP));
    device.cut();
    tickUntil("again", () -> hub.attempts().size() == 3);
    assertThat(hub.attempts().get(2)).isEqualTo(route(AMQP));
    tickUntil("connected", () -> isConnectedOn(client, AMQP));
  }

  @Test
  void throttlingWhileOpeningKeepsTheRouteAndWaitsAsAsked() {
    ThrottledException throttled =
        new ThrottledException("scripted", Progress.NOT_SENT, Duration.ofSeconds(90));
    hub.faults().add(InMemoryFault.fail(Point.OPEN, throttled).on(route(MQTT)).times(3));
    DeviceClient client = started(builder(MQTT, AMQP));
    for (int attempt = 1; attempt <= 3; attempt++) {
      int attempts = attempt;
      through(
          () ->
              hub.attempts().size() == attempts
                  && client.state() instanceof ConnectionState.Throttled);
      ConnectionState.Throttled state = awaitState(client, ConnectionState.Throttled.class);
      assertThat(state.failure()).isSameAs(throttled);
      assertThat(state.next()).isAfterOrEqualTo(time.now().plusSeconds(90));
      advanceToNextTry(client);
    }
    Await.result(client.open());
    assertThat(hub.attempts()).containsOnly(route(MQTT)).hasSize(4);
  }

  @Test
  void throttlingOfAnOpenSessionKeepsRouteAndMessages() {
    DeviceClient client = opened(builder(MQTT, AMQP));
    hub.faults()
        .add(
            InMemoryFault.fail(
                    Point.BEFORE_STORE,
                    new ThrottledException("scripted", Progress.MAYBE_SENT, Duration.ofSeconds(60)))
                .nth(3));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 10);
    ConnectionState.Throttled state = awaitState(client, ConnectionState.Throttled.class);
    assertThat(state.next()).isAfterOrEqualTo(time.now().plusSeconds(60));
    advanceToNextTry(client);
    sent.forEach(Await::result);
    assertThat(received()).containsExactlyElementsOf(texts(0, 10));
    assertThat(hub.attempts()).containsExactly(route(MQTT), route(MQTT));
  }

  @Test
  void aRefusedCredentialIsRenewedOnceThenTriedSlowlyOnTheSameRoute() {
    device.setEnabled(false);
    DeviceClient client = started(builder(ALL));
    for (int attempt = 2; attempt <= 12; attempt++) {
      int attempts = attempt;
      through(() -> hub.attempts().size() == attempts && client.state() instanceof Unauthorized);
      Unauthorized state = awaitState(client, Unauthorized.class);
      assertThat(state.via()).isEqualTo(route(MQTT));
      assertThat(state.attempt()).isEqualTo(attempt);
      assertThat(Duration.between(time.now(), state.next()))
          .isBetween(Duration.ofMinutes(1), Duration.ofMinutes(15));
      assertThat(state.clockDoubt()).isPresent();
      advanceToNextTry(client);
    }
    device.setEnabled(true);
    tickUntil("connected", () -> isConnectedOn(client, MQTT));
    assertThat(hub.attempts()).containsOnly(route(MQTT));
  }

  @Test
  void aTokenRefusedOnceIsReplacedAtOnce() {
    hub.faults()
        .add(
            InMemoryFault.fail(
                Point.OPEN, new UnauthorizedException("scripted", Progress.NOT_SENT)));
    DeviceClient client = opened(builder(MQTT, AMQP));
    assertThat(client.state()).isInstanceOf(Connected.class);
    assertThat(hub.attempts()).containsExactly(route(MQTT), route(MQTT));
  }

  @Test
  void aClientMayStopWhenUnauthorized() throws Exception {
    device.setEnabled(false);
    DeviceClient client =
        started(
            builder(MQTT, AMQP).retry(RetryPolicy.builder().stopWhenUnauthorized(true).build()));
    assertThat(Await.failure(client.open())).isInstanceOf(UnauthorizedException.class);
    client.awaitClosed();
    assertThat(client.state())
        .isInstanceOfSatisfying(
            ConnectionState.Closed.class,
            state -> assertThat(state.failure()).get().isInstanceOf(UnauthorizedException.class));
    assertThat(hub.attempts()).hasSize(2);
  }

  @Test
  void aClientMayGiveUp() {
    hub.setReachable(false);
    DeviceClient client =
        started(
            builder(MQTT).retry(RetryPolicy.builder().giveUpAfter(Duration.ofMinutes(5)).build()));
    CompletableFuture<Void> sent = client.send(text("m0"));
    Instant start = time.now();
    tickUntil("given up", () -> client.state() instanceof ConnectionState.Closed);
    assertThat(Duration.between(start, time.now())).isGreaterThanOrEqualTo(Duration.ofMinutes(5));
    assertThat(Await.failure(client.open())).isInstanceOf(UnreachableException.class);
    assertThat(Await.failure(sent)).isNotNull();
  }

  @Test
  void aDoubtAboutTheClockShows() {
    hub.faults()
        .add(
            InMemoryFault.fail(
                    Point.TLS, unreachable(Stage.TLS).withClockEvidence("scripted evidence"))
                .always());
    DeviceClient client = started(builder(MQTT, AMQP));
    assertThat(awaitState(client, ConnectionState.Waiting.class).clockDoubt())
        .contains("scripted evidence");
  }

  private static boolean isConnectedOn(DeviceClient client, Protocol protocol) {
    return client.state() instanceof Connected state && state.via().equals(route(protocol));
  }

  private static void through(java.util.concurrent.Callable<Boolean> condition) {
    Await.until("the attempts are done", condition);
  }

  private static List<Route> routes(Protocol... protocols) {
    return new ArrayList<>(Arrays.stream(protocols).map(MemoryCase::route).toList());
  }

  @Test
  void aDoubtAboutTheClockShowsWhicheverRouteRaisedIt() {
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(MQTT)));
    hub.faults()
        .add(
            InMemoryFault.fail(
                    Point.TLS, unreachable(Stage.TLS).withClockEvidence("scripted evidence"))
                .on(route(MQTT_WS)));
    DeviceClient client = started(builder(MQTT, MQTT_WS));
    assertThat(awaitState(client, ConnectionState.Waiting.class).clockDoubt())
        .contains("scripted evidence");
  }

  @Test
  void aFailureThatComesAgainDoesNotGrow() {
    UnreachableException first = unreachable(Stage.CONNECT);
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, first).on(route(MQTT)).always());
    hub.faults()
        .add(
            InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(AMQP)).always());
    DeviceClient client = started(builder(MQTT, AMQP));
    for (int round = 1; round <= 20; round++) {
      int attempts = round * 2;
      through(
          () ->
              hub.attempts().size() == attempts
                  && client.state() instanceof ConnectionState.Waiting);
      advanceToNextTry(client);
    }
    assertThat(first.getSuppressed()).hasSizeLessThanOrEqualTo(1);
  }
}
