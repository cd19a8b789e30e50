package dev.fairlead.amqp;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.localhub.amqp.HubMessages;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.Properties;
import org.apache.qpid.proton.codec.ReadableBuffer;
import org.apache.qpid.proton.message.Message;
import org.jspecify.annotations.Nullable;

/**
 * Messages, beside the decoders of Proton-J and of protonj2. Where all three accept the bytes, they
 * read the same.
 */
public final class MessageFuzz {
  /** A value whose meaning is left to each decoder. */
  private static final Object UNKNOWN = new Object();

  private MessageFuzz() {}

  /** The input is a message. */
  public static void fuzzerTestOneInput(byte[] input) {
    Optional<Incoming> ours = MessageReader.read(input);
    if (ours.isEmpty()) {
      return;
    }
    Expect.that(ours.get().body().length <= 4 * input.length, "a body larger than its message");
    rewritten(ours.get());
    Optional<HubMessages.Read> hub = HubMessages.read(input);
    Message proton = proton(input);
    if (hub.isPresent()) {
      compare(ours.get(), hub.get());
    }
    // Proton-J drops a section that is out of order, or there twice.
    if (hub.isPresent() && proton != null && HubMessages.inOrder(input)) {
      compare(ours.get(), proton);
    }
  }

  /** What was read, written by our writer, is read as the same. */
  private static void rewritten(Incoming message) {
    MessageWriter out = new MessageWriter(64);
    out.section(MessageWriter.PROPERTIES);
    int start = out.begin();
    int places = Math.min(4, message.properties().length);
    for (int i = 0; i < places; i++) {
      Object value = message.property(i);
      if (value == null) {
        out.nothing();
      } else {
        out.id(value);
      }
    }
    out.endList(start, places);
    out.section(MessageWriter.APPLICATION_PROPERTIES);
    int map = out.begin();
    message
        .applicationProperties()
        .forEach((name, value) -> out.text(name).text(Incoming.text(value)));
    out.endMap(map, message.applicationProperties().size());
    out.data(message.body());
    ByteBuffer written = out.finish();
    byte[] bytes = new byte[written.remaining()];
    written.get(bytes);
    Incoming again = MessageReader.read(bytes).orElseThrow();
    Expect.same(again.body(), message.body(), "the body, written again");
    for (int i = 0; i < places; i++) {
      Object value = message.property(i);
      boolean plain = value instanceof byte[] || value instanceof Long || value instanceof UUID;
      Expect.same(
          again.property(i),
          value == null || plain ? value : stored(value.toString()),
          "a property, written again");
    }
    Expect.same(
        again.applicationProperties().keySet(),
        stored(message.applicationProperties()).keySet(),
        "the names, written again");
  }

