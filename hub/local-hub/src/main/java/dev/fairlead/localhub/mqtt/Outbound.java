package dev.fairlead.localhub.mqtt;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubAckMessage;
import io.netty.handler.codec.mqtt.MqttSubAckPayload;
import io.netty.handler.codec.mqtt.MqttUnsubAckMessage;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Writes packets, and flushes once for each batch of input. Used on the connection's thread only.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class Outbound {

  private static final int PUBACK_LENGTH = 4;

  private final Channel channel;
  private int[] acknowledgements = new int[256];
  private int acknowledgementCount;
  private final Deque<Integer> overtaken = new ArrayDeque<>();
  private int holds;
  private boolean inBatch;

  Outbound(Channel channel) {
    this.channel = channel;
  }

  /** Starts a batch of input: nothing is flushed until {@link #endBatch}. */
  void beginBatch() {
    inBatch = true;
  }

  /** Stores a PUBACK to be sent by {@link #writeAcknowledgements}. */
  void acknowledge(int packetId) {
    if (acknowledgementCount == acknowledgements.length) {
      acknowledgements = Arrays.copyOf(acknowledgements, acknowledgementCount * 2);
    }
    acknowledgements[acknowledgementCount++] = packetId;
    if (!overtaken.isEmpty()) {
      acknowledge(overtaken.remove());
    }
  }

  /** Stores a PUBACK to be sent after the next one, because of a fault. */
  void acknowledgeAfterNext(int packetId) {
    overtaken.add(packetId);
  }

  /** Because of a fault, PUBACKs wait until {@link #releaseAcknowledgements}. */
  void holdAcknowledgements() {
    holds++;
  }

  /** Sends the stored PUBACKs, unless another fault delays them. */
  void releaseAcknowledgements() {
    holds--;
    writeAcknowledgements(true);
    channel.flush();
  }

  /**
   * Writes the stored PUBACKs, in the order of their messages [MQTT-4.6.0-2].
   *
   * @param onePerBuffer whether each is a separate buffer, as faults require
   */
  void writeAcknowledgements(boolean onePerBuffer) {
    if (acknowledgementCount == 0 || holds > 0) {
      return;
    }
    int perBuffer = onePerBuffer ? 1 : acknowledgementCount;
    for (int start = 0; start < acknowledgementCount; start += perBuffer) {
      ByteBuf packets = channel.alloc().buffer(perBuffer * PUBACK_LENGTH);
      for (int i = start; i < start + perBuffer; i++) {
        packets.writeShort(0x4002).writeShort(acknowledgements[i]);
      }
      channel.write(packets);
    }
    acknowledgementCount = 0;
  }

  /** Drops the stored PUBACKs, because their messages are not stored. */
  void dropAcknowledgements() {
    acknowledgementCount = 0;
  }

  /** Flushes the packets that were written since {@link #beginBatch}. */
  void endBatch() {
    inBatch = false;
    channel.flush();
  }

  void write(MqttMessage packet) {
    channel.write(packet);
    flushUnlessInBatch();
  }

  void publish(String topic, byte[] payload, int qos, int packetId, boolean redelivered) {
    MqttFixedHeader header =
        new MqttFixedHeader(MqttMessageType.PUBLISH, redelivered, MqttQoS.valueOf(qos), false, 0);
    write(
        new MqttPublishMessage(
            header,
            new MqttPublishVariableHeader(topic, packetId),
            Unpooled.wrappedBuffer(payload)));
  }

  void suback(int packetId, List<Integer> granted) {
    MqttFixedHeader header =
        new MqttFixedHeader(MqttMessageType.SUBACK, false, MqttQoS.AT_MOST_ONCE, false, 0);
    write(
        new MqttSubAckMessage(
            header, MqttMessageIdVariableHeader.from(packetId), new MqttSubAckPayload(granted)));
  }

  void unsuback(int packetId) {
    MqttFixedHeader header =
        new MqttFixedHeader(MqttMessageType.UNSUBACK, false, MqttQoS.AT_MOST_ONCE, false, 2);
    write(new MqttUnsubAckMessage(header, MqttMessageIdVariableHeader.from(packetId)));
  }

  void flush() {
    channel.flush();
  }

  private void flushUnlessInBatch() {
    if (!inBatch) {
      channel.flush();
    }
  }

  /** Whether the client reads as fast as the hub writes. */
  boolean isWritable() {
    return channel.isWritable();
  }
}
