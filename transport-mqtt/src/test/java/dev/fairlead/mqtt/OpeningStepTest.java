package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.HubException;
import dev.fairlead.Route;
import dev.fairlead.net.Dialer;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import java.net.UnknownHostException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** An opening names what it waits for, and waits until it is aborted. */
class OpeningStepTest extends ScriptedCase {
  private void assertWaitsFor(String step, ScriptedPeer hub, Route route, Feed... feeds)
      throws Exception {
    Opening<TransportSession> opening = opening(hub, route, MqttOptions.defaults(), feeds);
    await().untilAsserted(() -> assertThat(opening.step()).contains(step));
    assertThat(opening.outcome().toCompletableFuture()).isNotDone();
    assertThat(loop.pending()).as("timers").isZero();
    opening.abort();
    assertThat(SessionCase.failure(opening.outcome())).isInstanceOf(HubException.class);
  }

  @Test
  void theNameServer() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    MqttOptions options =
        MqttOptions.builder()
            .dialer(
                new Dialer()
                    .resolver(
                        host -> {
                          try {
                            over.await();
                          } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                          }
                          throw new UnknownHostException(host);
                        }))
            .build();
    try (ScriptedPeer hub = MqttPeer.tls(peer -> {})) {
      Opening<TransportSession> opening = opening(hub, MQTT, options);
      await().until(() -> opening.step().contains("the addresses of localhost"));
      opening.abort();
      assertThat(SessionCase.failure(opening.outcome())).isInstanceOf(HubException.class);
      over.countDown();
    }
  }

  @Test
  void theTlsHandshake() throws Exception {
    try (ScriptedPeer hub = ScriptedPeer.plain(peer -> peer.holdSilent())) {
      assertWaitsFor("the TLS handshake with localhost:" + hub.port(), hub, MQTT);
    }
  }

  @Test
  void theWebSocketUpgrade() throws Exception {
    try (ScriptedPeer hub =
        ScriptedPeer.tls(
            peer -> {
              peer.readUntil("\r\n\r\n");
              peer.holdSilent();
            })) {
      assertWaitsFor("WebSocket upgrade", hub, MQTT_WS);
    }
  }

  @Test
  void connack() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.await(MqttPeer.CONNECT);
              peer.connection().holdSilent();
            })) {
      assertWaitsFor("the hub's answer to CONNECT", hub, MQTT);
    }
  }

  @Test
  void suback() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.await(MqttPeer.CONNECT);
              peer.send(0x20, 2, 0, 0);
              peer.connection().holdSilent();
            })) {
      assertWaitsFor(
          "the hub's answer to SUBSCRIBE for $iothub/twin/res/#, $iothub/methods/POST/#",
          hub,
          MQTT,
          Feed.DIRECT_METHODS);
    }
  }

  @Test
  void nothingOnceItIsOpen() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              peer.drain();
            })) {
      Opening<TransportSession> opening = opening(hub, MQTT, MqttOptions.defaults());
      TransportSession session = SessionCase.done(opening.outcome());
      assertThat(opening.step()).isEqualTo("nothing, because the session is open");
      close(session);
    }
  }
}
