package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.ConnectionState.Unauthorized;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayStatus.Connection;
import dev.fairlead.HubException;
import dev.fairlead.MethodResponse;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Proxy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The contract of a wire that carries several identities, beside {@link TransportContract}: what
 * befalls one device touches no other, what befalls the connection touches all, and nothing is lost
 * or left behind either way.
 *
 * <pre>{@code
 * class MySharingTest extends MultiplexContract {
 *   @Override
 *   protected MultiplexHarness newHarness() {
 *     return LocalHubFleet.start(new MyTransport(), MY_ROUTE);
 *   }
 * }
 * }</pre>
 */
public abstract class MultiplexContract {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ThreadWatch threads = new ThreadWatch();
  private @Nullable MultiplexHarness harness;

  /** For subclasses. */
  protected MultiplexContract() {}

  /**
   * Makes the transport under test and a hub for it.
   *
   * @return a harness, which the test closes
   */
  protected abstract MultiplexHarness newHarness();

  private MultiplexHarness harness() {
    if (harness == null) {
      throw new IllegalStateException("The harness is made before each test; use it inside one.");
    }
    return harness;
  }

  @BeforeEach
  final void setUp() {
    harness = newHarness();
    threads.begin();
  }

  @AfterEach
  final void tearDown() throws Exception {
    try {
      while (!opened.isEmpty()) {
        opened.pop().close();
      }
      Waiting.until("every line is gone", () -> lines() == 0);
      threads.assertNoneLeft(harness()::ownsThread);
    } finally {
      harness().close();
    }
  }

  // --- many on one connection ---

