package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Carrier;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.RecordingInbox;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.SerialLoop;
import dev.fairlead.tck.Target;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Sessions with the local hub, over real sockets. */
@Timeout(60)
abstract class SessionCase {
  static final Duration SECONDS = Duration.ofSeconds(10);

  LocalHub hub;
  Device device;
  SerialLoop loop;
  ScriptedOutbox outbox;
  RecordingContext context;

  @BeforeEach
  final void start() {
    loop = new SerialLoop();
    outbox = new ScriptedOutbox();
    start(LocalHubOptions.defaults());
  }

  /** Starts a hub, in place of the one before. */
  final void start(LocalHubOptions options) {
    if (hub != null) {
      hub.close();
    }
    hub = LocalHub.start(options);
    device = hub.createDevice("dev-1");
    context = contextOf(device).build();
  }

  @AfterEach
  final void stop() {
    hub.close();
    await().until(() -> threadsOf("dev-1").isEmpty());
    await().until(() -> loop.pending() == 0);
    loop.close();
    assertThat(loop.thrown()).isEmpty();
    assertThat(inbox().misuse()).isEmpty();
  }

  /** The route that all these tests take. */
  Route route() {
    return new Route(Protocol.MQTT, Carrier.TCP, 8883);
  }

  int port(LocalHub of) {
    return of.mqttPort();
  }

  final RecordingContext.Builder contextOf(Device of) {
    return contextOf(target(hub, of, port(hub)));
  }

  final RecordingContext.Builder contextOf(Target target) {
    return RecordingContext.builder(target).feeds(Set.of(Feed.values())).outbox(outbox).loop(loop);
  }

  static Target target(LocalHub hub, Device of, int port) {
    return new Target(
        hub.hostName(),
        of.moduleId()
            .map(module -> DeviceIdentity.module(of.deviceId(), module))
            .orElse(DeviceIdentity.device(of.deviceId())),
        Secret.of(of.primaryKey()),
        new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate()))));
  }

  static List<String> threadsOf(String id) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("MQTT") && name.contains(id))
        .toList();
  }

  final RecordingInbox inbox() {
    return context.inbox();
  }

  final Opening<TransportSession> opening(MqttOptions options) {
    return new MqttTransport(options).open(route(), context);
  }

  final TransportSession open() throws Exception {
    return open(MqttOptions.defaults());
  }

  final TransportSession open(MqttOptions options) throws Exception {
    return done(opening(options).outcome());
  }

  static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  static HubException failure(CompletionStage<?> stage) throws Exception {
    try {
      done(stage);
    } catch (ExecutionException e) {
      return (HubException) e.getCause();
    }
    throw new AssertionError("It did not fail.");
  }

  final <T> T onLoop(Supplier<CompletionStage<T>> call) throws Exception {
    return done(loop.call(call));
  }

  final <T> HubException failureOnLoop(Supplier<CompletionStage<T>> call) throws Exception {
    return failure(loop.call(call));
  }

  final void close(TransportSession session) throws Exception {
    loop.execute(session::close);
    assertThat(done(session.ended())).isEmpty();
  }
}
