package dev.fairlead.amqp;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the sections of one message, AMQP 1.0, sections 1.6 and 3.2. Allocates no more than the
 * message holds, and keeps nothing: the engine's own decoder keeps every symbol it ever decoded for
 * the life of the process.
 */
final class MessageReader {
  /** Deeper nesting is refused, even in values that are skipped. */
  private static final int MAX_DEPTH = 16;

  private static final int DESCRIBED = 0x00;

  private final ByteBuffer in;

  private MessageReader(byte[] message) {
    in = ByteBuffer.wrap(message);
  }

  /**
   * Reads a message.
   *
   * @return empty if it is not a message
   */
  static Optional<Incoming> read(byte[] message) {
    try {
      return Optional.of(new MessageReader(message).sections());
    } catch (BufferUnderflowException | Malformed e) {
      return Optional.empty();
    }
  }

  private static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed() {
      super(null, null, false, false);
    }
  }

  private Incoming sections() throws Malformed {
    @Nullable Object[] properties = {};
    Map<String, Object> annotations = Map.of();
    Map<String, Object> applicationProperties = Map.of();
    List<byte[]> body = new ArrayList<>();
    while (in.hasRemaining()) {
      switch (descriptor()) {
        case MessageWriter.MESSAGE_ANNOTATIONS -> annotations = map();
        case MessageWriter.PROPERTIES -> properties = list();
        case MessageWriter.APPLICATION_PROPERTIES -> applicationProperties = map();
        case MessageWriter.DATA, MessageWriter.VALUE -> {
          Object value = value(0);
          if (value != null) {
            body.add(
                value instanceof byte[] binary
                    ? binary
                    : value.toString().getBytes(StandardCharsets.UTF_8));
          }
        }
        default -> value(0); // ignored
      }
    }
    return new Incoming(properties, annotations, applicationProperties, joined(body));
  }

  private static byte[] joined(List<byte[]> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer whole = ByteBuffer.allocate(length);
    parts.forEach(whole::put);
    return whole.array();
  }

  private int descriptor() throws Malformed {
    if (octet() != DESCRIBED || !(value(0) instanceof Long code)) {
      throw new Malformed();
    }
    return (int) Math.max(-1, Math.min(code, 0x100));
  }

  private @Nullable Object[] list() throws Malformed {
    int code = octet();
    if (code == 0x45) {
      return new Object[0];
    }
    int count = compound(code, 0xc0, 0xd0);
    @Nullable Object[] values = new Object[count];
    for (int i = 0; i < count; i++) {
      values[i] = value(0);
    }
    return values;
  }

  private Map<String, Object> map() throws Malformed {
    int count = compound(octet(), 0xc1, 0xd1);
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i + 1 < count; i += 2) {
      Object key = value(0);
      Object value = value(0);
      if (key != null && value != null) {
        values.put(Incoming.text(key), value);
      }
    }
    return values;
  }

  /** The count of a list or a map, each element of which takes at least a byte. */
  private int compound(int code, int narrow, int wide) throws Malformed {
    int count;
    if (code == narrow) {
      octet(); // the size, which follows from the elements
      count = octet();
    } else if (code == wide) {
      in.getInt();
      count = in.getInt();
    } else {
      throw new Malformed();
    }
    if (count < 0 || count > in.remaining()) {
      throw new Malformed();
    }
    return count;
  }

  private int octet() {
    return in.get() & 0xff;
  }

  private @Nullable Object value(int depth) throws Malformed {
    int code = octet();
    if (code == DESCRIBED) {
      if (depth == MAX_DEPTH) {
        throw new Malformed();
      }
      value(depth + 1);
      return value(depth + 1);
    }
    return switch (code >> 4) {
      case 0x4 -> empty(code);
      case 0x5 -> one(code);
      case 0x6 -> two(code);
      case 0x7 -> four(code);
      case 0x8 -> eight(code);
      case 0x9 -> sixteen(code);
      case 0xa -> variable(code, octet());
      case 0xb -> variable(code, in.getInt());
      case 0xc, 0xe -> skip(octet());
      case 0xd, 0xf -> skip(in.getInt());
      default -> throw new Malformed();
    };
  }

  private static @Nullable Object empty(int code) throws Malformed {
    return switch (code) {
      case 0x40, 0x45 -> null;
      case 0x41 -> true;
      case 0x42 -> false;
      case 0x43, 0x44 -> 0L;
      default -> throw new Malformed();
    };
  }

  private Object one(int code) throws Malformed {
    byte value = in.get();
    return switch (code) {
      case 0x50, 0x52, 0x53 -> value & 0xffL;
      case 0x51, 0x54, 0x55 -> (long) value;
      case 0x56 -> value != 0;
      default -> throw new Malformed();
    };
  }

  private Object two(int code) throws Malformed {
    short value = in.getShort();
    return switch (code) {
      case 0x60 -> value & 0xffffL;
      case 0x61 -> (long) value;
      default -> throw new Malformed();
    };
  }

  private @Nullable Object four(int code) {
    int value = in.getInt();
    return switch (code) {
      case 0x70 -> value & 0xffff_ffffL;
      case 0x71 -> (long) value;
      case 0x72 -> (double) Float.intBitsToFloat(value);
      case 0x73 -> new String(Character.toChars(Character.isValidCodePoint(value) ? value : '?'));
      default -> null; // decimals
    };
  }

  private @Nullable Object eight(int code) {
    long value = in.getLong();
    return switch (code) {
      case 0x80, 0x81 -> value;
      case 0x82 -> Double.longBitsToDouble(value);
      case 0x83 -> Instant.ofEpochMilli(value);
      default -> null;
    };
  }

  private @Nullable Object sixteen(int code) {
    long high = in.getLong();
    long low = in.getLong();
    return code == 0x98 ? new UUID(high, low) : null;
  }

  private Object variable(int code, int length) throws Malformed {
    if (length < 0 || length > in.remaining()) {
      throw new Malformed();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return switch (code & 0x0f) {
      case 0x0 -> bytes;
      case 0x1, 0x3 -> new String(bytes, StandardCharsets.UTF_8);
      default -> throw new Malformed();
    };
  }

  private @Nullable Object skip(int length) throws Malformed {
    if (length < 0 || length > in.remaining()) {
      throw new Malformed();
    }
    in.position(in.position() + length);
    return null;
  }
}
