package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Proxy;
import dev.fairlead.Secret;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.FakeTime;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.SerialLoop;
import dev.fairlead.tck.Target;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/**
 * A session against a hub whose every step the test decides. After each test nothing remains of it:
 * no thread, no alarm, nothing thrown.
 */
@Timeout(60)
abstract class ScriptedCase {
  static final String TELEMETRY = "to /devices/dev-1/messages/events";
  static final String CLOUD = "from /devices/dev-1/messages/devicebound";
  static final String CLOUD_ADDRESS = "/devices/dev-1/messages/devicebound";

  final ScriptedOutbox outbox = new ScriptedOutbox();
  AmqpOptions options = AmqpOptions.builder().ping(seconds(2), seconds(2)).build();
  ScriptedHub hub;
  RecordingContext context;
  TransportSession session;

  /** Null for the system's clocks. */
  FakeTime time;

  private AmqpTransport transport;
  private SerialLoop sharedLoop;
  private SharedConnection connection;

  @AfterEach
  void nothingIsLeft() throws Exception {
    if (session != null) {
      context.onLoop(session::abort);
    }
    if (connection != null) {
      context.onLoop(connection::abort);
    }
    until(() -> context.serialLoop().pending() == 0 && threads() == 0);
    assertThat(context.serialLoop().thrown()).isEmpty();
    assertThat(context.inbox().misuse()).isEmpty();
    context.close();
    hub.close();
  }

  static Duration seconds(int count) {
    return Duration.ofSeconds(count);
  }

  static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("AMQP "))
        .count();
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
    throw new AssertionError("It should have failed.");
  }

  static void until(Callable<Boolean> condition) {
    await().pollInterval(Duration.ofMillis(2)).until(condition);
  }

  /** From now on the test moves the time, and no ping disturbs it within an hour. */
  void useFakeTime() {
    useFakeTime(
        AmqpOptions.builder()
            .ping(Duration.ofHours(1), Duration.ofHours(1))
            .idleTimeout(Duration.ofHours(1)));
  }

  void useFakeTime(AmqpOptions.Builder builder) {
    time = new FakeTime();
    options = builder.build();
  }

  /** Moves the time in steps of a second, each of which the loop sees. */
  void advance(Duration by) {
    for (long second = 0; second < by.toSeconds(); second++) {
      time.advance(seconds(1));
      settle();
    }
  }

  /** Waits until the loop has done what is queued. */
  void settle() {
    context.onLoop(() -> {});
  }

  /** Moves the time until something happens that takes the network as well. */
  void advanceUntil(Callable<Boolean> condition) {
    until(
        () -> {
          if (condition.call()) {
            return true;
          }
          advance(seconds(1));
          return false;
        });
  }

  Opening<TransportSession> opening(Consumer<HubPeer> setUp, Feed... feeds) throws Exception {
    hub = new ScriptedHub(setUp);
    transport = new AmqpTransport(options);
    return openAgain(feeds);
  }

  /** Opens another session with the same provider. */
  Opening<TransportSession> openAgain(Feed... feeds) {
    context =
        RecordingContext.builder(target("dev-1"))
            .feeds(Set.of(feeds))
            .outbox(outbox)
            .loop(new SerialLoop(time))
            .build();
    return transport.open(transport.offer().routes().get(0).route(), context);
  }

  HubPeer open(Consumer<HubPeer> setUp, Feed... feeds) throws Exception {
    Opening<TransportSession> begun = opening(setUp, feeds);
    session = done(context.follow(begun));
    return hub.peers().get(0);
  }

  // Several identities on one connection.

  /** Opens a shared connection to {@link #hub}; its loop is that of the sessions. */
  SharedConnection connect() throws Exception {
    sharedLoop = new SerialLoop(time);
    transport = new AmqpTransport(options);
    context = context("dev-1");
    connection =
        done(
            transport
                .connect(transport.offer().routes().get(0).route(), new Shared(context))
                .outcome());
    return connection;
  }

  private RecordingContext context(String device, Feed... feeds) {
    return RecordingContext.builder(target(device))
        .feeds(Set.of(feeds))
        .outbox(outbox)
        .loop(sharedLoop)
        .build();
  }

  /** Opens a session on a shared connection. */
  TransportSession attach(String device, Feed... feeds) throws Exception {
    context = context(device, feeds);
    return done(context.follow(attaching(context)));
  }

  Opening<TransportSession> attaching(RecordingContext own) {
    return sharedLoop.call(() -> connection.attach(own));
  }

  RecordingContext contextOf(String device) {
    return RecordingContext.builder(target(device)).loop(sharedLoop).build();
  }

  private record Shared(RecordingContext session) implements ConnectionContext {
    @Override
    public String hubHost() {
      return session.hubHost();
    }

    @Override
    public Endpoint endpoint() {
      return session.endpoint();
    }

    @Override
    public Optional<Proxy> proxy() {
      return Optional.empty();
    }

    @Override
    public Loop loop() {
      return session.loop();
    }

    @Override
    public String userAgent() {
      return session.userAgent();
    }
  }

  Target target(String device) {
    return new Target(
        "scripted.hub.test",
        DeviceIdentity.device(device),
        Secret.of("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
        new Endpoint("localhost", hub.port(), ScriptedHub.trust()));
  }

  void send(int from, int to) {
    for (int i = from; i < to; i++) {
      outbox.add(Integer.toString(i));
    }
  }

  /** The same, where the outbox holds messages back after a refusal. */
  void awaitAcceptedIfAskedAgain(int count) {
    until(
        () -> {
          outbox.resume();
          return outbox.accepted().size() >= count;
        });
  }

  void awaitAccepted(int count) {
    until(() -> outbox.accepted().size() == count);
  }

  long attaches(HubPeer peer, String key) {
    return peer.look(() -> peer.attachOrder.stream().filter(key::equals).count());
  }

  CloudMessage cloudMessage(HubPeer peer, String tag) {
    return cloudMessage(peer, tag, false);
  }

  CloudMessage cloudMessage(HubPeer peer, String tag, boolean settled) {
    int before = context.inbox().cloudMessages().size();
    peer.act(() -> peer.send(CLOUD_ADDRESS, tag, HubPeer.message(tag), settled));
    until(() -> context.inbox().cloudMessages().size() == before + 1);
    return context.inbox().cloudMessages().get(before);
  }

  HubException end() throws Exception {
    return done(session.ended()).orElseThrow();
  }
}
