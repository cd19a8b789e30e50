package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.TelemetryRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.AmqpSequence;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AmqpTelemetryTest {

  private static final String EVENTS = "/devices/dev-1/messages/events";
  private static final int BATCH = 0x80013700;

  private final LocalHub hub = LocalHub.start();
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private static String conditionOf(DeliveryState state) {
    assertThat(state).isInstanceOf(Rejected.class);
    return ((Rejected) state).getError().getCondition().toString();
  }

  @Test
  void rejectsWhatIsOver256Kilobytes() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      assertThat(conditionOf(peer.send(link, AmqpPeer.message("x".repeat(256 * 1024 + 1)))))
          .isEqualTo("amqp:link:message-size-exceeded");
      String fitting = "x".repeat(256 * 1024 - 2);
      assertThat(conditionOf(peer.send(link, AmqpPeer.with(AmqpPeer.message(fitting), "k", "vv"))))
          .isEqualTo("amqp:link:message-size-exceeded");
      assertThat(peer.send(link, AmqpPeer.with(AmqpPeer.message(fitting), "k", "v")))
          .isInstanceOf(Accepted.class);
    }
    assertThat(hub.telemetry().count()).isEqualTo(1);
  }

  @Test
  void detachesForWhatIsOverAMegabyte() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      peer.start(link, AmqpPeer.encode(AmqpPeer.message("x".repeat(1024 * 1024))), 0);
      assertThat(peer.detached(link).getCondition().toString())
          .isEqualTo("amqp:link:message-size-exceeded");
      assertThat(peer.send(peer.sender(EVENTS), AmqpPeer.message("x")))
          .isInstanceOf(Accepted.class);
    }
    assertThat(hub.telemetry().count()).isEqualTo(1);
  }

  @Test
  void rejectsWhatIsNoMessage() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      for (byte[] bytes :
          List.of(
              new byte[] {1, 2, 3},
              new byte[] {0x40},
              new byte[] {0, 0x53, 0x75, (byte) 0xb0, 0x7f, 0, 0, 0, 1},
              new byte[] {0, 0x53, 0x74, 0x43},
              new byte[] {0, 0x53, 0x73, (byte) 0xc1, 1, 0})) {
        Delivery delivery = peer.start(link, bytes, 0);
        assertThat(conditionOf(peer.outcome(delivery))).isEqualTo("amqp:decode-error");
      }
      Message sequence = Proton.message();
      sequence.setBody(new AmqpSequence(List.of(1, 2)));
      assertThat(conditionOf(peer.send(link, sequence))).isEqualTo("com.microsoft:argument-error");
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void mapsEverythingAMessageSays() throws IOException {
    Message message = AmqpPeer.message("{}");
    message.setMessageId("m-1");
    message.setCorrelationId("c-1");
    message.setUserId("user".getBytes(StandardCharsets.UTF_8));
    message.setAddress("/devices/dev-1/messages/events");
    message.setContentType("application/json");
    message.setContentEncoding("utf-8");
    message.setExpiryTime(1_893_456_000_000L);
    Map<String, Object> application = new HashMap<>();
    application.put("a", "1");
    application.put("number", 7); // Only text is kept.
    application.put("iothub-message-schema", "schema");
    application.put("iothub-creation-time-utc", "2030-01-01T00:00:00Z");
    application.put("iothub-connection-device-id", "somebody else");
    message.setApplicationProperties(new ApplicationProperties(application));
    AmqpPeer.annotated(message, "dt-subject", "thermostat", "iothub-interface-id", "urn:i");
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Map<Symbol, Object> properties = new HashMap<>(AmqpPeer.pairProperties("dev-1"));
      properties.put(Symbol.valueOf("com.microsoft:model-id"), "dtmi:com:example:t;1");
      assertThat(peer.send(peer.sender(EVENTS, properties), message)).isInstanceOf(Accepted.class);
    }
    TelemetryRecord stored = hub.telemetry().received().get(0);
    assertThat(stored.bodyAsText()).isEqualTo("{}");
    assertThat(stored.properties()).containsExactlyEntriesOf(Map.of("a", "1"));
    assertThat(stored.systemProperties())
        .containsEntry("message-id", "m-1")
        .containsEntry("correlation-id", "c-1")
        .containsEntry("user-id", "user")
        .containsEntry("to", "/devices/dev-1/messages/events")
        .containsEntry("content-type", "application/json")
        .containsEntry("content-encoding", "utf-8")
        .containsEntry("absolute-expiry-time", "2030-01-01T00:00:00.0000000Z")
        .containsEntry("iothub-message-schema", "schema")
        .containsEntry("iothub-creation-time-utc", "2030-01-01T00:00:00Z")
        .containsEntry("dt-subject", "thermostat")
        .containsEntry("iothub-interface-id", "urn:i")
        .containsEntry("dt-dataschema", "dtmi:com:example:t;1")
        .containsEntry("iothub-connection-device-id", "dev-1")
        .containsEntry("iothub-message-source", "Telemetry");
  }

  @Test
  void joinsDataSectionsAndTakesTextAndNothing() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      byte[] twice = twice(AmqpPeer.encode(AmqpPeer.message("ab")));
      assertThat(peer.outcome(peer.start(link, twice, 0))).isInstanceOf(Accepted.class);
      Message text = Proton.message();
      text.setBody(new AmqpValue("text"));
      assertThat(peer.send(link, text)).isInstanceOf(Accepted.class);
      assertThat(peer.outcome(peer.start(link, new byte[0], 0))).isInstanceOf(Accepted.class);
    }
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("abab", "text", "");
  }

  private static byte[] twice(byte[] section) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(section);
    bytes.writeBytes(section);
    return bytes.toByteArray();
  }

  private static byte[] batch(byte[]... messages) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] message : messages) {
      Message section = Proton.message();
      section.setBody(new Data(new Binary(message)));
      bytes.writeBytes(AmqpPeer.encode(section));
    }
    return bytes.toByteArray();
  }

  @Test
  void unpacksABatch() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      byte[] three =
          batch(
              AmqpPeer.encode(AmqpPeer.with(AmqpPeer.message("one"), "n", "1")),
              AmqpPeer.encode(AmqpPeer.message("two")),
              AmqpPeer.encode(AmqpPeer.with(AmqpPeer.message("three"), "n", "3")));
      assertThat(peer.outcome(peer.start(link, three, BATCH))).isInstanceOf(Accepted.class);
    }
    List<TelemetryRecord> stored = hub.telemetry().received();
    assertThat(stored)
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("one", "two", "three");
    assertThat(stored.get(2).properties()).containsEntry("n", "3");
  }

  @Test
  void takesAllOfABatchOrNothing() throws IOException {
    byte[] good = AmqpPeer.encode(AmqpPeer.message("good"));
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      byte[] tooLarge = batch(good, AmqpPeer.encode(AmqpPeer.message("x".repeat(300_000))));
      assertThat(conditionOf(peer.outcome(peer.start(link, tooLarge, BATCH))))
          .isEqualTo("amqp:link:message-size-exceeded");
      byte[] broken = batch(good, new byte[] {9, 9, 9});
      assertThat(conditionOf(peer.outcome(peer.start(link, broken, BATCH))))
          .isEqualTo("amqp:decode-error");
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void storesWhatIsSentSettled() throws IOException {
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      for (int i = 0; i < 2500; i++) { // More than the credit, so it must be renewed.
        Delivery delivery = peer.start(link, AmqpPeer.encode(AmqpPeer.message("x")), 0);
        delivery.settle();
      }
      peer.flush();
      assertThat(peer.send(link, AmqpPeer.message("last"))).isInstanceOf(Accepted.class);
    }
    assertThat(hub.telemetry().await(2501, Duration.ofSeconds(10))).hasSize(2501);
  }

  @Test
  void keepsTheOrderOfManyUnderWay() throws IOException {
    int count = 5000;
    List<String> expected = new ArrayList<>();
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      Sender link = peer.sender(EVENTS);
      List<Delivery> deliveries = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        expected.add("m" + i);
        deliveries.add(peer.start(link, AmqpPeer.encode(AmqpPeer.message("m" + i)), 0));
      }
      for (Delivery delivery : deliveries) {
        assertThat(peer.outcome(delivery)).isInstanceOf(Accepted.class);
      }
    }
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactlyElementsOf(expected);
  }

  @Test
  void readsTheCreationTimeOfTheStandard() throws IOException {
    Message message = AmqpPeer.message("x");
    message.setCreationTime(new Date(1_893_456_000_000L).getTime());
    try (AmqpPeer peer = AmqpPeer.connected(hub, device)) {
      assertThat(peer.send(peer.sender(EVENTS), message)).isInstanceOf(Accepted.class);
    }
    assertThat(hub.telemetry().received().get(0).systemProperties())
        .containsEntry("iothub-creation-time-utc", "2030-01-01T00:00:00.0000000Z");
  }
}
