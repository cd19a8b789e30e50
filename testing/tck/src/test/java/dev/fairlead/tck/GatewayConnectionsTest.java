package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.AMQP_WS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.MaintenanceWindow;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When connections are opened, how devices are distributed over them, and how they end. */
class GatewayConnectionsTest extends GatewayCase {
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(30);

  private static <S extends ConnectionState> void awaitAll(
      List<DeviceClient> devices, Class<S> state) {
    Await.until(
        "all are " + state.getSimpleName(),
        () -> devices.stream().allMatch(each -> state.isInstance(each.state())));
  }

  // --- room ---

  @Test
  void oneDialServesAllWhoWait() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    opened(gateway, 300);
    assertThat(hub.attempts()).containsExactly(route(AMQP));
    assertThat(hub.devicesPerConnection()).containsExactly(300);
  }

  @Test
  void thereAreAsManyConnectionsAsNeededAndNoneOverItsLimit() {
    Gateway gateway = built(gatewayOver(like(AMQP), 10));
    for (int count = 1; count <= 35; count++) {
      DeviceClient next = opening(device(gateway, "dev-" + count));
      awaitState(next, Connected.class);
      assertThat(hub.openConnections()).isEqualTo((count - 1) / 10 + 1);
      assertThat(Collections.max(hub.devicesPerConnection())).isLessThanOrEqualTo(10);
    }
  }

  @Test
  void thoseWhoComeTogetherAreSpreadEvenly() {
    Gateway gateway = built(gatewayOver(like(AMQP), 10));
    List<DeviceClient> devices = opened(gateway, 25);
    hub.cutConnections();
    awaitAll(devices, ConnectionState.Waiting.class);
    tickUntil("all are back", () -> areConnected(devices));
    assertThat(hub.devicesPerConnection()).hasSize(3).allMatch(load -> load >= 7 && load <= 9);
  }

  @Test
  void thoseOfALostConnectionGetANewOneAndTheOthersStay() {
    Gateway gateway = built(gatewayOver(like(AMQP), 10));
    List<DeviceClient> devices = opened(gateway, 30);
    List<Integer> before = hub.devicesPerConnection();
    assertThat(before).containsExactly(10, 10, 10);
    hub.cutOldestConnection();
    Await.until(
        "ten have lost it",
        () ->
            devices.stream().filter(each -> each.state() instanceof ConnectionState.Waiting).count()
                == 10);
    List<ConnectionState> others =
        devices.stream().map(DeviceClient::state).filter(Connected.class::isInstance).toList();
    assertThat(others).hasSize(20);
    tickUntil("all are back", () -> areConnected(devices));
    assertThat(devices.stream().map(DeviceClient::state)).containsAll(others);
    assertThat(hub.devicesPerConnection()).containsExactly(10, 10, 10);
  }

  @Test
  void aTransportThatCarriesLessThanItOffersHasMoreConnections() {
    Gateway gateway = built(gatewayOver(like(AMQP).withCapacity(4)));
    List<DeviceClient> devices = opened(gateway, 10);
    assertThat(hub.devicesPerConnection()).containsExactly(2, 4, 4);
    hub.cutConnections();
    awaitAll(devices, ConnectionState.Waiting.class);
    tickUntil("all are back", () -> areConnected(devices));
    assertThat(hub.devicesPerConnection()).containsExactly(2, 4, 4);
    for (int i = 0; i < 10; i++) {
      assertThat(hub.device("dev-" + i).connectionsSoFar()).isEqualTo(2);
    }
  }

  @Test
  void aConnectionTooManyRunsEmptyAndCloses() {
    Gateway gateway = built(gatewayOver(like(AMQP), 10));
    List<DeviceClient> devices = opened(gateway, 20);
    assertThat(hub.devicesPerConnection()).containsExactly(10, 10);
    for (int i = 0; i < 15; i++) {
      closeOf(devices.get(i));
    }
    // Five are left; new devices join the fuller connection.
    int fullest = Collections.max(hub.devicesPerConnection());
    for (int i = 0; i < 3; i++) {
      awaitState(opening(device(gateway, "new-" + i)), Connected.class);
    }
    assertThat(Collections.max(hub.devicesPerConnection())).isEqualTo(fullest + 3);
  }

  @Test
  void aConnectionThatNobodyUsesIsClosedAfterAWhile() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    List<DeviceClient> devices = opened(gateway, 2);
    Duration stableAfter = Duration.ofSeconds(60);
    time.advance(stableAfter);
    closeOf(devices.get(0));
    closeOf(devices.get(1));
    Await.until("no device is left", () -> hub.devicesPerConnection().equals(List.of(0)));
    DeviceClient back = opening(device(gateway, "dev-0"));
    awaitState(back, Connected.class);
    assertThat(hub.attempts()).hasSize(1);
    time.advance(Duration.ofMinutes(5));
    assertThat(back.state()).isInstanceOf(Connected.class);
    closeOf(back);
    tickUntil("the connection is closed", () -> hub.openConnections() == 0);
    assertThat(gateway.status().connections()).isEmpty();
    awaitState(opening(device(gateway, "dev-1")), Connected.class);
    assertThat(hub.attempts()).hasSize(2);
  }

  @Test
  void growthThatFailsLeavesTheOthersAndIsTriedAgain() {
    Gateway gateway = built(gatewayOver(like(AMQP), 2));
    List<DeviceClient> devices = opened(gateway, 2);
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).times(2));
    DeviceClient third = opening(device(gateway, "third"));
    ConnectionState.Waiting waits = awaitState(third, ConnectionState.Waiting.class);
    assertThat(waits.failure()).hasMessageContaining("no way at CONNECT");
    assertThat(areConnected(devices)).isTrue();
    tickUntil("the third has a place", () -> third.state() instanceof Connected);
    assertThat(hub.devicesPerConnection()).containsExactly(1, 2);
  }

  @Test
  void whoCannotGrowTakesAPlaceThatBecomesFree() {
    Gateway gateway = built(gatewayOver(like(AMQP), 2));
    List<DeviceClient> devices = opened(gateway, 2);
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).always());
    DeviceClient third = opening(device(gateway, "third"));
    awaitState(third, ConnectionState.Waiting.class);
    closeOf(devices.get(0));
    tickUntil("the third has a place", () -> third.state() instanceof Connected);
    assertThat(hub.devicesPerConnection()).containsExactly(2);
  }

  // --- loss ---

  @Test
  void theLossOfTheConnectionBringsAllBackWithASpread() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    List<DeviceClient> devices = opened(gateway, 200);
    time.advance(Duration.ofSeconds(60)); // stable
    hub.cutConnections();
    awaitAll(devices, ConnectionState.Waiting.class);
    Instant now = time.now();
    Set<Instant> tries =
        devices.stream()
            .map(each -> each.state().nextTry().orElseThrow())
            .collect(Collectors.toSet());
    assertThat(tries).hasSizeGreaterThan(190);
    assertThat(tries).allMatch(next -> !next.isAfter(now.plusSeconds(10)));
    // Evenly over 10 s: 200 draws all avoid a given fifth of it once in 10^19 runs.
    assertThat(Collections.max(tries)).isAfter(now.plusSeconds(8));
    assertThat(Collections.min(tries)).isBefore(now.plusSeconds(2));
    tickUntil("all are back", () -> areConnected(devices));
    assertThat(hub.attempts()).as("one dial for all").hasSize(2);
    for (int i = 0; i < 200; i++) {
      assertThat(hub.device("dev-" + i).connectionsSoFar()).isEqualTo(2);
    }
  }

  @Test
  void aLossWhileDevicesAttachKeepsTheRoute() {
    hub.faults().add(InMemoryFault.cut(Point.OPEN).nth(5).times(2));
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)));
    List<DeviceClient> devices = opening(gateway, 40);
    tickUntil("all are connected", () -> areConnected(devices));
    assertThat(hub.attempts()).hasSizeLessThanOrEqualTo(3).containsOnly(route(AMQP));
    assertThat(hub.devicesPerConnection()).containsExactly(40);
  }

  @Test
  void aLinkThatIsLostTouchesOne() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    List<DeviceClient> devices = opened(gateway, 3);
    List<ConnectionState> before = devices.subList(1, 3).stream().map(DeviceClient::state).toList();
    hub.device("dev-0").cut();
    awaitState(devices.get(0), ConnectionState.Waiting.class);
    tickUntil("it is back", () -> areConnected(devices));
    assertThat(devices.subList(1, 3).stream().map(DeviceClient::state).toList()).isEqualTo(before);
    assertThat(hub.attempts()).hasSize(1);
  }

  // --- unreachable hub ---

  @Test
  void anUnreachableHubIsDialledForAllAtOnceAndEverMoreSlowly() {
    hub.setReachable(false);
    Gateway gateway = built(gatewayOver(like(AMQP)).openTimeout(OPEN_TIMEOUT));
    List<DeviceClient> devices = opening(gateway, 300);
    awaitAll(devices, ConnectionState.Waiting.class);
    assertThat(hub.attempts()).hasSize(1);
    assertThat(devices)
        .allSatisfy(
            each ->
                assertThat(each.state().cause().orElseThrow())
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageContaining("refuses connections"));
    for (int step = 0; step < 600; step++) {
      time.advance(Duration.ofSeconds(2));
      tickUntil("all devices wait again", () -> devices.stream().allMatch(this::waitsForLater));
    }
    // Pauses double to 120 s and have full jitter: about 25 dials in 20 minutes. Without the
    // gateway, each of the 300 devices would dial as often.
    int dials = hub.attempts().size();
    assertThat(dials).isBetween(8, 90);
    hub.setReachable(true);
    tickUntil("all are connected", () -> areConnected(devices));
    assertThat(hub.openConnections()).isEqualTo(1);
  }

  private boolean waitsForLater(DeviceClient device) {
    return device.state().nextTry().filter(next -> next.isAfter(time.now())).isPresent();
  }

  @Test
  void aRouteThatFailsGivesWayForAll() {
    hub.faults()
        .add(
            InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(AMQP)).always());
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)));
    List<DeviceClient> devices = opened(gateway, 50);
    assertThat(hub.attempts()).containsExactly(route(AMQP), route(AMQP_WS));
    assertThat(hub.devicesPerConnection()).containsExactly(50);
    // A device that is opened later does not make its own attempt.
    assertThat(gateway.plan().routes()).containsExactly(route(AMQP_WS), route(AMQP));
    awaitState(opening(device(gateway, "late")), Connected.class);
    assertThat(hub.attempts()).hasSize(2);
    assertThat(devices.get(0).plan().routes()).containsExactly(route(AMQP_WS), route(AMQP));
  }

  @Test
  void devicesComeBackToTheBetterRouteInTheirWindow() {
    hub.faults().add(InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(AMQP)));
    Gateway gateway =
        built(
            gatewayOver(like(AMQP, AMQP_WS))
                .failBack(
                    new MaintenanceWindow(
                        LocalTime.of(0, 20), Duration.ofMinutes(5), ZoneOffset.UTC)));
    List<DeviceClient> devices = opened(gateway, 20); // at midnight
    time.advance(Duration.ofMinutes(19));
    assertThat(devices).allMatch(each -> each.state().route().equals(Optional.of(route(AMQP_WS))));
    // A device whose moment is at the very end of the window may be late on this clock, and stays.
    tickUntil(
        "most are on the better route",
        () ->
            devices.stream()
                    .filter(each -> each.state().route().equals(Optional.of(route(AMQP))))
                    .filter(each -> each.state() instanceof Connected)
                    .count()
                > 15);
    assertThat(hub.attempts()).containsExactly(route(AMQP), route(AMQP_WS), route(AMQP));
  }

  @Test
  void aSilentRouteGivesWayForAllWhenItsTimeIsUp() {
    hub.faults().add(InMemoryFault.silence(Point.TLS).on(route(AMQP)));
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)).openTimeout(OPEN_TIMEOUT));
    List<DeviceClient> devices = opening(gateway, 20);
    Await.until("the connection is open", () -> hub.openConnections() == 1);
    awaitAll(devices, ConnectionState.Connecting.class);
    time.advance(OPEN_TIMEOUT);
    awaitConnected(devices);
    assertThat(hub.attempts()).containsExactly(route(AMQP), route(AMQP_WS));
    assertThat(hub.openConnections()).isEqualTo(1);
    assertThat(gateway.plan().routes()).containsExactly(route(AMQP_WS), route(AMQP));
  }

  @Test
  void throttlingOfTheConnectionKeepsTheRouteForAll() {
    hub.faults()
        .add(
            InMemoryFault.fail(
                Point.TLS,
                new ThrottledException("scripted", Progress.NOT_SENT, Duration.ofSeconds(90))));
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)));
    List<DeviceClient> devices = opening(gateway, 10);
    awaitAll(devices, ConnectionState.Throttled.class);
    Instant earliest = time.now().plusSeconds(90);
    assertThat(devices).allMatch(each -> !each.state().nextTry().orElseThrow().isBefore(earliest));
    tickUntil("all are connected", () -> areConnected(devices));
    assertThat(hub.attempts()).hasSize(2).containsOnly(route(AMQP));
  }

  @Test
  void aFlappingConnectionIsDialledEverMoreSlowly() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    List<DeviceClient> devices = opened(gateway, 20);
    for (int i = 0; i < 12; i++) {
      hub.cutConnections();
      awaitAll(devices, ConnectionState.Waiting.class);
      tickUntil("back again", () -> areConnected(devices));
    }
    assertThat(hub.attempts().size()).isLessThanOrEqualTo(13);
    time.advance(Duration.ofSeconds(60)); // stable
    hub.cutConnections();
    awaitAll(devices, ConnectionState.Waiting.class);
    tickUntil("back again", () -> areConnected(devices));
  }

  // --- pauses ---

  @Test
  void aPauseIsWaitedForOnTheSameRoute() {
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)).openTimeout(OPEN_TIMEOUT));
    List<DeviceClient> devices = opened(gateway, 20);
    boolean explained = false;
    for (int i = 0; i < 10; i++) {
      hub.cutConnections();
      awaitAll(devices, ConnectionState.Waiting.class);
      while (!areConnected(devices)) {
        time.advance(Duration.ofMillis(500));
        devices.forEach(MemoryCase::atRest);
        explained |= devices.stream().anyMatch(GatewayConnectionsTest::saysThatThePoolPauses);
      }
      assertThat(gateway.plan().routes()).containsExactly(route(AMQP), route(AMQP_WS));
    }
    assertThat(explained).as("a state explains that the pool pauses").isTrue();
    assertThat(hub.attempts()).containsOnly(route(AMQP));
    assertThat(devices)
        .allSatisfy(
            each -> assertThat(each.plan().routes()).containsExactly(route(AMQP), route(AMQP_WS)));
  }

  private static boolean saysThatThePoolPauses(DeviceClient device) {
    return device.state() instanceof ConnectionState.Waiting waiting
        && waiting.attempt() == 0
        && waiting.route().equals(Optional.of(route(AMQP)))
        && String.valueOf(waiting.failure().getMessage())
            .contains("until its pause after the last failure is over: The connection broke.");
  }

  @Test
  void whoComesDuringAPauseWaitsForItsEndAndThenWalksOn() {
    hub.faults()
        .add(
            InMemoryFault.fail(
                Point.TLS,
                new ThrottledException("scripted", Progress.NOT_SENT, Duration.ofSeconds(90))));
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)));
    DeviceClient first = opening(device(gateway, "dev-1"));
    Instant earliest = time.now().plusSeconds(90); // As the hub asked for.
    assertThat(awaitWaiting(first)).isAfterOrEqualTo(earliest);
    DeviceClient second = opening(device(gateway, "dev-2"));
    assertThat(awaitWaiting(second)).isAfterOrEqualTo(earliest);
    assertThat(hub.attempts()).containsExactly(route(AMQP));
    // The route is tried when the pause is over, and its failure counts only then.
    hub.faults()
        .add(
            InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT)).on(route(AMQP)).always());
    tickUntil("both are connected", () -> areConnected(List.of(first, second)));
    // If time moves on before the second device walks on, it tries the route once more.
    assertThat(hub.attempts())
        .startsWith(route(AMQP), route(AMQP))
        .filteredOn(route(AMQP_WS)::equals)
        .hasSize(1);
  }

  private static Instant awaitWaiting(DeviceClient device) {
    Await.until("it waits", () -> device.state().nextTry().isPresent());
    return device.state().nextTry().orElseThrow();
  }

  // --- closing devices and gateways in every phase ---

  /** The step at which the gateway is stopped: the hub does not answer it. */
  enum Phase {
    NOT_OPENED(null),
    DIALLING(Point.TLS),
    ATTACHING(Point.OPEN),
    CONNECTED(null),
    SENDING(Point.BEFORE_ACK),
    WAITING(null),
    UNAUTHORIZED(null);

    final @Nullable Point silentAt;

    Phase(@Nullable Point silentAt) {
      this.silentAt = silentAt;
    }
  }

  private List<DeviceClient> reach(Phase phase, Gateway gateway) {
    if (phase.silentAt != null) {
      hub.faults().add(InMemoryFault.silence(phase.silentAt));
    }
    if (phase == Phase.NOT_OPENED) {
      return List.of(device(gateway, "dev-0").build(), device(gateway, "dev-1").build());
    }
    if (phase == Phase.UNAUTHORIZED) {
      hub.device("dev-0").setEnabled(false);
      hub.device("dev-1").setEnabled(false);
    }
    List<DeviceClient> devices = opening(gateway, 2);
    switch (phase) {
      case DIALLING -> Await.until("a connection", () -> hub.openConnections() == 1);
      case ATTACHING ->
          Await.until("attached", () -> hub.devicesPerConnection().equals(List.of(2)));
      case CONNECTED -> awaitConnected(devices);
      case SENDING -> {
        awaitConnected(devices);
        devices.forEach(each -> assertThat(each.send(text("x"))).isNotDone());
        Await.until(
            "the hub has one",
            () ->
                hub.device("dev-0").telemetry().size() + hub.device("dev-1").telemetry().size()
                    == 1);
      }
      case WAITING -> {
        awaitConnected(devices);
        hub.cutConnections();
        awaitAll(devices, ConnectionState.Waiting.class);
      }
      case UNAUTHORIZED -> awaitAll(devices, ConnectionState.Unauthorized.class);
      case NOT_OPENED -> {}
    }
    return devices;
  }

  @ParameterizedTest
  @EnumSource
  void aGatewayClosesInEveryPhase(Phase phase) {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    List<DeviceClient> devices = reach(phase, gateway);
    List<CompletableFuture<Void>> left =
        devices.stream().map(each -> each.send(text("y"))).toList();
    closeNow(gateway);
    assertThat(left).allMatch(CompletableFuture::isDone);
    assertThat(devices).allMatch(each -> each.state() instanceof ConnectionState.Closed);
    assertThat(devices.stream().map(DeviceClient::open)).allMatch(CompletableFuture::isDone);
    assertThat(hub.openConnections()).isZero();
    assertThat(time.pending()).isZero();
    assertThat(gateway.status().devices()).isZero();
    assertThat(gateway.status().connections()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aDeviceLeavesInEveryPhase(Phase phase) {
    Gateway gateway = built(gatewayOver(like(AMQP)).openTimeout(OPEN_TIMEOUT));
    List<DeviceClient> devices = reach(phase, gateway);
    closeOf(devices.get(0));
    assertThat(gateway.status().devices()).isEqualTo(1);
    hub.faults().clear();
    hub.device("dev-1").setEnabled(true);
    if (phase.silentAt != null) {
      hub.cutConnections();
      Await.until("the other has noticed it", () -> !(devices.get(1).state() instanceof Connected));
    }
    assertThat(devices.get(1).open()).isNotNull();
    tickUntil("the other works", () -> areConnected(devices.subList(1, 2)));
    assertThat(hub.devicesPerConnection()).containsExactly(1);
  }

  @RepeatedTest(30)
  void closingRacesWithOpening() {
    Gateway gateway = built(gatewayOver(like(AMQP), 3));
    List<DeviceClient> devices = opening(gateway, 8);
    CompletableFuture<Void> closed = gateway.close(Duration.ZERO);
    tickUntil("closed", closed::isDone);
    assertThat(devices).allMatch(each -> each.state() instanceof ConnectionState.Closed);
    assertThat(hub.openConnections()).isZero();
  }

  // --- transports that misbehave ---

  /** Throws where it should fail, until it is repaired. */
  private static final class ThrowingTransport implements MultiplexingProvider {
    private final InMemoryTransport transport;
    private volatile boolean mended;

    ThrowingTransport(InMemoryTransport transport) {
      this.transport = transport;
    }

    @Override
    public TransportOffer offer() {
      return transport.offer();
    }

    @Override
    public Opening<TransportSession> open(Route route, SessionContext context) {
      throw new IllegalStateException("not asked for");
    }

    @Override
    public Opening<SharedConnection> connect(Route route, ConnectionContext context) {
      if (!mended) {
        throw new IllegalStateException("thrown by the test");
      }
      return transport.connect(route, context);
    }
  }

  @Test
  void theFailureOfATransportThatThrowsIsAnOrdinaryOne() {
    ThrowingTransport transport = new ThrowingTransport(like(AMQP));
    Gateway gateway = built(gatewayOver(transport));
    List<DeviceClient> devices = opening(gateway, 3);
    awaitAll(devices, ConnectionState.Waiting.class);
    transport.mended = true;
    tickUntil("all are connected", () -> areConnected(devices));
  }
}
