package dev.fairlead.localhub.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.UndocumentedBehavior.Reaction;
import dev.fairlead.localhub.mqtt.RawPeer.Connect;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MqttTelemetryTest {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String EVENTS = "devices/dev-1/messages/events/";

  private LocalHub hub = LocalHub.start();
  private Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private void restart(LocalHubOptions options) {
    hub.close();
    hub = LocalHub.start(options);
    device = hub.createDevice("dev-1");
  }

  private TelemetryRecord takes(String topic, int flags) throws IOException {
    hub.telemetry().clear();
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.send(RawPeer.publishPacket(topic, new byte[] {'4', '2'}, flags, 7));
      if ((flags & 6) != 0) {
        assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(7);
      }
      peer.expectNothingBeforePong();
    }
    return hub.telemetry().await(1, SOON).get(0);
  }

  private void cutsOn(byte[] packet) throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.send(packet);
      peer.expectEnd();
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void storesABareMessageWithItsOrigin() throws IOException {
    TelemetryRecord record = takes(EVENTS, 2);
    assertThat(record.bodyAsText()).isEqualTo("42");
    assertThat(record.deviceId()).isEqualTo("dev-1");
    assertThat(record.moduleId()).isEmpty();
    assertThat(record.properties()).isEmpty();
    assertThat(record.systemProperties())
        .containsEntry("iothub-connection-device-id", "dev-1")
        .containsEntry("iothub-message-source", "Telemetry")
        .containsEntry(
            "iothub-connection-auth-method",
            "{\"scope\":\"device\",\"type\":\"sas\",\"issuer\":\"iothub\",\"acceptingIpFilterRule\":null}");
    assertThat(record.systemProperties().get("iothub-connection-auth-generation-id")).hasSize(18);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a=1&b%20c=%C3%A4%2f&$.mid=m1&%24.ct=application%2Fjson&none&empty=",
        "?a=1&b%20c=%C3%A4%2f&$.mid=m1&%24.ct=application%2Fjson&none&empty=",
        "a=1&b%20c=%C3%A4%2f&$.mid=m1&%24.ct=application%2Fjson&none&empty=/"
      })
  void readsThePropertyBag(String bag) throws IOException {
    TelemetryRecord record = takes(EVENTS + bag, 2);
    assertThat(record.properties())
        .containsExactly(
            entry("a", "1"), entry("b c", "ä/"), entry("none", ""), entry("empty", ""));
    assertThat(record.systemProperties())
        .containsEntry("message-id", "m1")
        .containsEntry("content-type", "application/json");
  }

  @Test
  void aDeviceCannotForgeWhatTheHubStamps() throws IOException {
    TelemetryRecord record = takes(EVENTS + "iothub-connection-device-id=other", 2);
    assertThat(record.systemProperties()).containsEntry("iothub-connection-device-id", "dev-1");
  }

  @Test
  void takesQos0WithoutAnswerAndTheTopicWithoutSlash() throws IOException {
    assertThat(takes("devices/dev-1/messages/events", 0).bodyAsText()).isEqualTo("42");
  }

  @Test
  void marksWhatWasToBeRetained() throws IOException {
    assertThat(takes(EVENTS + "a=1", 3).properties())
        .containsExactly(entry("a", "1"), entry("mqtt-retain", "true"));
  }

  @Test
  void storesTelemetryOfAModule() throws IOException {
    Device module = device.createModule("m1");
    try (RawPeer peer = RawPeer.connected(hub, module)) {
      peer.publish("devices/dev-1/modules/m1/messages/events/$.on=out1/", "x", 1, 3);
      peer.expect(RawPeer.PUBACK);
    }
    TelemetryRecord record = hub.telemetry().await(1, SOON).get(0);
    assertThat(record.moduleId()).contains("m1");
    assertThat(record.systemProperties())
        .containsEntry("iothub-outputname", "out1")
        .containsEntry("iothub-connection-module-id", "m1");
    assertThat(hub.telemetry().receivedFrom("dev-1")).hasSize(1);
  }

  @Test
  void acknowledgesInOrder() throws IOException {
    ByteArrayOutputStream burst = new ByteArrayOutputStream();
    for (int i = 1; i <= 2000; i++) {
      burst.writeBytes(
          RawPeer.publishPacket(
              EVENTS, ("" + i).getBytes(java.nio.charset.StandardCharsets.UTF_8), 2, i));
    }
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.send(burst.toByteArray());
      for (int i = 1; i <= 2000; i++) {
        assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(i);
      }
    }
    List<TelemetryRecord> records = hub.telemetry().received();
    for (int i = 0; i < 2000; i++) {
      assertThat(records.get(i).bodyAsText()).isEqualTo("" + (i + 1));
      assertThat(records.get(i).sequence()).isEqualTo(i + 1);
    }
  }

  @Test
  void cutsOnQos2() throws IOException {
    cutsOn(RawPeer.publishPacket(EVENTS, new byte[1], 4, 9));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "somewhere",
        "devices/dev-2/messages/events/",
        "devices/dev-1/messages/eventz/",
        "devices/dev-1/messages/events/a=%zz",
        "devices/dev-1/modules/m1/messages/events/",
        "$iothub/twin/GET/",
        "$iothub/methods/res/ok/?$rid=1",
        "$iothub/other"
      })
  void cutsOnTopicsThatAreNotItsOwn(String topic) throws IOException {
    cutsOn(RawPeer.publishPacket(topic, new byte[1], 2, 9));
  }

  @Test
  void canBeToldToIgnoreUnknownTopicsButNotThoseOfOthers() throws IOException {
    restart(
        LocalHubOptions.defaults()
            .undocumented(UndocumentedBehavior.builder().unknownTopic(Reaction.IGNORE).build()));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish("somewhere", "x", 1, 5);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(5);
    }
    cutsOn(RawPeer.publishPacket("devices/dev-2/messages/events/", new byte[1], 2, 9));
  }

  @Test
  void takes256KbAndNotOneByteMore() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.send(RawPeer.publishPacket(EVENTS + "ab=cd", new byte[256 * 1024 - 4], 2, 1));
      peer.expect(RawPeer.PUBACK);
    }
    hub.telemetry().clear();
    cutsOn(RawPeer.publishPacket(EVENTS + "ab=cd", new byte[256 * 1024 - 3], 2, 1));
  }

  @Test
  void aHugeLengthIsRefusedBeforeItIsRead() throws IOException {
    cutsOn(new byte[] {0x32, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f, 0, 1, 'a'});
  }

  @Test
  void oneBadClientHurtsNoOther() throws IOException {
    byte[][] malformed = {
      {0x00, 0}, // reserved types
      {(byte) 0xf0, 0},
      {0x50, 2, 0, 1}, // PUBREC for a QoS 2 message that was never sent
      {(byte) 0x82, 2, 0, 1}, // SUBSCRIBE to nothing
      {(byte) 0x82, 5, 0, 0, 0, 0, 1}, // packet id 0
      {0x32, 5, 0, 1, 'a', 0, 0},
      {0x30, 3, 0, 1, '#'}, // a wildcard in a topic
      {0x30, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 1}, // a length of five bytes
      {0x36, 5, 0, 1, 'a', 0, 1}, // QoS 3
    };
    Device other = hub.createDevice("dev-2");
    try (RawPeer good = RawPeer.connected(hub, other)) {
      for (byte[] packet : malformed) {
        cutsOn(packet);
        good.expectNothingBeforePong();
      }
    }
  }

  @Test
  void publishesTheWillOfAClientThatVanishes() throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).will(EVENTS + "a=1", "gone", true));
      peer.expectConnack(0);
    }
    TelemetryRecord will = hub.telemetry().await(1, SOON).get(0);
    assertThat(will.bodyAsText()).isEqualTo("gone");
    assertThat(will.properties())
        .containsExactly(
            entry("a", "1"), entry("mqtt-retain", "true"), entry("iothub-MessageType", "Will"));
  }

  @Test
  void forgetsTheWillOfAClientThatSaysGoodbye() throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).will(EVENTS, "gone", false));
      peer.expectConnack(0);
      peer.disconnect();
      peer.expectEnd();
    }
    org.awaitility.Awaitility.await().until(() -> !device.isConnected());
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void keepsAsManyRecordsAsAskedAndCountsAll() throws IOException {
    restart(LocalHubOptions.defaults().telemetryRetention(3));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      for (int i = 1; i <= 5; i++) {
        peer.publish(EVENTS, "" + i, 1, i);
        peer.expect(RawPeer.PUBACK);
      }
    }
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("3", "4", "5");
    assertThat(hub.telemetry().count()).isEqualTo(5);
    hub.telemetry().clear();
    assertThat(hub.telemetry().received()).isEmpty();
    assertThat(hub.telemetry().total()).isEqualTo(5);
  }

  @Test
  void theFileHasWhatWasAcknowledgedAndTheSequenceGoesOn(@TempDir Path directory)
      throws IOException {
    Path file = directory.resolve("telemetry.jsonl");
    restart(LocalHubOptions.defaults().telemetryFile(file));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(EVENTS + "a=1&$.mid=m", "hello", 1, 1);
      peer.expect(RawPeer.PUBACK);
      assertThat(Files.readAllLines(file)).hasSize(1);
      assertThat(Files.readString(file))
          .startsWith("{\"sequence\":1,\"deviceId\":\"dev-1\",\"enqueuedAt\":\"")
          .contains("\"message-id\":\"m\"")
          .endsWith("\"properties\":{\"a\":\"1\"},\"body\":\"aGVsbG8=\"}\n");
    }
    Files.writeString(file, "{\"sequence\":2,\"torn", StandardOpenOption.APPEND);
    restart(LocalHubOptions.defaults().telemetryFile(file));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(EVENTS, "again", 1, 1);
      peer.expect(RawPeer.PUBACK);
    }
    assertThat(Files.readAllLines(file)).hasSize(2);
    assertThat(Files.readAllLines(file).get(1)).startsWith("{\"sequence\":2,");
    assertThat(hub.telemetry().received().get(0).sequence()).isEqualTo(2);
  }
}
