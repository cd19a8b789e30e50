package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.TelemetryMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnsignedByte;
import org.apache.qpid.proton.amqp.UnsignedInteger;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.MessageAnnotations;
import org.apache.qpid.proton.message.Message;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Reader and writer against another implementation, and against bytes that make no sense. */
class MessageReaderTest {
  private static byte[] encoded(Message message) {
    byte[] bytes = new byte[256 * 1024];
    return Arrays.copyOf(bytes, message.encode(bytes, 0, bytes.length));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Test
  void readsWhatAnotherWrites() {
    UUID id = UUID.randomUUID();
    Message message = Proton.message();
    message.setDurable(true);
    message.setMessageId("m-1");
    message.setUserId("user".getBytes(StandardCharsets.UTF_8));
    message.setAddress("/devices/d");
    message.setCorrelationId(id);
    message.setContentType("application/json");
    message.setContentEncoding("utf-8");
    message.setExpiryTime(1_700_000_000_000L);
    Map<Symbol, Object> annotations = new HashMap<>();
    annotations.put(Symbol.valueOf("count"), UnsignedByte.valueOf((byte) 200));
    annotations.put(Symbol.valueOf("sequence"), UnsignedLong.valueOf(77));
    annotations.put(Symbol.valueOf("small"), UnsignedInteger.ZERO);
    annotations.put(Symbol.valueOf("status"), -300);
    annotations.put(Symbol.valueOf("nested"), Map.of("a", "b"));
    message.setMessageAnnotations(new MessageAnnotations(annotations));
    Map<String, Object> properties = new HashMap<>();
    properties.put("text", "ü".repeat(300));
    properties.put("yes", true);
    properties.put("double", 1.5);
    properties.put("float", 2.5f);
    properties.put("nothing", null);
    message.setApplicationProperties(new ApplicationProperties(properties));
    byte[] body = new byte[70_000];
    new Random(1).nextBytes(body);
    message.setBody(new Data(new Binary(body)));

    Incoming read = MessageReader.read(encoded(message)).orElseThrow();
    assertThat(read.property(Incoming.MESSAGE_ID)).isEqualTo("m-1");
    assertThat(read.property(Incoming.CORRELATION_ID)).isEqualTo(id);
    assertThat(Incoming.text(read.property(Incoming.USER_ID))).isEqualTo("user");
    assertThat(read.property(Incoming.TO)).isEqualTo("/devices/d");
    assertThat(read.property(Incoming.CONTENT_TYPE)).isEqualTo("application/json");
    assertThat(read.property(Incoming.CONTENT_ENCODING)).isEqualTo("utf-8");
    assertThat(read.property(Incoming.ABSOLUTE_EXPIRY_TIME))
        .isEqualTo(Instant.ofEpochMilli(1_700_000_000_000L));
    assertThat(read.annotations())
        .containsEntry("count", 200L)
        .containsEntry("sequence", 77L)
        .containsEntry("small", 0L)
        .containsEntry("status", -300L)
        .doesNotContainKey("nested");
    assertThat(read.applicationProperties())
        .containsEntry("text", "ü".repeat(300))
        .containsEntry("yes", true)
        .containsEntry("double", 1.5)
        .containsEntry("float", 2.5)
        .doesNotContainKey("nothing");
    assertThat(read.body()).isEqualTo(body);
  }

  @Test
  void readsAValueAndSeveralSectionsOfData() {
    Message value = Proton.message();
    value.setBody(new AmqpValue("text"));
    assertThat(MessageReader.read(encoded(value)).orElseThrow().bodyText()).isEqualTo("text");
    MessageWriter out = new MessageWriter(10);
    out.data("one ".getBytes(StandardCharsets.UTF_8)).data(new byte[0]).data(new byte[300]);
    assertThat(MessageReader.read(bytes(out.finish())).orElseThrow().body()).hasSize(304);
    assertThat(MessageReader.read(new byte[0]).orElseThrow().body()).isEmpty();
  }

  @Test
  void anotherReadsWhatItWrites() {
    TelemetryMessage message =
        TelemetryMessage.builder()
            .json("{\"t\":1}")
            .messageId("m-1")
            .correlationId("c-1")
            .userId("user")
            .component("thermostat")
            .creationTime(Instant.parse("2026-01-02T03:04:05Z"))
            .property("name", "ü".repeat(200))
            .property("empty", "")
            .build();
    byte[] wire = bytes(TelemetryEncoder.one(message));
    assertThat(wire.length).isLessThanOrEqualTo(TelemetryEncoder.size(message));
    Message read = HubPeer.decode(wire);
    assertThat(read.getMessageId()).isEqualTo("m-1");
    assertThat(read.getCorrelationId()).isEqualTo("c-1");
    assertThat(read.getUserId()).isEqualTo("user".getBytes(StandardCharsets.UTF_8));
    assertThat(read.getContentType()).isEqualTo("application/json");
    assertThat(read.getContentEncoding()).isEqualTo("utf-8");
    assertThat(read.getMessageAnnotations().getValue())
        .containsEntry(Symbol.valueOf("dt-subject"), "thermostat");
    assertThat(read.getApplicationProperties().getValue())
        .containsEntry("name", "ü".repeat(200))
        .containsEntry("empty", "")
        .containsEntry("iothub-creation-time-utc", "2026-01-02T03:04:05Z");
    assertThat(HubPeer.body(read)).isEqualTo(message.body());
  }

  @Test
  void aLargeMessageAndManyPropertiesFitWhatWasForetold() {
    TelemetryMessage.Builder many = TelemetryMessage.builder().body(new byte[100]);
    for (int i = 0; i < 400; i++) {
      many.property("p" + i, "v".repeat(i));
    }
    for (TelemetryMessage message :
        new TelemetryMessage[] {
          many.build(), TelemetryMessage.of(new byte[200_000]), TelemetryMessage.of(new byte[0])
        }) {
      byte[] wire = bytes(TelemetryEncoder.one(message));
      assertThat(wire.length).isLessThanOrEqualTo(TelemetryEncoder.size(message));
      assertThat(HubPeer.body(HubPeer.decode(wire))).isEqualTo(message.body());
    }
  }

  /** Counts, sizes and depths that lie. */
  @Test
  void whatLiesIsRefused() {
    int[][] lies = {
      {0x00, 0x53, 0x75, 0xb0, 0x7f, 0xff, 0xff, 0xff},
      {0x00, 0x53, 0x75, 0xb0, 0xff, 0xff, 0xff, 0xff},
      {0x00, 0x53, 0x74, 0xd1, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xfe},
      {0x00, 0x53, 0x73, 0xd0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff},
      {0x00, 0x53, 0x74, 0xc1, 3, 200, 0x40},
      {0x00, 0x53, 0x77, 0xf0, 0x7f, 0xff, 0xff, 0xff},
      {0x00, 0x53, 0x77, 0x3f},
      {0x75},
      {0x00},
    };
    for (int[] lie : lies) {
      byte[] message = new byte[lie.length];
      for (int i = 0; i < lie.length; i++) {
        message[i] = (byte) lie[i];
      }
      assertThat(MessageReader.read(message)).isEmpty();
    }
    assertThat(MessageReader.read(new byte[100_000])).isEmpty(); // described, and described, …
  }

  @RepeatedTest(50)
  void whatIsSpoiledNeverThrows(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    byte[] good =
        bytes(
            TelemetryEncoder.one(
                TelemetryMessage.builder().json("{}").messageId("m").property("a", "b").build()));
    for (int i = 0; i < 1000; i++) {
      byte[] spoiled = Arrays.copyOf(good, random.nextInt(good.length + 20));
      for (int j = random.nextInt(4); j >= 0 && spoiled.length > 0; j--) {
        spoiled[random.nextInt(spoiled.length)] = (byte) random.nextInt();
      }
      assertThat(MessageReader.read(spoiled)).isNotNull();
    }
  }
}
