package dev.fairlead.mqtt;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.fuzz.Pieces;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.internal.wire.MqttPublish;
import org.eclipse.paho.client.mqttv3.internal.wire.MqttWireMessage;

/**
 * What the client reads of MQTT. Whatever passes the reader must be the same however it arrived,
 * must pass it again, and must be readable for Paho.
 */
public final class PacketsFuzz {
  private PacketsFuzz() {}

  /** The first byte is the size of the pieces. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    List<byte[]> passed = passed(new Pieces(input, 1, 1 + (input[0] & 0xff)));
    byte[] bytes = joined(passed);
    Expect.same(bytes, joined(passed(new Pieces(input, 1, 8192))), "in other pieces");
    List<byte[]> again = passed(new Pieces(bytes, 0, 8192));
    Expect.same(passed.size(), again.size(), "the number of packets, read again");
    for (int i = 0; i < passed.size(); i++) {
      same(forPaho(passed.get(i)), forPaho(again.get(i)));
    }
  }

  private static List<byte[]> passed(Pieces in) {
    List<byte[]> packets = new ArrayList<>();
    PacketReader reader = new PacketReader(in, () -> {});
    try {
      while (true) {
        int first = reader.read();
        byte[] packet = new byte[1 + reader.available()];
        packet[0] = (byte) first;
        int count = 1;
        while (count < packet.length) {
          count += reader.read(packet, count, packet.length - count);
        }
        packets.add(packet);
      }
    } catch (PacketReader.Refusal | PacketReader.ProtocolBreach e) {
      Expect.readable(e.getMessage());
      return packets;
    } catch (IOException e) {
      return packets;
    }
  }

  private static byte[] joined(List<byte[]> packets) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    packets.forEach(bytes::writeBytes);
    return bytes.toByteArray();
  }

  /** A topic that begins like an encoded one is encoded once more. */
  private static void same(MqttWireMessage one, MqttWireMessage again) {
    Expect.same(one.getClass(), again.getClass(), "the kind");
    if (one instanceof MqttPublish first && again instanceof MqttPublish second) {
      String topic = second.getTopicName();
      Expect.same(
          first.getTopicName(),
          first.getTopicName().startsWith("!") ? PacketReader.originalTopic(topic) : topic,
          "the topic");
      Expect.same(first.getMessage().getPayload(), second.getMessage().getPayload(), "the body");
      Expect.same(first.getMessageId(), second.getMessageId(), "the id");
    }
  }

  private static MqttWireMessage forPaho(byte[] bytes) {
    try {
      return MqttWireMessage.createWireMessage(bytes);
    } catch (MqttException e) {
      throw new AssertionError("Paho cannot read what was passed on", e);
    }
  }
}
