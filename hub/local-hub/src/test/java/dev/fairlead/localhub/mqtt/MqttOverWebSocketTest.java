package dev.fairlead.localhub.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.HubPort;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.mqtt.RawPeer.Connect;
import dev.fairlead.localhub.mqtt.RawPeer.Packet;
import dev.fairlead.localhub.mqtt.WebSocketPeer.Answer;
import dev.fairlead.localhub.mqtt.WebSocketPeer.Request;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MqttOverWebSocketTest {

  private static final int FIN = WebSocketPeer.FIN;
  private static final String EVENTS = "devices/dev-1/messages/events/";
  private final LocalHub hub = LocalHub.start();
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private RawPeer connected() throws IOException {
    RawPeer peer = RawPeer.over(WebSocketPeer.open(hub));
    peer.send(Connect.as(hub, device));
    peer.expectConnack(0);
    return peer;
  }

  @Test
  void carriesAWholeSession() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("down"));
    try (RawPeer peer = connected()) {
      peer.publish(EVENTS, "up", 1, 1);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(1);
      assertThat(hub.telemetry().received())
          .extracting(TelemetryRecord::bodyAsText)
          .containsExactly("up");

      peer.subscribe("devices/dev-1/messages/devicebound/#", 1);
      Packet message = peer.expect(RawPeer.PUBLISH);
      assertThat(message.body()).isEqualTo("down");
      peer.puback(message.packetId());
      await().until(() -> sent.state() == DeliveryState.COMPLETED);

      peer.subscribe("$iothub/twin/res/#", 0);
      peer.publish("$iothub/twin/PATCH/properties/reported/?$rid=7", "{\"t\":21.5}", 0, 0);
      assertThat(peer.expect(RawPeer.PUBLISH).topic())
          .isEqualTo("$iothub/twin/res/204/?$rid=7&$version=2");
      peer.expectNothingBeforePong();
      peer.disconnect();
      peer.expectEnd();
    }
    await().until(() -> !device.isConnected());
  }

  @Test
  void packetsAndFramesNeedNotAlign() throws IOException {
    byte[] two =
        concat(
            RawPeer.publishPacket(EVENTS, utf8("a"), 2, 1),
            RawPeer.publishPacket(EVENTS, utf8("b"), 2, 2));
    try (WebSocketPeer webSocket = WebSocketPeer.open(hub)) {
      RawPeer peer = RawPeer.over(webSocket);
      for (byte b : Connect.as(hub, device).packet()) {
        webSocket.send(FIN | WebSocketPeer.BINARY, new byte[] {b});
      }
      peer.expectConnack(0);
      webSocket.send(FIN | WebSocketPeer.BINARY, two);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(1);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(2);

      webSocket.send(WebSocketPeer.BINARY, Arrays.copyOf(two, 5));
      webSocket.send(FIN | WebSocketPeer.PING, utf8("between")); // RFC 6455, 5.4
      assertThat(webSocket.read().payload()).isEqualTo(utf8("between"));
      webSocket.send(WebSocketPeer.CONTINUATION, new byte[0]);
      webSocket.send(WebSocketPeer.CONTINUATION, Arrays.copyOfRange(two, 5, 40));
      webSocket.send(FIN | WebSocketPeer.CONTINUATION, Arrays.copyOfRange(two, 40, two.length));
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(1);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(2);
    }
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("a", "b", "a", "b");
  }

  @Test
  void takesTheBytesOfAFrameOneByOne() throws IOException {
    try (WebSocketPeer webSocket = WebSocketPeer.open(hub)) {
      byte[] frame =
          WebSocketPeer.frame(FIN | WebSocketPeer.BINARY, Connect.as(hub, device).packet());
      for (byte b : frame) {
        webSocket.write(new byte[] {b});
      }
      RawPeer.over(webSocket).expectConnack(0);
    }
  }

  @Test
  void carriesTheLargestMessageInOneFrame() throws IOException {
    byte[] body = new byte[256 * 1024 - 100];
    try (RawPeer peer = connected()) {
      peer.send(RawPeer.publishPacket(EVENTS, body, 2, 1));
      peer.expect(RawPeer.PUBACK);
    }
    assertThat(hub.telemetry().received().get(0).bodyAsText()).hasSize(body.length);
  }

  @Test
  void refusesAnOversizedPacketHoweverItIsFramed() throws IOException {
    try (RawPeer peer = connected()) {
      peer.send(new byte[] {0x30, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f});
      peer.expectEnd();
    }
  }

  @Test
  void aRefusedConnectIsToldAndClosedInOrder() throws IOException {
    try (WebSocketPeer webSocket = WebSocketPeer.open(hub)) {
      byte[] connect = Connect.as(hub, device).password("secret").packet();
      webSocket.send(FIN | WebSocketPeer.BINARY, connect);
      assertThat(webSocket.read().payload()).containsExactly(0x20, 2, 0, 5);
      webSocket.expectClose(1000);
    }
  }

  @Test
  void theSameDeviceOnTheOtherPortTakesOver() throws IOException {
    try (RawPeer first = RawPeer.connected(hub, device)) {
      try (RawPeer second = connected()) {
        first.expectEnd();
        second.expectNothingBeforePong();
        try (RawPeer third = RawPeer.connected(hub, device)) {
          second.expectEnd();
          third.expectNothingBeforePong();
        }
      }
    }
  }

  @Test
  void aStoredSessionIsFoundOnEitherPort() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe("devices/dev-1/messages/devicebound/#", 1);
    }
    try (RawPeer peer = RawPeer.over(WebSocketPeer.open(hub))) {
      peer.send(Connect.as(hub, device));
      assertThat(peer.expectConnack(0)).isTrue();
    }
  }

  @Test
  void aCertificateCountsUnlessTheQueryWaivesIt() throws IOException {
    ClientIdentity identity = hub.selfSignedClientCertificate("x");
    hub.createDevice("x", DeviceAuth.thumbprintOf(identity.certificate()));
    try (RawPeer peer = RawPeer.over(WebSocketPeer.open(hub, identity, new Request()))) {
      peer.send(Connect.anonymous(hub, "x"));
      peer.expectConnack(0);
    }
    Request waived = new Request().path(WebSocketPeer.PATH + "?iothub-no-client-cert=true");
    try (RawPeer peer = RawPeer.over(WebSocketPeer.open(hub, identity, waived))) {
      peer.send(Connect.anonymous(hub, "x"));
      peer.expectConnack(5);
    }
  }

  @Test
  void aCertificateThatCountsByItsCaIsTakenOnlyIfTheHubIsToldTo() throws IOException {
    for (boolean taken : new boolean[] {false, true}) {
      UndocumentedBehavior points =
          UndocumentedBehavior.builder().caCertificatesOnPort443(taken).build();
      try (LocalHub other = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
        ClientIdentity identity = other.issueClientCertificate("x");
        other.createDevice("x", DeviceAuth.signedByCa());
        try (RawPeer peer = RawPeer.over(WebSocketPeer.open(other, identity, new Request()))) {
          peer.send(Connect.anonymous(other, "x"));
          peer.expectConnack(taken ? 0 : 5);
        }
      }
    }
  }

  // --- faults, and ports that go offline

  @Test
  void refusesTheUpgradeOnRequest() throws IOException {
    hub.faults().add(Fault.refuseUpgrade(503).times(2));
    for (int i = 0; i < 2; i++) {
      Answer answer = WebSocketPeer.answerTo(hub, new Request());
      assertThat(answer.status()).isEqualTo(503);
    }
    connected().close();
  }

  @Test
  void endsTheConnectionInsteadOfUpgrading() throws IOException {
    hub.faults().add(Fault.drop().onUpgrade());
    hub.faults().add(Fault.reset().onUpgrade());
    for (int i = 0; i < 2; i++) {
      try (WebSocketPeer peer = WebSocketPeer.dial(hub, null)) {
        assertThatThrownBy(() -> peer.ask(new Request())).isInstanceOf(IOException.class);
      }
    }
    RawPeer.connected(hub, device).close(); // The MQTT port has no upgrade.
    connected().close();
  }

  @Test
  void stallsInsteadOfUpgrading() throws IOException {
    hub.faults().add(Fault.stall().onUpgrade());
    try (WebSocketPeer peer = WebSocketPeer.dial(hub, null)) {
      peer.socket().setSoTimeout(300);
      assertThatThrownBy(() -> peer.ask(new Request())).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void suffersTheFaultsOfMqtt() throws IOException {
    hub.faults().add(Fault.refuse(3));
    try (RawPeer peer = RawPeer.over(WebSocketPeer.open(hub))) {
      peer.send(Connect.as(hub, device));
      peer.expectConnack(3);
    }
    try (WebSocketPeer webSocket = WebSocketPeer.open(hub)) {
      RawPeer peer = RawPeer.over(webSocket);
      peer.send(Connect.as(hub, device));
      peer.expectConnack(0);
      hub.faults().add(Fault.drop().midPacket());
      peer.publish(EVENTS, "x", 1, 1);
      assertThat(webSocket.read().payload()).containsExactly(0x40, 2);
      webSocket.expectClose(1000);
    }
    try (WebSocketPeer webSocket = WebSocketPeer.open(hub)) {
      RawPeer peer = RawPeer.over(webSocket);
      peer.send(Connect.as(hub, device));
      peer.expectConnack(0);
      hub.faults().add(Fault.stall().beforeAck());
      peer.publish(EVENTS, "y", 1, 2);
      hub.telemetry().await(2, Duration.ofSeconds(20));
      webSocket.send(FIN | WebSocketPeer.PING, utf8("anyone"));
      peer.timeout(300);
      assertThatThrownBy(peer::read).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void onePortGoesAwayAlone() throws IOException {
    try (RawPeer direct = RawPeer.connected(hub, device);
        RawPeer webSocket = RawPeer.over(WebSocketPeer.open(hub))) {
      assertThat(hub.connectionCount()).isEqualTo(2);
      hub.goOffline(HubPort.MQTT);
      direct.expectEnd();
      assertThat(hub.isOnline()).isFalse();
      assertThat(hub.isOnline(HubPort.HTTPS)).isTrue();
      assertThatThrownBy(() -> RawPeer.open(hub)).isInstanceOf(ConnectException.class);
      webSocket.send(Connect.as(hub, device));
      webSocket.expectConnack(0);

      hub.goOnline(HubPort.MQTT);
      hub.goOffline(HubPort.HTTPS);
      webSocket.expectEnd();
      assertThatThrownBy(() -> WebSocketPeer.open(hub)).isInstanceOf(ConnectException.class);
      RawPeer.connected(hub, device).close();

      hub.goOffline();
      hub.goOnline();
      assertThat(hub.isOnline()).isTrue();
      connected().close();
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
