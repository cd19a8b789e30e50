package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.SessionOpening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A session against a hub whose every step the test decides. */
@Timeout(60)
class SessionTest {
  private final ScriptedOutbox outbox = new ScriptedOutbox();
  private ScriptedHub hub;
  private RecordingContext context;
  private TransportSession session;
  private AmqpOptions options = AmqpOptions.builder().ping(seconds(2), seconds(2)).build();

  @AfterEach
  void nothingIsLeft() throws Exception {
    if (session != null) {
      context.onLoop(session::abort);
    }
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(() -> context.serialLoop().pending() == 0 && threads() == 0);
    assertThat(context.serialLoop().thrown()).isEmpty();
    context.close();
    hub.close();
  }

  private static Duration seconds(int count) {
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

  private SessionOpening opening(Consumer<HubPeer> setUp, Feed... feeds) throws Exception {
    hub =
        ScriptedHub.speaking(
            socket -> {
              HubPeer peer = new HubPeer(socket);
              setUp.accept(peer);
              return peer;
            });
    Target target =
        new Target(
            "scripted.hub.test",
            DeviceIdentity.device("dev-1"),
            Secret.of("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
            new Endpoint("localhost", hub.port(), ScriptedHub.trust()));
    context = new RecordingContext(target, Set.of(feeds), outbox, false);
    AmqpTransport transport = new AmqpTransport(options);
    return transport.open(transport.offer().routes().get(0).route(), context);
  }

  private HubPeer open(Consumer<HubPeer> setUp, Feed... feeds) throws Exception {
    session = done(context(opening(setUp, feeds)));
    return hub.peers().get(0);
  }

  private CompletionStage<TransportSession> context(SessionOpening opening) {
    return context.follow(opening);
  }

  private void send(int from, int to) {
    for (int i = from; i < to; i++) {
      outbox.add(TelemetryMessage.of(Integer.toString(i).getBytes(StandardCharsets.UTF_8)));
    }
  }

  private void awaitAccepted(int count) {
    await().pollInterval(Duration.ofMillis(2)).until(() -> outbox.accepted().size() == count);
  }

  @Test
  void opensSendsAndCloses() throws Exception {
    HubPeer peer = open(hub -> {});
    send(0, 100);
    awaitAccepted(100);
    assertThat(peer.telemetry).hasSize(100).first().isEqualTo("0");
    context.onLoop(session::close);
    assertThat(done(session.ended())).isEqualTo(Optional.empty());
    assertThat(peer.look(peer::closed)).isTrue();
  }
}