  /** As it is after a way through UTF-8. */
  private static String stored(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private static Map<String, Object> stored(Map<String, Object> map) {
    Map<String, Object> stored = new LinkedHashMap<>();
    map.forEach((name, value) -> stored.put(stored(name), value));
    return stored;
  }

  private static @Nullable Message proton(byte[] input) {
    try {
      Message message = Message.Factory.create();
      ReadableBuffer buffer = ReadableBuffer.ByteBufferReader.wrap(input.clone());
      message.decode(buffer);
      // It stops where it expects no further section.
      return buffer.hasRemaining() ? null : message;
    } catch (RuntimeException | StackOverflowError e) {
      return null;
    }
  }

  private static void compare(Incoming ours, HubMessages.Read hub) {
    same(ours.property(Incoming.MESSAGE_ID), hub.properties().getMessageId(), "message id");
    same(ours.property(Incoming.USER_ID), hub.properties().getUserId(), "user id");
    same(ours.property(Incoming.TO), hub.properties().getTo(), "to");
    same(ours.property(Incoming.CORRELATION_ID), hub.properties().getCorrelationId(), "cid");
    same(ours.property(Incoming.CONTENT_TYPE), hub.properties().getContentType(), "type");
    same(ours.property(Incoming.CONTENT_ENCODING), hub.properties().getContentEncoding(), "enc");
    same(ours.applicationProperties(), hub.application(), "protonj2's application properties");
    same(ours.annotations(), hub.annotations(), "protonj2's annotations");
    if (hub.data()) {
      Expect.same(ours.body(), hub.body(), "protonj2's body");
    }
  }

  private static void compare(Incoming ours, Message proton) {
    Properties properties = proton.getProperties();
    if (properties != null) {
      same(ours.property(Incoming.MESSAGE_ID), properties.getMessageId(), "message id");
      same(ours.property(Incoming.USER_ID), properties.getUserId(), "user id");
      same(ours.property(Incoming.TO), properties.getTo(), "to");
      same(ours.property(Incoming.CORRELATION_ID), properties.getCorrelationId(), "cid");
      same(ours.property(Incoming.CONTENT_TYPE), properties.getContentType(), "type");
      same(ours.property(Incoming.CONTENT_ENCODING), properties.getContentEncoding(), "encoding");
      same(ours.property(Incoming.ABSOLUTE_EXPIRY_TIME), properties.getAbsoluteExpiryTime(), "end");
      same(ours.property(Incoming.CREATION_TIME), properties.getCreationTime(), "creation");
    }
    if (proton.getApplicationProperties() != null) {
      same(
          ours.applicationProperties(),
          proton.getApplicationProperties().getValue(),
          "Proton-J's application properties");
    }
    if (proton.getMessageAnnotations() != null) {
      same(ours.annotations(), proton.getMessageAnnotations().getValue(), "Proton-J's annotations");
    }
    if (proton.getBody() instanceof Data data && data.getValue() != null) {
      Expect.same(ours.body(), bytes(data.getValue()), "Proton-J's body");
    } else if (proton.getBody() instanceof AmqpValue value
        && value.getValue() instanceof String text) {
      Expect.same(ours.body(), text.getBytes(StandardCharsets.UTF_8), "Proton-J's text");
    }
  }

  private static void same(Map<String, Object> ours, @Nullable Map<?, ?> theirs, String what) {
    if (theirs == null) {
      Expect.same(ours, Map.of(), what);
      return;
    }
    Map<String, Object> plain = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : theirs.entrySet()) {
      Object key = plain(entry.getKey());
      Object value = plain(entry.getValue());
      if (key == UNKNOWN || value == UNKNOWN) {
        return;
      }
      if (key != null && value != null) {
        plain.put(Incoming.text(key), value);
      }
    }
    Expect.same(ours.keySet(), plain.keySet(), what);
    ours.forEach((name, value) -> same(value, plain.get(name), what + ", " + name));
  }

  private static void same(@Nullable Object ours, @Nullable Object theirs, String what) {
    Object plain = plain(theirs);
    if (ours instanceof Instant time && plain instanceof Long millis) {
      Expect.same(time.toEpochMilli(), millis, what); // protonj2 has no type for times
    } else if (plain != UNKNOWN) {
      Expect.same(ours, plain, what);
    }
  }

  /** A value of either library as ours. */
  private static @Nullable Object plain(@Nullable Object value) {
    if (value == null || value instanceof String || value instanceof Boolean) {
      return value;
    }
    if (value instanceof UUID || value instanceof byte[]) {
      return value;
    }
    if (value instanceof Binary binary) {
      return bytes(binary);
    }
    if (value instanceof org.apache.qpid.protonj2.types.Binary binary) {
      return binary.asByteArray();
    }
    if (value instanceof Date date) {
      return Instant.ofEpochMilli(date.getTime());
    }
    if (value instanceof Float || value instanceof Double) {
      return ((Number) value).doubleValue();
    }
    String type = value.getClass().getSimpleName();
    return switch (type) {
      // [AMQP 1.6.21] A symbol is ASCII; what else is in it, each decoder replaces in its own way.
      case "Symbol" ->
          value.toString().chars().allMatch(c -> c < 0x80) ? value.toString() : UNKNOWN;
      case "UnsignedByte" -> ((Number) value).longValue() & 0xff;
      case "UnsignedShort" -> ((Number) value).longValue() & 0xffff;
      case "UnsignedInteger" -> ((Number) value).longValue() & 0xffff_ffffL;
      case "Byte", "Short", "Integer", "Long", "UnsignedLong" -> ((Number) value).longValue();
      default -> UNKNOWN; // decimals, characters, described values, lists, maps, arrays
    };
  }

  private static byte[] bytes(Binary binary) {
    int from = binary.getArrayOffset();
    return Arrays.copyOfRange(binary.getArray(), from, from + binary.getLength());
  }
}
