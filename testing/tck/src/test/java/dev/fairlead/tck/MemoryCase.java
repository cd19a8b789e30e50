package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.auth.Credentials;
import dev.fairlead.tck.memory.InMemoryDevice;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;

/**
 * A client and a hub in memory, on one clock that only the test moves: the behaviour of the client
 * from end to end.
 */
abstract class MemoryCase {
  /** No limit of the transport or of an opening expires while a test moves time in large steps. */
  static final Duration NEVER = Duration.ofDays(300);

  final FakeTime time = new FakeTime();
  final InMemoryHub hub = new InMemoryHub(time);
  final InMemoryDevice device = hub.device("dev-1");
  private final Deque<DeviceClient> clients = new ArrayDeque<>();

  @AfterEach
  final void closeClients() {
    while (!clients.isEmpty()) {
      DeviceClient client = clients.pop();
      CompletableFuture<Void> closed = client.close(Duration.ZERO);
      tickUntil("the client is closed", closed::isDone);
    }
    Await.until("every connection is closed", () -> hub.openConnections() == 0);
  }

  final InMemoryTransport like(Protocol... protocols) {
    return InMemoryTransport.like(hub, protocols).withAnswerTimeout(NEVER);
  }

  final DeviceClientBuilder builder(Protocol... protocols) {
    return builder(like(protocols));
  }

  final DeviceClientBuilder builder(InMemoryTransport transport) {
    return DeviceClient.builder()
        .host(InMemoryHub.HOST)
        .identity(DeviceIdentity.device("dev-1"))
        .credentials(Credentials.sharedAccessKey(device.key(), Duration.ofDays(300)))
        .time(time)
        .openTimeout(NEVER)
        .transport(transport);
  }

  final DeviceClient built(DeviceClientBuilder builder) {
    DeviceClient client = builder.build();
    clients.push(client);
    return client;
  }

  final DeviceClient started(DeviceClientBuilder builder) {
    DeviceClient client = built(builder);
    assertThat(client.open()).isNotNull();
    return client;
  }

  final DeviceClient opened(DeviceClientBuilder builder) {
    DeviceClient client = started(builder);
    Await.result(client.open());
    Await.until("connected", () -> client.state() instanceof ConnectionState.Connected);
    return client;
  }

  /** Waits for a state without moving time. */
  static <S extends ConnectionState> S awaitState(DeviceClient client, Class<S> type) {
    Await.until("the state is " + type.getSimpleName(), () -> type.isInstance(client.state()));
    return type.cast(client.state());
  }

  /** Closes immediately; even an alarm without delay needs time to move. */
  final void closeNow(DeviceClient client) {
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    tickUntil("closed", closed::isDone);
  }

  /** Moves time in small steps until something has happened. */
  final void tickUntil(String what, Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(Await.LIMIT)
        .pollInterval(Duration.ofMillis(1))
        .until(
            () -> {
              if (condition.call()) {
                return true;
              }
              time.advance(Duration.ofMillis(500));
              return condition.call();
            });
  }

  /**
   * Moves time in steps, and waits for the client to reconnect after each. A step is short compared
   * with the client's limits, because work on other threads may take another step.
   */
  final void pass(DeviceClient client, Duration by, Duration step) {
    Instant end = time.now().plus(by);
    while (time.now().isBefore(end)) {
      Duration left = Duration.between(time.now(), end);
      time.advance(step.compareTo(left) < 0 ? step : left);
      atRest(client);
      Await.until("connected", () -> client.state() instanceof ConnectionState.Connected);
    }
  }

  /** Waits until the client's loop has finished its present tasks. */
  static void atRest(DeviceClient client) {
    for (int i = 0; i < 8; i++) {
      CompletableFuture<Void> turn = new CompletableFuture<>();
      client.updateReportedProperties("{}").whenComplete((version, no) -> turn.complete(null));
      Await.result(turn);
    }
  }

  /** Waits for the next attempt's time to be set, and moves to it. */
  final void advanceToNextTry(DeviceClient client) {
    time.advance(untilNextTry(client));
  }

  /**
   * Waits until the client has set the alarm of its next attempt, and returns the time until then.
   */
  final Duration untilNextTry(DeviceClient client) {
    Await.until(
        "a next try is set",
        () -> client.state().nextTry().map(next -> time.hasTaskIn(until(next))).orElse(false));
    return until(client.state().nextTry().orElseThrow());
  }

  private Duration until(Instant next) {
    return Duration.between(time.now(), next);
  }

  static Route route(Protocol protocol) {
    return InMemoryTransport.documented(protocol).route();
  }

  static UnreachableException unreachable(Stage stage) {
    return new UnreachableException("scripted: no way at " + stage, stage, Progress.NOT_SENT, null);
  }

  static HubException cutByHub() {
    return new UnreachableException(
        "scripted: the hub cut the connection", Stage.CUT_BY_HUB, Progress.MAYBE_SENT, null);
  }

  static TelemetryMessage text(String text) {
    return TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8));
  }

  static List<CompletableFuture<Void>> sendAll(DeviceClient client, int from, int to) {
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = from; i < to; i++) {
      sent.add(client.send(text("m" + i)));
    }
    return sent;
  }

  final List<String> received() {
    return device.telemetry().stream().map(ReceivedTelemetry::text).toList();
  }

  static List<String> texts(int from, int to) {
    List<String> texts = new ArrayList<>();
    for (int i = from; i < to; i++) {
      texts.add("m" + i);
    }
    return texts;
  }
}