  @Test
  final void manyDevicesShareOneConnection() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 40);
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      int number = i;
      devices.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
    }
    sent.forEach(Waiting::result);
    devices.keySet().forEach(id -> assertThat(received(id)).isEqualTo(texts(id, 25)));
    assertThat(lines()).isEqualTo(1);
    assertThat(gateway.status().connected()).isEqualTo(40);
    assertThat(gateway.status().connections())
        .containsExactly(new Connection(harness().route(), 40));
    assertThat(gateway.status().outbox().accepted()).isEqualTo(40 * 25);
  }

  @Test
  final void whatComesFindsItsDevice() {
    Gateway gateway = gateway();
    Map<String, List<String>> heard = new HashMap<>();
    Map<String, DeviceClient> devices = new LinkedHashMap<>();
    for (String id : ids(8)) {
      List<String> mine = new CopyOnWriteArrayList<>();
      heard.put(id, mine);
      devices.put(
          id,
          start(
              harness()
                  .device(gateway, id)
                  .onCloudMessage(
                      message -> {
                        mine.add(message.text());
                        var unused = message.complete();
                      })
                  .onMethod(
                      "who", request -> MethodResponse.ok("\"" + id + request.payload() + "\""))
                  .onDesiredProperties(
                      change -> change.changed().asMap().keySet().forEach(mine::add))));
    }
    devices.values().forEach(device -> Waiting.result(device.open()));
    for (String id : devices.keySet()) {
      SentCloudMessage message = harness().hub(id).sendCloudMessage("c2d for " + id, Map.of());
      harness().hub(id).updateDesired("{\"for-" + id + "\":1}");
      assertThat(
              Waiting.result(harness().hub(id).invokeMethod("who", "1", Duration.ofSeconds(20)))
                  .payload())
          .isEqualTo("\"" + id + "1\"");
      assertThat(Waiting.result(at(devices, id).updateReportedProperties("{\"i\":\"" + id + "\"}")))
          .isPositive();
      Waiting.until(
          "the message is completed", () -> message.state() == SentCloudMessage.State.COMPLETED);
    }
    for (String id : devices.keySet()) {
      Waiting.until(id + " has heard", () -> at(heard, id).contains("for-" + id));
      assertThat(at(heard, id)).containsExactlyInAnyOrder("c2d for " + id, "for-" + id);
      assertThat(harness().hub(id).reported()).contains(id);
      assertThat(Waiting.result(at(devices, id).getTwin()).reported().json()).contains(id);
    }
    assertThat(lines()).isEqualTo(1);
  }

  @Test
  final void moreThanTheLimitHaveConnectionsEnough() {
    Gateway gateway =
        closeLater(
            harness().gateway().policy(harness().policy().multiplexLimits(4, 4).build()).build());
    Map<String, DeviceClient> devices = open(gateway, 10);
    devices.values().forEach(device -> Waiting.result(device.send(text("x"))));
    assertThat(lines()).isEqualTo(3);
    assertThat(gateway.status().connections().stream().map(Connection::devices))
        .hasSize(3)
        .allMatch(count -> count <= 4);
  }

  // --- one device ---

  @Test
  final void theRefusalOfOneTouchesOne() {
    harness().hub("dev-0").setEnabled(false);
    Gateway gateway = gateway();
    DeviceClient refused = start(harness().device(gateway, "dev-0"));
    DeviceClient other = start(harness().device(gateway, "dev-1"));
    Waiting.result(other.send(text("dev-1 0")));
    Waiting.until("one is refused", () -> refused.state() instanceof Unauthorized);
    assertThat(other.state()).isInstanceOf(Connected.class);
    CompletableFuture<Void> kept = refused.send(text("dev-0 0"));
    Waiting.result(other.send(text("dev-1 1")));
    assertThat(kept).isNotDone();
    harness().hub("dev-0").setEnabled(true);
    Waiting.result(kept);
    assertThat(lines()).isEqualTo(1);
    assertThat(received("dev-1")).isEqualTo(texts("dev-1", 2));
  }

  @Test
  final void theLossOfOneLinkTouchesOne() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 5);
    List<Object> before = states(devices, "dev-0");
    harness().hub("dev-0").setEnabled(false);
    DeviceClient lost = at(devices, "dev-0");
    Waiting.until("its session is gone", () -> !(lost.state() instanceof Connected));
    CompletableFuture<Void> kept = lost.send(text("dev-0 0"));
    devices.forEach(
        (id, device) -> {
          if (device != lost) {
            Waiting.result(device.send(text(id + " 0")));
          }
        });
    assertThat(states(devices, "dev-0")).isEqualTo(before);
    assertThat(kept).isNotDone();
    harness().hub("dev-0").setEnabled(true);
    Waiting.result(kept);
    assertThat(states(devices, "dev-0")).isEqualTo(before);
    assertThat(lines()).isEqualTo(1);
  }

  @Test
  final void theFloodOfOneLeavesOthersServed() throws Exception {
    Gateway gateway = gateway();
    DeviceClient flooding =
        open(
            harness()
                .device(gateway, "dev-0")
                .outbox(
                    new OutboxLimits(
                        2_000, 16L * 1024 * 1024, OverflowPolicy.BLOCK, Optional.empty())));
    Map<String, DeviceClient> others = new LinkedHashMap<>();
    for (int i = 1; i <= 10; i++) {
      others.put("dev-" + i, open(harness().device(gateway, "dev-" + i)));
    }
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Integer> flood = new CompletableFuture<>();
    Thread source =
        new Thread(
            () -> {
              int count = 0;
              do {
                var unused = flooding.send(text("dev-0 " + count++));
              } while (!enough.get());
              flood.complete(count);
            },
            "tck-flood");
    source.setDaemon(true);
    source.start();
    Waiting.until("the outbox is full", () -> flooding.outbox().waiting() > 1_500);
    for (int i = 0; i < 10; i++) {
      int number = i;
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      others.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
      sent.forEach(Waiting::result);
    }
    assertThat(flood).as("all that time").isNotDone();
    enough.set(true);
    int count = Waiting.result(flood);
    Waiting.until("all of it has arrived", () -> flooding.outbox().accepted() == count);
    assertThat(received("dev-0")).isEqualTo(texts("dev-0", count));
    others.keySet().forEach(id -> assertThat(received(id)).isEqualTo(texts(id, 10)));
    source.join();
  }

  @Test
  final void theLateHandlerOfOneLeavesOthersServed() {
    Gateway gateway = gateway();
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(2);
    opened.push(hold::countDown);
    UnaryOperator<DeviceClientBuilder> late =
        builder ->
            builder
                .onCloudMessage(message -> awaitQuietly(entered, hold))
                .onMethod(
                    "m",
                    request -> {
                      awaitQuietly(entered, hold);
                      return MethodResponse.of(201);
                    });
    DeviceClient slow = open(late.apply(harness().device(gateway, "dev-0")));
    List<String> heard = new CopyOnWriteArrayList<>();
    open(
        harness()
            .device(gateway, "dev-1")
            .onCloudMessage(message -> heard.add(message.text()))
            .onMethod("m", request -> MethodResponse.of(202)));
    harness().hub("dev-0").sendCloudMessage("held", Map.of());
    CompletableFuture<MethodResponse> held =
        harness().hub("dev-0").invokeMethod("m", "", Duration.ofSeconds(60));
    awaitQuietly(new CountDownLatch(0), entered);
    assertThat(
            Waiting.result(harness().hub("dev-1").invokeMethod("m", "", Duration.ofSeconds(20)))
                .status())
        .isEqualTo(202);
    harness().hub("dev-1").sendCloudMessage("prompt", Map.of());
    Waiting.until("the other has it", () -> heard.contains("prompt"));
    Waiting.result(slow.send(text("its telemetry flows too")));
    hold.countDown();
    assertThat(Waiting.result(held).status()).isEqualTo(201);
  }

  @Test
  final void aDeviceThatLeavesLeavesNothing() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 4);
    List<Object> before = states(devices, "dev-0");
    at(devices, "dev-0").close();
    assertThat(gateway.status().devices()).isEqualTo(3);
    assertThat(gateway.status().connections())
        .containsExactly(new Connection(harness().route(), 3));
    assertThat(Waiting.failure(harness().hub("dev-0").invokeMethod("m", "", Duration.ofMillis(50))))
        .isNotNull();
    devices.remove("dev-0");
    devices.forEach((id, device) -> Waiting.result(device.send(text(id + " 0"))));
    assertThat(states(devices, "dev-0")).isEqualTo(before);
    DeviceClient again = open(harness().device(gateway, "dev-0"));
    Waiting.result(again.send(text("dev-0 0")));
    assertThat(lines()).isEqualTo(1);
  }

  @Test
  final void devicesComeAndGoAtRandom() {
    Gateway gateway = gateway();
    DeviceClient stays = open(harness().device(gateway, "stays"));
    Random random = new Random(7);
    Map<String, DeviceClient> there = new LinkedHashMap<>();
    Map<String, Integer> counts = new HashMap<>();
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int step = 0; step < 400; step++) {
      String id = "dev-" + random.nextInt(12);
      DeviceClient device = there.get(id);
      if (device == null) {
        there.put(id, start(harness().device(gateway, id)));
      } else if (random.nextInt(4) > 0) {
        sent.add(device.send(text(id + " " + (counts.merge(id, 1, Integer::sum) - 1))));
      } else {
        there.remove(id);
        Waiting.result(device.close(Duration.ofSeconds(30)));
      }
    }
    sent.forEach(Waiting::result);
    counts.forEach((id, count) -> assertThat(received(id)).isEqualTo(texts(id, count)));
    assertThat(stays.state()).isInstanceOf(Connected.class);
    there.values().forEach(DeviceClient::close);
    Waiting.until(
        "nobody but the one that stays is on the line",
        () -> gateway.status().connections().equals(List.of(new Connection(harness().route(), 1))));
    assertThat(lines()).isEqualTo(1);
  }

  // --- the connection ---

  @Test
  final void theLossOfTheConnectionBringsAllBack() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 20);
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 20; i++) {
        int number = round * 20 + i;
        devices.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
      }
      harness().hub("dev-0").setReachable(false);
      Waiting.until(
          "all know of it",
          () -> devices.values().stream().noneMatch(each -> each.state() instanceof Connected));
      harness().hub("dev-0").setReachable(true);
      Waiting.until(
          "all are back",
          () -> devices.values().stream().allMatch(each -> each.state() instanceof Connected));
    }
    sent.forEach(Waiting::result);
    devices
        .keySet()
        .forEach(
            id ->
                assertThat(new ArrayList<>(new LinkedHashSet<>(received(id))))
                    .isEqualTo(texts(id, 60)));
    assertThat(lines()).isEqualTo(1);
  }

  @Test
  final void closingTheGatewaySendsWhatWaits() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 10);
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      int number = i;
      devices.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
    }
    Waiting.result(gateway.close(Duration.ofSeconds(30)));
    assertThat(sent).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
    devices.keySet().forEach(id -> assertThat(received(id)).isEqualTo(texts(id, 50)));
    Waiting.until("the line is gone", () -> lines() == 0);
  }

  @Test
  final void everyFutureEndsWhenTheGatewayCloses() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 10);
    harness().hub("dev-0").setReachable(false);
    List<CompletableFuture<?>> futures = new ArrayList<>();
    devices.forEach(
        (id, device) -> {
          futures.add(device.send(text("left over")));
          futures.add(device.getTwin());
          futures.add(device.updateReportedProperties("{\"a\":1}"));
        });
    DeviceClient late = start(harness().device(gateway, "late"));
    futures.add(late.open());
    Waiting.result(gateway.close(Duration.ZERO));
    assertThat(futures).allMatch(CompletableFuture::isDone);
  }

  // --- the wire alone ---

  @Test
  final void aConnectionWithoutSessionsOpensAndCloses() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    Waiting.until("the line stands", () -> lines() == 1);
    loop.run(connection::close);
    loop.run(connection::close);
    assertThat(Waiting.result(connection.ended())).isEmpty();
    loop.run(connection::abort);
    assertNothingLeft(loop);
  }

  @Test
  final void aConnectionCanBeAbortedWhileItOpens() {
    SerialLoop loop = closeLater(new SerialLoop());
    for (int i = 0; i < 50; i++) {
      Opening<SharedConnection> opening =
          harness().provider().connect(harness().route(), context(loop));
      opening.abort();
      opening.abort();
      CompletableFuture<Void> over = new CompletableFuture<>();
      opening
          .outcome()
          .whenComplete(
              (connection, failure) -> {
                if (connection == null) {
                  over.complete(null);
                } else {
                  connection.ended().thenAccept(reason -> over.complete(null));
                }
              });
      Waiting.result(over);
    }
    assertNothingLeft(loop);
  }

  @Test
  final void nobodyThereIsAFailure() {
    SerialLoop loop = closeLater(new SerialLoop());
    HubSide hub = harness().hub("dev-0");
    hub.setReachable(false);
    Opening<SharedConnection> opening =
        harness().provider().connect(harness().route(), context(loop));
    assertThat(Waiting.failure(opening.outcome())).isInstanceOf(HubException.class);
    assertNothingLeft(loop);
    hub.setReachable(true);
  }

  @Test
  final void sessionsEndBeforeTheirConnectionAndEachOnce() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    List<String> ends = new CopyOnWriteArrayList<>();
    List<RecordingContext> contexts = attachSome(loop, connection, ends);
    connection.ended().thenAccept(reason -> ends.add("connection " + reason.isPresent()));
    harness().hub("dev-0").setReachable(false);
    assertThat(Waiting.result(connection.ended())).isPresent();
    Waiting.until("all have ended", () -> ends.size() == 4);
    assertThat(ends)
        .containsExactlyInAnyOrder(
            "session true", "session true", "session true", "connection true")
        .endsWith("connection true");
    loop.run(connection::close);
    loop.run(connection::abort);
    assertNothingLeft(loop);
    contexts.forEach(each -> assertThat(each.ends()).hasSize(1));
    harness().hub("dev-0").setReachable(true);
  }

  @Test
  final void abortingAConnectionCutsItsSessions() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    List<String> ends = new CopyOnWriteArrayList<>();
    attachSome(loop, connection, ends);
    connection.ended().thenAccept(reason -> ends.add("connection " + reason.isPresent()));
    loop.run(connection::abort);
    loop.run(connection::abort);
    assertThat(Waiting.result(connection.ended())).isEmpty();
    Waiting.until("all have ended", () -> ends.size() == 4);
    assertThat(ends)
        .containsExactly("session true", "session true", "session true", "connection false");
    assertNothingLeft(loop);
  }

  @Test
  final void closingAConnectionClosesItsSessionsInOrder() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    List<String> ends = new CopyOnWriteArrayList<>();
    attachSome(loop, connection, ends);
    connection.ended().thenAccept(reason -> ends.add("connection " + reason.isPresent()));
    loop.run(connection::close);
    assertThat(Waiting.result(connection.ended())).isEmpty();
    Waiting.until("all have ended", () -> ends.size() == 4);
    assertThat(ends)
        .containsExactly("session false", "session false", "session false", "connection false");
    assertNothingLeft(loop);
  }

  @Test
  final void abortingASessionLeavesTheOthers() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext first = session("dev-0", new ScriptedOutbox(), loop);
    RecordingContext second = session("dev-1", outbox, loop);
    TransportSession aborted = attach(loop, connection, first);
    attach(loop, connection, second);
    loop.run(aborted::abort);
    assertThat(Waiting.result(aborted.ended())).isPresent();
    outbox.add(text("dev-1 0"));
    Waiting.until("the other goes on", () -> outbox.accepted().size() == 1);
    assertThat(second.ends()).isEmpty();
    assertThat(lines()).isEqualTo(1);
    // Its place can be taken again.
    attach(loop, connection, session("dev-0", new ScriptedOutbox(), loop));
    loop.run(connection::close);
    Waiting.result(connection.ended());
    assertNothingLeft(loop);
  }

  @Test
  final void anOpeningCanBeAbortedWhileOthersAttach() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    for (int i = 0; i < 50; i++) {
      RecordingContext gone = session("dev-0", new ScriptedOutbox(), loop);
      CompletableFuture<Void> over = new CompletableFuture<>();
      loop.run(
          () -> {
            var opening = connection.attach(gone);
            opening
                .outcome()
                .whenComplete(
                    (session, failure) -> {
                      if (session == null) {
                        over.complete(null);
                      } else {
                        session.ended().thenAccept(reason -> over.complete(null));
                      }
                    });
            opening.abort();
          });
      Waiting.result(over);
      ScriptedOutbox outbox = new ScriptedOutbox();
      RecordingContext stays = session("dev-1", outbox, loop);
      TransportSession session = attach(loop, connection, stays);
      outbox.add(text("dev-1 " + i));
      Waiting.until("it works", () -> outbox.accepted().size() == 1);
      loop.run(session::close);
      Waiting.result(session.ended());
    }
    assertThat(lines()).isEqualTo(1);
    loop.run(connection::close);
    Waiting.result(connection.ended());
    assertNothingLeft(loop);
  }

  // --- what the tests stand on ---

  private Gateway gateway() {
    return closeLater(harness().gateway().build());
  }

  private Map<String, DeviceClient> open(Gateway gateway, int count) {
    Map<String, DeviceClient> devices = new LinkedHashMap<>();
    ids(count).forEach(id -> devices.put(id, start(harness().device(gateway, id))));
    devices.values().forEach(device -> Waiting.result(device.open()));
    Waiting.until(
        "all are connected",
        () -> devices.values().stream().allMatch(each -> each.state() instanceof Connected));
    return devices;
  }

  private static DeviceClient start(DeviceClientBuilder builder) {
    DeviceClient client = builder.build();
    assertThat(client.open()).isNotNull();
    return client;
  }

  private static DeviceClient open(DeviceClientBuilder builder) {
    DeviceClient client = start(builder);
    Waiting.result(client.open());
    return client;
  }

  /** Each state with the time since when: a session that was opened anew has another. */
  private static List<Object> states(Map<String, DeviceClient> devices, String but) {
    List<Object> states = new ArrayList<>();
    devices.forEach(
        (id, device) -> {
          if (!id.equals(but)) {
            states.add(id);
            states.add(device.state());
          }
        });
    return states;
  }

  private SharedConnection connect(Loop loop) {
    Opening<SharedConnection> opening =
        harness().provider().connect(harness().route(), context(loop));
    return Waiting.result(opening.outcome());
  }

  private ConnectionContext context(Loop loop) {
    return new SharedContext(
        harness().hubHost(),
        harness().endpoint(),
        Optional.empty(),
        loop,
        Duration.ofSeconds(30),
        "fairlead-tck");
  }

  private record SharedContext(
      String hubHost,
      Endpoint endpoint,
      Optional<Proxy> proxy,
      Loop loop,
      Duration openTimeout,
      String userAgent)
      implements ConnectionContext {}

  private RecordingContext session(String id, ScriptedOutbox outbox, SerialLoop loop) {
    return RecordingContext.builder(harness().target(id)).outbox(outbox).loop(loop).build();
  }

  private static TransportSession attach(
      SerialLoop loop, SharedConnection connection, RecordingContext context) {
    List<CompletableFuture<TransportSession>> attaching = new ArrayList<>();
    loop.run(() -> attaching.add(context.follow(connection.attach(context))));
    return Waiting.result(attaching.get(0));
  }

  private List<RecordingContext> attachSome(
      SerialLoop loop, SharedConnection connection, List<String> ends) {
    List<RecordingContext> contexts = new ArrayList<>();
    for (String id : ids(3)) {
      RecordingContext context = session(id, new ScriptedOutbox(), loop);
      contexts.add(context);
      attach(loop, connection, context)
          .ended()
          .thenAccept(reason -> ends.add("session " + reason.isPresent()));
    }
    return contexts;
  }

  private void assertNothingLeft(SerialLoop loop) {
    Waiting.until("no line is left", () -> lines() == 0);
    Waiting.until("no timer is left", () -> loop.pending() == 0);
    assertThat(loop.thrown()).isEmpty();
  }

  private int lines() {
    return harness().hub("dev-0").openConnections();
  }

  private <T extends AutoCloseable> T closeLater(T thing) {
    opened.push(thing);
    return thing;
  }

  private static List<String> ids(int count) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add("dev-" + i);
    }
    return ids;
  }

  private static <T> T at(Map<String, T> map, String id) {
    return Objects.requireNonNull(map.get(id), id);
  }

  private static TelemetryMessage text(String text) {
    return TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> received(String id) {
    return harness().hub(id).telemetry().stream().map(ReceivedTelemetry::text).toList();
  }

  private static List<String> texts(String id, int count) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(id + " " + i);
    }
    return texts;
  }

  /** Says that it is there, then waits; the bound only shortens a failing run. */
  private static void awaitQuietly(CountDownLatch here, CountDownLatch there) {
    here.countDown();
    try {
      assertThat(there.await(Waiting.LIMIT.toSeconds(), java.util.concurrent.TimeUnit.SECONDS))
          .isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
