package dev.fairlead.localhub.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.UndocumentedBehavior.Reaction;
import dev.fairlead.localhub.mqtt.RawPeer.Connect;
import dev.fairlead.localhub.mqtt.RawPeer.Packet;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MqttCloudMessageTest {

  private static final String FILTER = "devices/dev-1/messages/devicebound/#";

  private final ManualHubTime time = new ManualHubTime();
  private LocalHub hub = LocalHub.start(LocalHubOptions.defaults().time(time));
  private Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private void restart(UndocumentedBehavior undocumented) {
    hub.close();
    hub = LocalHub.start(LocalHubOptions.defaults().time(time).undocumented(undocumented));
    device = hub.createDevice("dev-1");
  }

  private static void awaitState(SentMessage sent, DeliveryState state) {
    await().until(() -> sent.state() == state);
  }

  @Test
  void deliversAndCompletesByPuback() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("hello"));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      assertThat(sent.state()).isEqualTo(DeliveryState.ENQUEUED);
      assertThat(peer.subscribe(FILTER, 1)).isEqualTo(1);
      Packet message = peer.expect(RawPeer.PUBLISH);
      assertThat(message.body()).isEqualTo("hello");
      assertThat(message.qos()).isEqualTo(1);
      assertThat(message.isDup()).isFalse();
      assertThat(sent.state()).isEqualTo(DeliveryState.INVISIBLE);
      peer.puback(message.packetId());
      awaitState(sent, DeliveryState.COMPLETED);
      assertThat(sent.feedback().join()).isEqualTo(Feedback.SUCCESS);
      assertThat(sent.deliveryCount()).isZero();
    }
  }

  @Test
  void writesThePropertiesInTheHubsOrder() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      device.sendCloudMessage(
          CloudToDeviceMessage.of("x")
              .withProperty("b b", "/ä")
              .withProperty("a", "")
              .withAck(CloudToDeviceMessage.Ack.FULL)
              .withContentEncoding("utf-8")
              .withContentType("text/plain; charset=UTF-8")
              .withCorrelationId("c-1")
              .withMessageId("m-1"));
      assertThat(peer.expect(RawPeer.PUBLISH).topic())
          .isEqualTo(
              "devices/dev-1/messages/devicebound/%24.mid=m-1&%24.to=%2Fdevices%2Fdev-1%2Fmessages%2Fdevicebound"
                  + "&%24.cid=c-1&%24.ct=text%2Fplain%3B%20charset%3DUTF-8&%24.ce=utf-8&iothub-ack=full&b%20b=%2F%C3%A4&a=");
    }
  }

  @Test
  void namesTheExpiryOfAMessageThatHasItsOwn() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      device.sendCloudMessage(
          CloudToDeviceMessage.of("x").withMessageId("m").withTimeToLive(Duration.ofMinutes(2)));
      assertThat(peer.expect(RawPeer.PUBLISH).topic())
          .matches(
              ".*%24\\.mid=m&%24\\.exp=20\\d\\d-\\d\\d-\\d\\dT\\d\\d%3A\\d\\d%3A\\d\\d\\.\\d{7}Z&%24\\.to=.*");
    }
  }

  @Test
  void completesAtOnceAtQos0() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      assertThat(peer.subscribe(FILTER, 0)).isZero();
      assertThat(peer.expect(RawPeer.PUBLISH).qos()).isZero();
      assertThat(sent.state()).isEqualTo(DeliveryState.COMPLETED);
    }
  }

  @Test
  void aStoredSessionGetsItsMessagesRightAfterConnack() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      peer.disconnect();
      peer.expectEnd();
    }
    device.sendCloudMessage(CloudToDeviceMessage.of("one"));
    device.sendCloudMessage(CloudToDeviceMessage.of("two"));
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device));
      assertThat(peer.expectConnack(0)).as("session present").isTrue();
      assertThat(peer.expect(RawPeer.PUBLISH).body()).isEqualTo("one");
      assertThat(peer.expect(RawPeer.PUBLISH).body()).isEqualTo("two");
    }
  }

  @Test
  void aCleanSessionForgetsSubscriptionsAndKeepsTheQueue() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
    }
    device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).cleanSession());
      assertThat(peer.expectConnack(0)).isFalse();
      peer.expectNothingBeforePong();
      peer.subscribe(FILTER, 1);
      peer.expect(RawPeer.PUBLISH);
    }
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device));
      assertThat(peer.expectConnack(0)).as("the clean session left nothing").isFalse();
    }
  }

  @Test
  void canBeToldThatACleanSessionPurgesTheQueue() throws IOException {
    restart(UndocumentedBehavior.builder().cleanSessionPurges(true).build());
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).cleanSession());
      peer.expectConnack(0);
      assertThat(sent.feedback().join()).isEqualTo(Feedback.PURGED);
    }
  }

  @Test
  void aReCreatedDeviceHasNoStoredSession() throws IOException {
    RawPeer.connected(hub, device).close();
    hub.deleteDevice("dev-1");
    device = hub.createDevice("dev-1");
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device));
      assertThat(peer.expectConnack(0)).isFalse();
    }
  }

  @Test
  void sendsAgainWithDupAndTheSamePacketIdAfterAReconnect() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    int packetId;
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      packetId = peer.expect(RawPeer.PUBLISH).packetId();
    }
    awaitState(sent, DeliveryState.ENQUEUED);
    assertThat(sent.deliveryCount()).isEqualTo(1);
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      Packet again = peer.expect(RawPeer.PUBLISH);
      assertThat(again.isDup()).isTrue();
      assertThat(again.packetId()).isEqualTo(packetId);
      peer.puback(packetId);
      awaitState(sent, DeliveryState.COMPLETED);
    }
  }

  @Test
  void sendsAgainWhenTheLockRunsOutAndKeepsTheOrderOfAcknowledgements() throws IOException {
    SentMessage first = device.sendCloudMessage(CloudToDeviceMessage.of("1"));
    SentMessage second = device.sendCloudMessage(CloudToDeviceMessage.of("2"));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      int one = peer.expect(RawPeer.PUBLISH).packetId();
      int two = peer.expect(RawPeer.PUBLISH).packetId();
      time.advance(Duration.ofSeconds(59));
      peer.expectNothingBeforePong();
      time.advance(Duration.ofSeconds(1));
      assertThat(peer.expect(RawPeer.PUBLISH).isDup()).isTrue();
      assertThat(peer.expect(RawPeer.PUBLISH).isDup()).isTrue();
      peer.puback(one);
      peer.puback(two);
      peer.puback(one); // the second delivery, acknowledged too
      peer.expectNothingBeforePong();
      awaitState(first, DeliveryState.COMPLETED);
      awaitState(second, DeliveryState.COMPLETED);
    }
  }

  @Test
  void deadLettersWhatComesBackTooOften() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      for (int i = 0; i < 10; i++) {
        assertThat(peer.expect(RawPeer.PUBLISH).isDup()).isEqualTo(i > 0);
        time.advance(Duration.ofSeconds(60));
      }
      peer.expectNothingBeforePong();
      assertThat(sent.feedback().join()).isEqualTo(Feedback.DELIVERY_COUNT_EXCEEDED);
    }
  }

  @Test
  void cutsOnAcknowledgementsOutOfOrderUnlessTold() throws IOException {
    device.sendCloudMessage(CloudToDeviceMessage.of("1"));
    device.sendCloudMessage(CloudToDeviceMessage.of("2"));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      peer.expect(RawPeer.PUBLISH);
      peer.puback(peer.expect(RawPeer.PUBLISH).packetId());
      peer.expectEnd();
    }
    restart(UndocumentedBehavior.builder().acknowledgementOutOfOrder(Reaction.IGNORE).build());
    device.sendCloudMessage(CloudToDeviceMessage.of("1"));
    SentMessage second = device.sendCloudMessage(CloudToDeviceMessage.of("2"));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      peer.expect(RawPeer.PUBLISH);
      peer.puback(peer.expect(RawPeer.PUBLISH).packetId());
      awaitState(second, DeliveryState.COMPLETED);
    }
  }

  @Test
  void takesFiveFiltersAndCutsOnTheSixth() throws IOException {
    Device module = device.createModule("m");
    String base = "devices/dev-1/modules/m";
    String[] five = {
      base + "/messages/devicebound/#",
      base + "/inputs/#",
      "$iothub/methods/POST/#",
      "$iothub/twin/res/#",
      "$iothub/twin/PATCH/properties/desired/#"
    };
    try (RawPeer peer = RawPeer.connected(hub, module)) {
      for (String filter : five) {
        assertThat(peer.subscribe(filter, 2)).as("QoS 2 is granted as 1").isEqualTo(1);
      }
      peer.subscribe(five[0], 0);
      peer.unsubscribe(five[1]);
      peer.subscribe(base + "/#", 1);
      peer.sendSubscribe(five[1], 1);
      peer.expectEnd();
    }
  }

  @Test
  void cutsOnForeignAndUnknownFiltersUnlessTold() throws IOException {
    for (String filter :
        new String[] {
          "devices/dev-2/messages/devicebound/#",
          "#",
          "$iothub/#",
          "devices/dev-1/modules/m/inputs/#"
        }) {
      try (RawPeer peer = RawPeer.connected(hub, device)) {
        peer.sendSubscribe(filter, 1);
        peer.expectEnd();
      }
    }
    restart(UndocumentedBehavior.builder().unknownFilter(Reaction.REFUSE).build());
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      assertThat(peer.subscribe("#", 1)).isEqualTo(0x80);
      peer.sendSubscribe("devices/dev-2/messages/devicebound/#", 1);
      peer.expectEnd();
    }
  }

  @Test
  void stopsAfterUnsubscribe() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(FILTER, 1);
      peer.unsubscribe(FILTER);
      device.sendCloudMessage(CloudToDeviceMessage.of("x"));
      peer.expectNothingBeforePong();
      peer.subscribe(FILTER, 1);
      peer.expect(RawPeer.PUBLISH);
    }
  }
}
