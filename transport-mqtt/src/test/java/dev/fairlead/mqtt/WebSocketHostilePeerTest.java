package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Protocol;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.spi.TransportSession;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The same peers inside a WebSocket, and what they may do to it. */
class WebSocketHostilePeerTest extends HostilePeerTest {
  @Override
  Protocol protocol() {
    return Protocol.MQTT_WS;
  }

  /**
   * RFC 6455, section 7.1.1: a close frame after DISCONNECT, and the server ends the connection.
   */
  @Test
  void closesInOrder() throws Exception {
    CompletableFuture<Boolean> inOrder = new CompletableFuture<>();
    try (ScriptedPeer hub =
        MqttPeer.overWebSockets(
            peer -> {
              peer.welcome();
              peer.await(14);
              boolean before = peer.webSocket().closeHasCome();
              peer.drain();
              inOrder.complete(!before && peer.webSocket().closeHasCome());
              peer.webSocket().close();
            })) {
      TransportSession session = done(opening(hub).outcome());
      onLoop(session::close);
      assertThat(done(session.ended())).isEmpty();
      assertThat(done(inOrder)).isTrue();
    }
  }

  /** A close frame that is not answered delays nothing. */
  @Test
  void closesThoughTheCloseFrameIsNotAnswered() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (ScriptedPeer hub =
        MqttPeer.overWebSockets(
            peer -> {
              peer.welcome();
              peer.drain();
              over.await();
            })) {
      TransportSession session = done(opening(hub).outcome());
      onLoop(session::close);
      assertThat(done(session.ended())).isEmpty();
      over.countDown();
    }
  }

  @Test
  void aCloseFrameOfTheServerIsTheEnd() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.overWebSockets(
            peer -> {
              peer.welcome();
              peer.webSocket().close();
              peer.drain();
            })) {
      TransportSession session = done(opening(hub).outcome());
      assertThat(done(session.ended())).isPresent();
    }
  }
}
