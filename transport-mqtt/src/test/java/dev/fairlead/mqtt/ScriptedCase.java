package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.RecordingInbox;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.SerialLoop;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Sessions with a scripted hub, over real sockets. */
@Timeout(60)
abstract class ScriptedCase {
  static final Route MQTT = new Route(Protocol.MQTT, Carrier.TCP, 8883);
  static final Route MQTT_WS = new Route(Protocol.MQTT_WS, Carrier.WEBSOCKET, 443);
  static final String CLOUD = "devices/dev-s/messages/devicebound/";

  SerialLoop loop;
  ScriptedOutbox outbox;
  RecordingContext context;

  @BeforeEach
  final void start() {
    loop = new SerialLoop();
    outbox = new ScriptedOutbox();
  }

  @AfterEach
  final void nothingIsLeft() {
    await().until(() -> SessionCase.threadsOf("dev-s").isEmpty() && loop.pending() == 0);
    loop.close();
    assertThat(loop.thrown()).isEmpty();
  }

  final Opening<TransportSession> opening(ScriptedPeer hub, Route route, MqttOptions options) {
    return opening(hub, route, options, Feed.values());
  }

  final Opening<TransportSession> opening(
      ScriptedPeer hub, Route route, MqttOptions options, Feed... feeds) {
    context = MqttPeer.context(hub, "dev-s").feeds(Set.of(feeds)).outbox(outbox).loop(loop).build();
    return new MqttTransport(options).open(route, context);
  }

  final TransportSession open(ScriptedPeer hub) throws Exception {
    return open(hub, MqttOptions.defaults());
  }

  final TransportSession open(ScriptedPeer hub, MqttOptions options) throws Exception {
    return SessionCase.done(opening(hub, MQTT, options).outcome());
  }

  final RecordingInbox inbox() {
    return context.inbox();
  }

  final void close(TransportSession session) throws Exception {
    loop.execute(session::close);
    assertThat(SessionCase.done(session.ended())).isEmpty();
  }

  final void abort(TransportSession session) throws Exception {
    loop.execute(session::abort);
    assertThat(SessionCase.done(session.ended())).isPresent();
  }
}
