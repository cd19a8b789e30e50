package dev.fairlead.mqtt;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Reads whole packets and passes on only well-formed ones of the kinds that a server sends. Paho
 * would allocate whatever length a packet claims, and its reading thread dies silently at a QoS of
 * 3 or at some topics; so such packets never reach it: reading ends here with a clear failure.
 *
 * <p>One reader thread.
 */
final class PacketReader extends InputStream {
  /**
   * The largest packet accepted, in bytes: a body of 256 KB with the longest topic. What the hub
   * really sends is smaller: C2D 64 KB, a method's payload 128 KB, a twin 64 KB and its structure.
   */
  static final int MAX_PACKET = 256 * 1024 + 65535 + 16;

  private static final int BUFFER = 8192;
  private static final int CONNACK = 2;
  private static final int PUBLISH = 3;
  private static final int PUBACK = 4;
  private static final int SUBACK = 9;
  private static final int UNSUBACK = 11;
  private static final int PINGRESP = 13;

  /** Begins a topic that Paho cannot read and that was therefore percent-encoded. */
  private static final char ESCAPED = '!';

  private final InputStream in;
  private final Runnable received;

  private byte[] buffer = new byte[BUFFER];
  private int start; // start of the bytes not passed on yet
  private int passable; // end of the packet that is being passed on
  private int end; // end of the bytes read from the network
  private boolean greeted;
  private long answers;

  /** The peer broke the rules of MQTT 3.1.1 or of the hub. */
  static final class ProtocolBreach extends IOException {
    private static final long serialVersionUID = 1;

    ProtocolBreach(String what) {
      super(what);
    }
  }

  /** The hub answered CONNECT with a refusal. */
  static final class Refusal extends IOException {
    private static final long serialVersionUID = 1;

    private final int code;

