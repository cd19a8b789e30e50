package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.TelemetryRecord;
import java.io.IOException;
import java.time.Duration;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AmqpBasicsTest {

  private final LocalHub hub = LocalHub.start();
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bare", "ANONYMOUS", "MSSBCBS", "webSocket"})
  void sendsTelemetryAfterEachOpening(String opening) throws IOException {
    try (AmqpPeer peer = opened(opening)) {
      peer.putToken(hub, device);
      Sender link = peer.sender("/devices/dev-1/messages/events");
      assertThat(peer.send(link, AmqpPeer.with(AmqpPeer.message("hello"), "k", "v")))
          .isInstanceOf(Accepted.class);
    }
    TelemetryRecord stored = hub.telemetry().await(1, Duration.ofSeconds(10)).get(0);
    assertThat(stored.bodyAsText()).isEqualTo("hello");
    assertThat(stored.properties()).containsExactly(java.util.Map.entry("k", "v"));
    assertThat(stored.deviceId()).isEqualTo("dev-1");
  }

  private AmqpPeer opened(String opening) throws IOException {
    return switch (opening) {
      case "bare" -> AmqpPeer.bare(AmqpPeer.tls(hub, null)).open();
      case "webSocket" -> AmqpPeer.bare(AmqpPeer.webSocket(hub, null)).open();
      default -> AmqpPeer.sasl(AmqpPeer.tls(hub, null), opening).open();
    };
  }

  @Test
  void completesCloudMessages() throws IOException {
    var sent = device.sendCloudMessage(CloudToDeviceMessage.of("for you").withProperty("a", "b"));
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Receiver link = peer.receiver("/devices/dev-1/messages/devicebound", 10);
      AmqpPeer.Received received = peer.receive(link);
      assertThat(received.text()).isEqualTo("for you");
      peer.settle(received, Accepted.getInstance());
      assertThat(sent.feedback().join()).isEqualTo(Feedback.SUCCESS);
    }
  }
}
