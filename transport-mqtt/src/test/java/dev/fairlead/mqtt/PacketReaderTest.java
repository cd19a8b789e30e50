package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PacketReaderTest {
  private static final byte[] CONNACK = {0x20, 2, 0, 0};

  private static byte[] all(byte[]... packets) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] packet : packets) {
      out.writeBytes(packet);
    }
    return out.toByteArray();
  }

  /** Returns at most the given number of bytes at a time. */
  private static InputStream slices(byte[] data, Random random) {
    return new FilterInputStream(new ByteArrayInputStream(data)) {
      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        return super.read(target, offset, Math.min(length, 1 + random.nextInt(5000)));
      }
    };
  }

  private static byte[] readAll(PacketReader reader, int count, Random random) throws IOException {
    byte[] target = new byte[count];
    int at = 0;
    while (at < count) {
      if (random.nextBoolean()) {
        target[at++] = (byte) reader.read();
      } else {
        at += reader.read(target, at, Math.min(count - at, 1 + random.nextInt(9000)));
      }
    }
    return target;
  }

  @Test
  void passesPacketsOnAsTheyAreHoweverTheyCome() throws Exception {
    Random random = new Random(3);
    for (int round = 0; round < 300; round++) {
      byte[] data = CONNACK;
      for (int i = random.nextInt(12); i > 0; i--) {
        int size = random.nextInt(8) == 0 ? random.nextInt(60_000) : random.nextInt(300);
        data =
            switch (random.nextInt(4)) {
              case 0 -> all(data, new byte[] {0x40, 2, 1, 2});
              case 1 -> all(data, new byte[] {(byte) 0xd0, 0});
              case 2 -> all(data, MqttPeer.publish(0x32, "topic/u", 7, "p".repeat(size)));
              default -> all(data, MqttPeer.publish(0x30, "t", -1, "p".repeat(size)));
            };
      }
      PacketReader reader = new PacketReader(slices(data, random), () -> {});
      assertThat(readAll(reader, data.length, random)).isEqualTo(data);
      assertThatThrownBy(reader::read).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void replacesATopicThatPahoCannotRead() throws Exception {
    Random random = new Random(5);
    String topic = "a/\uD83D\uDE00/\u0001ü";
    StringBuilder escaped = new StringBuilder("!");
    PropertyBag.encodeText(escaped, topic);
    byte[] sent =
        all(
            CONNACK,
            MqttPeer.publish(0x32, topic, 9, "p".repeat(9000)),
            MqttPeer.publish(0x30, "plain", -1, "x"),
            MqttPeer.publish(0x30, "!", -1, "x"));
    byte[] expected =
        all(
            CONNACK,
            MqttPeer.publish(0x32, escaped.toString(), 9, "p".repeat(9000)),
            MqttPeer.publish(0x30, "plain", -1, "x"),
            MqttPeer.publish(0x30, "!%21", -1, "x"));
    PacketReader reader = new PacketReader(slices(sent, random), () -> {});
    assertThat(readAll(reader, expected.length, random)).isEqualTo(expected);
    assertThat(PacketReader.originalTopic(escaped.toString())).isEqualTo(topic);
    assertThat(PacketReader.originalTopic("!%21")).isEqualTo("!");
    assertThat(PacketReader.originalTopic("plain%21")).isEqualTo("plain%21");
  }

  @Test
  void takesTheLargestPacketAndNoLargerOne() throws Exception {
    byte[] largest = MqttPeer.publish(0x30, "t", -1, "x".repeat(PacketReader.MAX_PACKET - 4 - 3));
    assertThat(largest).hasSize(PacketReader.MAX_PACKET);
    PacketReader reader =
        new PacketReader(new ByteArrayInputStream(all(CONNACK, largest)), () -> {});
    assertThat(reader.readNBytes(4 + largest.length)).hasSize(4 + largest.length);

    byte[] larger = MqttPeer.publish(0x30, "t", -1, "x".repeat(PacketReader.MAX_PACKET - 4 - 2));
    PacketReader refusing =
        new PacketReader(new ByteArrayInputStream(all(CONNACK, larger)), () -> {});
    refusing.skipNBytes(4);
    assertThatThrownBy(refusing::read)
        .isInstanceOf(PacketReader.ProtocolBreach.class)
        .hasMessageContaining("claims to be");
  }

  @Test
  void neverFailsOtherwiseThanByAnIoException() {
    Random random = new Random(13);
    for (int round = 0; round < 20_000; round++) {
      byte[] noise = new byte[random.nextInt(60)];
      random.nextBytes(noise);
      if (noise.length > 3 && random.nextBoolean()) {
        noise[0] = (byte) (0x30 | random.nextInt(4));
        noise[1] = (byte) random.nextInt(noise.length);
        noise[2] = 0;
      }
      PacketReader reader =
          new PacketReader(new ByteArrayInputStream(all(CONNACK, noise)), () -> {});
      assertThatThrownBy(
              () -> {
                while (true) {
                  reader.read();
                }
              })
          .as(Arrays.toString(noise))
          .isInstanceOf(IOException.class);
    }
  }
}