    Refusal(int code) {
      super("CONNACK " + code);
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /**
   * Reads packets from a stream.
   *
   * @param received called when bytes have arrived
   */
  PacketReader(InputStream in, Runnable received) {
    this.in = in;
    this.received = received;
  }

  @Override
  public int available() {
    return passable - start;
  }

  @Override
  public int read() throws IOException {
    if (start == passable) {
      nextPacket();
    }
    return buffer[start++] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (start == passable) {
      nextPacket();
    }
    int count = Math.min(length, passable - start);
    System.arraycopy(buffer, start, target, offset, count);
    start += count;
    return count;
  }

  /** How many packets were passed on that Paho reports as the end of an operation. */
  long answers() {
    return answers;
  }

  private void nextPacket() throws IOException {
    if (start == end) {
      start = 0;
      end = 0;
    }
    if (buffer.length > BUFFER && end - start <= BUFFER) {
      // The large packet is passed on, so its buffer is not kept for the rest of the session.
      buffer = Arrays.copyOfRange(buffer, start, start + BUFFER);
      end -= start;
      start = 0;
    }
    passable = start;
    need(2);
    // Remaining length: at most four bytes, seven bits each. [MQTT-2.2.3]
    int remaining = 0;
    int header = 1;
    while (true) {
      need(header + 1);
      int digit = buffer[start + header] & 0xff;
      remaining |= (digit & 0x7f) << (7 * (header - 1));
      header++;
      if (digit < 0x80) {
        break;
      }
      if (header > 4) {
        throw new ProtocolBreach("a packet with a remaining length of more than four bytes");
      }
    }
    if (header + remaining > MAX_PACKET) {
      throw new ProtocolBreach(
          "a packet that claims to be "
              + (header + remaining)
              + " bytes, more than the "
              + MAX_PACKET
              + " any message of the hub can have");
    }
    check(buffer[start] & 0xff, remaining);
    need(header + remaining);
    int size = header + remaining;
    if ((buffer[start] & 0xf0) == PUBLISH << 4) {
      size = checkPublish(header, remaining);
    } else if ((buffer[start] & 0xf0) == CONNACK << 4) {
      greeted = true;
      int code = buffer[start + 3] & 0xff;
      if (code != 0) {
        throw new Refusal(code);
      }
    }
    if ((buffer[start] & 0xf0) != PUBLISH << 4 && (buffer[start] & 0xf0) != PINGRESP << 4) {
      answers++;
    }
    passable = start + size;
  }

  /** Checks the first byte and the length before the rest has arrived. */
  private void check(int first, int remaining) throws ProtocolBreach {
    int type = first >> 4;
    int flags = first & 15;
    boolean right =
        switch (type) {
          case CONNACK -> !greeted && flags == 0 && remaining == 2;
          case PUBLISH -> ((flags >> 1) & 3) < 2 && remaining >= 2;
          case PUBACK, UNSUBACK -> flags == 0 && remaining == 2;
          case SUBACK -> flags == 0 && remaining >= 3 && remaining <= 2 + 8;
          case PINGRESP -> flags == 0 && remaining == 0;
          default -> false;
        };
    if (!right) {
      throw new ProtocolBreach(
          String.format(
              Locale.ROOT,
              "a packet that MQTT 3.1.1 does not allow here (first byte 0x%02x, length %d)",
              first,
              remaining));
    }
    // [MQTT-3.2.0-1]
    if (!greeted && type != CONNACK) {
      throw new ProtocolBreach("a packet of type " + type + " before the CONNACK");
    }
  }

  /** Checks topic and packet id; returns the packet's size, which changes if its topic does. */
  private int checkPublish(int header, int remaining) throws IOException {
    int at = start + header;
    int qos = (buffer[start] >> 1) & 3;
    int topicLength = ((buffer[at] & 0xff) << 8) | (buffer[at + 1] & 0xff);
    int idLength = qos == 0 ? 0 : 2;
    if (2 + topicLength + idLength > remaining) {
      throw new ProtocolBreach("a message shorter than its topic");
    }
    int topicAt = at + 2;
    int idAt = topicAt + topicLength;
    // [MQTT-2.3.1-1]
    if (qos > 0 && buffer[idAt] == 0 && buffer[idAt + 1] == 0) {
      throw new ProtocolBreach("a message with packet id 0");
    }
    boolean plain = topicLength == 0 || buffer[topicAt] != ESCAPED;
    for (int i = topicAt; plain && i < idAt; i++) {
      plain = buffer[i] >= 0x20 && buffer[i] != 0x7f;
    }
    return plain ? header + remaining : escapeTopic(header, remaining, topicLength);
  }

  /** Replaces a topic that would end Paho's reader with a percent-encoded one. */
  private int escapeTopic(int header, int remaining, int topicLength) throws IOException {
    int topicAt = start + header + 2;
    String topic;
    try {
      topic =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(buffer, topicAt, topicLength))
              .toString();
    } catch (CharacterCodingException e) {
      // [MQTT-1.5.3-1]
      throw new ProtocolBreach("a topic that is not UTF-8");
    }
    if (topic.indexOf(0) >= 0) {
      // [MQTT-1.5.3-2]
      throw new ProtocolBreach("a topic with the character U+0000");
    }
    StringBuilder escaped = new StringBuilder().append(ESCAPED);
    PropertyBag.encodeText(escaped, topic);
    if (escaped.length() > Topics.MAX_TEXT_BYTES) {
      throw new ProtocolBreach("a topic that is too long");
    }
    byte[] bytes = escaped.toString().getBytes(StandardCharsets.US_ASCII);
    int rest = remaining - 2 - topicLength;
    int newRemaining = 2 + bytes.length + rest;
    ByteBuffer packet = ByteBuffer.allocate(5 + newRemaining + end - topicAt - topicLength - rest);
    packet.put(buffer[start]);
    int left = newRemaining;
    do {
      packet.put((byte) (left > 127 ? (left & 127) | 128 : left));
      left >>= 7;
    } while (left > 0);
    packet.putShort((short) bytes.length).put(bytes);
    packet.put(buffer, topicAt + topicLength, rest);
    int size = packet.position();
    packet.put(buffer, topicAt + topicLength + rest, end - topicAt - topicLength - rest);
    end = packet.position();
    start = 0;
    buffer = packet.array();
    return size;
  }

  /** Undoes {@link #escapeTopic}. */
  static String originalTopic(String topic) {
    return !topic.isEmpty() && topic.charAt(0) == ESCAPED
        ? PropertyBag.decodeText(topic.substring(1))
        : topic;
  }

  /** Reads until the given number of bytes of the packet is in the buffer. */
  private void need(int count) throws IOException {
    while (end - start < count) {
      if (start + count > buffer.length) {
        byte[] target = count > buffer.length ? new byte[Math.max(count, BUFFER)] : buffer;
        System.arraycopy(buffer, start, target, 0, end - start);
        buffer = target;
        end -= start;
        start = 0;
        passable = 0;
      }
      int read = in.read(buffer, end, buffer.length - end);
      if (read < 0) {
        throw new EOFException(end == start ? "end of stream" : "end of stream inside a packet");
      }
      end += read;
      received.run();
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
