package dev.fairlead.tck;

import static dev.fairlead.Protocol.HTTPS;
import static dev.fairlead.Protocol.MQTT;
import static dev.fairlead.Protocol.MQTT_WS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/**
 * A client only changes to a polling route after pushing ones have failed for a while, and does not
 * keep it forever.
 */
class WorseClassTest extends MemoryCase {
  private static final Duration STEP = Duration.ofSeconds(15);

  private void block(Protocol protocol) {
    hub.faults()
        .add(
            InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT))
                .on(route(protocol))
                .always());
  }

  private long attempts(Protocol protocol) {
    return hub.attempts().stream().filter(route(protocol)::equals).count();
  }

  private static boolean isOn(DeviceClient client, Protocol protocol) {
    return client.state() instanceof Connected now && now.via().equals(route(protocol));
  }

  private static boolean says(DeviceClient client, String remark) {
    return client.state() instanceof Connected now
        && now.remarks().stream().anyMatch(each -> each.contains(remark));
  }

  private static Connected connected(DeviceClient client) {
    return (Connected) client.state();
  }

  private DeviceClient onHttps(DeviceClientBuilder builder) {
    block(MQTT);
    block(MQTT_WS);
    DeviceClient client = opened(builder);
    assertThat(client.state().route()).contains(route(HTTPS));
    return client;
  }

  /** Moves time in steps and waits for the client after each, which may have no session. */
  private void pass(DeviceClient client, Duration by) {
    Instant end = time.now().plus(by);
    while (time.now().isBefore(end)) {
      time.advance(STEP);
      atRest(client);
    }
  }

  // --- when it is chosen ---

  @Test
  void theFirstWalkMayEndOnIt() {
    onHttps(builder(MQTT, MQTT_WS, HTTPS));
    assertThat(hub.attempts()).containsExactly(route(MQTT), route(MQTT_WS), route(HTTPS));
  }

  @Test
  void onceAnotherHasWorkedItIsTakenAfterTenMinutesOnly() {
    DeviceClient client = opened(builder(MQTT, HTTPS));
    block(MQTT);
    Instant lost = time.now();
    device.cut();
    tickUntil("it polls", () -> isOn(client, HTTPS));
    assertThat(Duration.between(lost, time.now())).isGreaterThanOrEqualTo(Duration.ofMinutes(10));
    assertThat(attempts(MQTT)).isGreaterThan(3);
    assertThat(attempts(HTTPS)).isEqualTo(1);
  }

  @Test
  void aRouteThatComesBackBeginsTheTimeAnew() {
    DeviceClient client = opened(builder(MQTT, HTTPS));
    for (int i = 0; i < 5; i++) {
      block(MQTT);
      device.cut();
      pass(client, Duration.ofMinutes(8));
      hub.faults().clear();
      tickUntil("back", () -> isOn(client, MQTT));
    }
    assertThat(attempts(HTTPS)).isZero();
  }

  // --- when it is left ---

  @Test
  void betterOnesAreTriedBesideItEverMoreSeldom() {
    DeviceClient client = onHttps(builder(MQTT, MQTT_WS, HTTPS));
    Connected first = connected(client);
    assertThat(first.remarks()).anyMatch(each -> each.contains("tried beside it, next at"));
    pass(client, Duration.ofSeconds(30));
    assertThat(attempts(MQTT)).isEqualTo(1);
    pass(client, Duration.ofSeconds(60));
    Await.until("both have failed", () -> says(client, "over " + route(MQTT_WS) + " failed: "));
    assertThat(attempts(MQTT)).isEqualTo(2);
    assertThat(attempts(MQTT_WS)).isEqualTo(2);
    pass(client, Duration.ofHours(24));
    // 1, 2, 4 … 32 minutes, then each hour, each drawn between 3/4 and 5/4.
    assertThat(attempts(MQTT)).isBetween(22L, 36L);
    assertThat(attempts(HTTPS)).isEqualTo(1);
    assertThat(connected(client).since()).isEqualTo(first.since());
    assertThat(connected(client).remarks())
        .anyMatch(each -> each.contains("The last try over " + route(MQTT_WS) + " failed: "));
    assertThat(hub.openConnections()).isEqualTo(1);
  }

  @Test
  void aBetterOneIsOpenBeforeItIsClosed() {
    List<ConnectionState> states = new CopyOnWriteArrayList<>();
    DeviceClient client = onHttps(builder(MQTT, MQTT_WS, HTTPS).onConnectionState(states::add));
    hub.faults().clear();
    states.clear();
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int second = 0; second < 90; second++) {
      sent.addAll(sendAll(client, sent.size(), sent.size() + 20));
      time.advance(Duration.ofSeconds(1));
    }
    tickUntil("it pushes", () -> isOn(client, MQTT));
    sent.forEach(Await::result);
    assertThat(received()).containsExactlyElementsOf(texts(0, sent.size()));
    Await.until("the states are reported", () -> !states.isEmpty());
    assertThat(states).allMatch(state -> state instanceof Connected);
    assertThat(connected(client).remarks()).isEmpty();
    Await.until("the old connection is closed", () -> hub.openConnections() == 1);
    assertThat(attempts(MQTT)).isEqualTo(2);
    assertThat(attempts(HTTPS)).isEqualTo(1);
  }

  @Test
  void whatTheOldOneHoldsIsNotSentByTheNewOneBeforeItsEnd() {
    DeviceClient client = onHttps(builder(MQTT, HTTPS));
    hub.faults().clear();
    hub.faults().add(InMemoryFault.silence(Point.BEFORE_ACK).on(route(HTTPS)));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 5);
    Await.until("the hub has one", () -> received().size() == 1);
    tickUntil("it is open beside", () -> attempts(MQTT) == 2 && hub.openConnections() == 2);
    atRest(client);
    assertThat(received()).hasSize(1);
    assertThat(client.state().route()).contains(route(HTTPS));
    tickUntil("it pushes", () -> isOn(client, MQTT));
    sent.forEach(Await::result);
    // Messages in flight are sent again, in order, after the old session was cut.
    assertThat(received()).containsExactly("m0", "m0", "m1", "m2", "m3", "m4");
  }

  @Test
  void aRefusalOrThrottlingOfTheNewOneLeavesTheOldOne() {
    DeviceClient client = onHttps(builder(MQTT, MQTT_WS, HTTPS));
    Instant since = connected(client).since();
    hub.faults().clear();
    hub.faults()
        .add(
            InMemoryFault.fail(Point.OPEN, new UnauthorizedException("refused", Progress.NOT_SENT))
                .on(route(MQTT)));
    pass(client, Duration.ofSeconds(90));
    Await.until("it is refused", () -> says(client, "failed: refused"));
    assertThat(attempts(MQTT)).isEqualTo(2);
    assertThat(attempts(MQTT_WS)).isEqualTo(1);
    hub.faults()
        .add(
            InMemoryFault.fail(
                    Point.OPEN,
                    new ThrottledException("throttled", Progress.NOT_SENT, Duration.ofHours(2)))
                .on(route(MQTT)));
    pass(client, Duration.ofMinutes(5));
    Await.until("it is throttled", () -> says(client, "failed: throttled"));
    pass(client, Duration.ofMinutes(110));
    assertThat(attempts(MQTT)).isEqualTo(3);
    assertThat(attempts(MQTT_WS)).isEqualTo(1);
    assertThat(connected(client).since()).isEqualTo(since);
    pass(client, Duration.ofMinutes(10));
    tickUntil("it pushes", () -> isOn(client, MQTT));
  }

  @Test
  void aSilentOneIsGivenUpAfterItsTime() {
    DeviceClient client = onHttps(builder(MQTT, HTTPS).openTimeout(Duration.ofSeconds(30)));
    hub.faults().clear();
    hub.faults().add(InMemoryFault.silence(Point.TLS).on(route(MQTT)));
    tickUntil("it is beside", () -> hub.openConnections() == 2);
    pass(client, Duration.ofSeconds(30));
    Await.until("it is closed", () -> hub.openConnections() == 1);
    Await.until("the state explains it", () -> says(client, "was not open within 30 s"));
    tickUntil("it pushes", () -> isOn(client, MQTT));
  }

  @Test
  void closingWhileOneIsTriedLeavesNothing() {
    DeviceClient client = onHttps(builder(MQTT, HTTPS));
    hub.faults().clear();
    hub.faults().add(InMemoryFault.silence(Point.TLS).on(route(MQTT)));
    tickUntil("it is beside", () -> hub.openConnections() == 2);
    closeNow(client);
    Await.until("both are closed", () -> hub.openConnections() == 0);
    assertThat(time.pending()).isZero();
  }

  @Test
  void closingWhileTheOldOneEndsLeavesNothing() {
    DeviceClient client = onHttps(builder(MQTT, HTTPS));
    hub.faults().clear();
    hub.faults().add(InMemoryFault.silence(Point.BEFORE_ACK).on(route(HTTPS)));
    sendAll(client, 0, 1);
    Await.until("the hub has one", () -> received().size() == 1);
    tickUntil("it is open beside", () -> device.connectionsSoFar() == 2);
    closeNow(client);
    Await.until("both are closed", () -> hub.openConnections() == 0);
    assertThat(time.pending()).isZero();
  }

  @Test
  void aNewOneThatIsLostAtOnceCostsOneMoreOpening() {
    DeviceClient client = onHttps(builder(MQTT, HTTPS));
    hub.faults().clear();
    hub.faults().add(InMemoryFault.silence(Point.BEFORE_ACK).on(route(HTTPS)));
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.until("the hub has one", () -> received().size() == 1);
    tickUntil("it is open beside", () -> device.connectionsSoFar() == 2);
    device.cut();
    tickUntil("it pushes", () -> isOn(client, MQTT));
    Await.result(sent);
    assertThat(attempts(MQTT)).isEqualTo(3);
  }

  @Test
  void anOldOneThatIsLostMeanwhileIsAnOrdinaryLoss() {
    DeviceClient client = onHttps(builder(MQTT, HTTPS));
    hub.faults().clear();
    hub.faults().add(InMemoryFault.silence(Point.TLS).on(route(MQTT)));
    tickUntil("it is beside", () -> hub.openConnections() == 2);
    hub.cutOldestConnection();
    tickUntil("it pushes", () -> isOn(client, MQTT));
    Await.until("the second connection is closed", () -> hub.openConnections() == 1);
  }

  @Test
  void whoPrefersItOrConnectsRarelyIsLeftThere() {
    block(MQTT);
    DeviceClient client =
        opened(
            builder(MQTT, HTTPS).policy(TransportPolicy.builder().rarelyConnected(true).build()));
    pass(client, Duration.ofHours(2));
    List<Route> once = List.of(route(MQTT), route(HTTPS));
    assertThat(hub.attempts()).isEqualTo(once);
    assertThat(connected(client).remarks()).noneMatch(each -> each.contains("beside"));
  }

  @Test
  void thePlanSaysSo() {
    DeviceClient client = built(builder(MQTT, HTTPS));
    assertThat(client.plan().explain()).contains("LAST_RESORT");
    assertThat(client.plan().betterClass(route(HTTPS))).containsExactly(route(MQTT));
    assertThat(client.plan().betterClass(route(MQTT))).isEmpty();
  }
}
