package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static dev.fairlead.Protocol.MQTT_WS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.MaintenanceWindow;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** How a client returns to a better route at the time that the application has set. */
class FailBackTest extends MemoryCase {
  private static final Protocol[] ALL = {MQTT, MQTT_WS, AMQP};

  /** From 02:00 to 03:00; the test's clock starts at midnight. */
  private static final MaintenanceWindow AT_NIGHT =
      new MaintenanceWindow(LocalTime.of(2, 0), Duration.ofHours(1), ZoneOffset.UTC);

  private static final Duration STEP = Duration.ofSeconds(30);

  private DeviceClient client;

  private DeviceClientBuilder withWindow() {
    return builder(ALL).failBack(AT_NIGHT);
  }

  private void block(Protocol protocol) {
    hub.faults()
        .add(
            InMemoryFault.fail(Point.CONNECT, unreachable(Stage.CONNECT))
                .on(route(protocol))
                .always());
  }

  /** A client on the last of three routes. */
  private DeviceClient onAmqp(DeviceClientBuilder builder) {
    block(MQTT);
    block(MQTT_WS);
    DeviceClient onTheLast = opened(builder);
    assertThat(onTheLast.state().route()).contains(route(AMQP));
    return onTheLast;
  }

  private boolean isConnected(Protocol protocol) {
    return client.state() instanceof Connected now && now.via().equals(route(protocol));
  }

  /** Moves time to a time of day, alarm by alarm, and waits for the client after each. */
  private void advanceTo(String dayAndTime) {
    Instant target = Instant.parse("2026-01-0" + dayAndTime + ":00Z");
    while (time.now().isBefore(target)) {
      Duration left = Duration.between(time.now(), target);
      Duration alarm = time.untilNext().orElse(left);
      // An alarm that only watches a running callback needs no step.
      Duration step = alarm.compareTo(STEP) < 0 ? STEP : alarm;
      time.advance(left.compareTo(step) < 0 ? left : step);
      // The message passes the client's loop after the alarms that were due, and needs a session.
      Await.result(client.send(text("tick")));
      Await.until(
          "at rest", () -> client.state() instanceof Connected && hub.openConnections() == 1);
    }
  }

  @Test
  void theBetterRouteIsTakenInTheWindowAndNotBefore() {
    client = onAmqp(withWindow());
    hub.faults().clear();
    advanceTo("1T01:59");
    assertThat(client.state().route()).contains(route(AMQP));
    advanceTo("1T03:00");
    Await.until("on the best route", () -> isConnected(MQTT));
    assertThat(hub.attempts())
        .containsExactly(route(MQTT), route(MQTT_WS), route(AMQP), route(MQTT));
    assertThat(((Connected) client.state()).remarks()).isEmpty();
    Instant since = ((Connected) client.state()).since();
    assertThat(since)
        .isBetween(Instant.parse("2026-01-01T02:00:00Z"), Instant.parse("2026-01-01T03:00:00Z"));
  }

  @Test
  void aWindowOnBlockedRoutesCostsOneTryOfEachAndComesBackAtOnce() {
    client = onAmqp(withWindow());
    advanceTo("1T03:30");
    List<Route> oneWindow = List.of(route(MQTT), route(MQTT_WS), route(AMQP));
    List<Route> expected = new ArrayList<>(oneWindow);
    expected.addAll(oneWindow);
    assertThat(hub.attempts()).isEqualTo(expected);
    assertThat(device.connectionsSoFar()).isEqualTo(2);
    assertThat(((Connected) client.state()).remarks())
        .containsExactly(
            "MQTT 8883 passed over: scripted: no way at CONNECT",
            "MQTT_WS 443 passed over: scripted: no way at CONNECT");

    advanceTo("2T03:30");
    expected.addAll(oneWindow);
    assertThat(hub.attempts()).isEqualTo(expected);
  }

  @Test
  void aClientOnTheBestRouteIsLeftAlone() {
    client = opened(withWindow());
    advanceTo("2T03:30");
    assertThat(hub.attempts()).containsExactly(route(MQTT));
    assertThat(device.connectionsSoFar()).isEqualTo(1);
  }

  @Test
  void withoutAWindowAHealthySessionIsNeverGivenUp() {
    client = onAmqp(builder(ALL));
    hub.faults().clear();
    advanceTo("2T03:30");
    assertThat(client.state().route()).contains(route(AMQP));
    assertThat(device.connectionsSoFar()).isEqualTo(1);
  }

  @Test
  void nothingIsLostWhenASessionIsGivenUp() {
    client = onAmqp(withWindow());
    hub.faults().clear();
    advanceTo("1T01:59");
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int minute = 0; minute < 60; minute++) {
      sent.addAll(sendAll(client, sent.size(), sent.size() + 20));
      advanceTo(String.format(Locale.ROOT, "1T02:%02d", minute));
    }
    advanceTo("1T03:00");
    sent.forEach(Await::result);
    Await.until("on the best route", () -> isConnected(MQTT));
    assertThat(received().stream().filter(text -> !text.equals("tick")))
        .containsExactlyElementsOf(texts(0, sent.size()));
  }

  /** Only by a month: a token would expire after more, and its renewal ends a session as well. */
  @Test
  void aClockThatIsSetLateIsFollowed() {
    time.setWallClock(Instant.parse("2025-12-01T00:00:00Z"));
    client = onAmqp(withWindow());
    hub.faults().clear();
    time.setWallClock(Instant.parse("2026-01-05T00:30:00Z"));
    advanceTo("5T01:59");
    assertThat(client.state().route()).contains(route(AMQP));
    advanceTo("5T03:00");
    Await.until("on the best route", () -> isConnected(MQTT));
  }

  @Test
  void aFleetDoesNotGoBackInStep() {
    client = onAmqp(withWindow());
    List<Long> minutes = new ArrayList<>();
    for (int day = 1; day <= 9; day++) {
      advanceTo(day + "T03:00");
      Instant since = ((Connected) client.state()).since();
      minutes.add(
          Duration.between(Instant.parse("2026-01-0" + day + "T02:00:00Z"), since).toMinutes());
    }
    assertThat(minutes).allMatch(minute -> minute >= 0 && minute < 60);
    // Nine draws of the same minute happen once in 60^8 runs.
    assertThat(minutes.stream().distinct().count()).isGreaterThan(1);
  }
}
