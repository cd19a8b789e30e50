package dev.fairlead.amqp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes the sections of messages, AMQP 1.0, sections 1.6 and 3.2, always in the shortest form. The
 * engine's own encoder would keep every symbol it ever encoded for the life of the process. Not
 * safe for several threads.
 */
final class MessageWriter {
  static final int MESSAGE_ANNOTATIONS = 0x72;
  static final int PROPERTIES = 0x73;
  static final int APPLICATION_PROPERTIES = 0x74;
  static final int DATA = 0x75;
  static final int VALUE = 0x77;

  private static final int LIST_8 = 0xc0;
  private static final int LIST_32 = 0xd0;
  private static final int MAP_8 = 0xc1;
  private static final int MAP_32 = 0xd1;

  /** Constructor, size and count, four bytes each of the latter. */
  private static final int WIDE = 9;

  private static final int NARROW = 3;

  private byte[] bytes;
  private int at;

  MessageWriter(int expected) {
    bytes = new byte[Math.max(expected, 64)];
  }

  /** Returns the written bytes; the writer must not be used any more. */
  ByteBuffer finish() {
    return ByteBuffer.wrap(bytes, 0, at);
  }

  int length() {
    return at;
  }

  private void room(int count) {
    if (bytes.length - at < count) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, at + count));
    }
  }

  private void octet(int value) {
    bytes[at++] = (byte) value;
  }

  private void int32(int value) {
    octet(value >> 24);
    octet(value >> 16);
    octet(value >> 8);
    octet(value);
  }

  private void int64(long value) {
    int32((int) (value >> 32));
    int32((int) value);
  }

  /** The descriptor of a section; its value follows. */
  MessageWriter section(int code) {
    room(3);
    octet(0x00);
    octet(0x53);
    octet(code);
    return this;
  }

  /** Begins a list or a map; pass the result to the method that ends it. */
  int begin() {
    room(WIDE);
    at += WIDE;
    return at;
  }

  void endList(int start, int count) {
    end(start, count, LIST_8, LIST_32);
  }

  /** Ends a map of the given number of entries. */
  void endMap(int start, int entries) {
    end(start, entries * 2, MAP_8, MAP_32);
  }

  private void end(int start, int count, int narrow, int wide) {
    int length = at - start;
    if (length < 255 && count < 256) {
      System.arraycopy(bytes, start, bytes, start - WIDE + NARROW, length);
      at = start - WIDE;
      octet(narrow);
      octet(length + 1);
      octet(count);
      at += length;
    } else {
      at = start - WIDE;
      octet(wide);
      int32(length + 4);
      int32(count);
      at += length;
    }
  }

  MessageWriter nothing() {
    room(1);
    octet(0x40);
    return this;
  }

  MessageWriter text(String value) {
    return variable(0xa1, value.getBytes(StandardCharsets.UTF_8));
  }

  /** As {@link #text}, or nothing. */
  MessageWriter textIf(@Nullable String value) {
    return value == null ? nothing() : text(value);
  }

  MessageWriter symbol(String value) {
    return variable(0xa3, value.getBytes(StandardCharsets.US_ASCII));
  }

  MessageWriter symbolIf(@Nullable String value) {
    return value == null ? nothing() : symbol(value);
  }

  MessageWriter binary(byte[] value) {
    return variable(0xa0, value);
  }

  private MessageWriter variable(int narrow, byte[] value) {
    room(5 + value.length);
    if (value.length < 256) {
      octet(narrow);
      octet(value.length);
    } else {
      octet(narrow + 0x10);
      int32(value.length);
    }
    System.arraycopy(value, 0, bytes, at, value.length);
    at += value.length;
    return this;
  }

  MessageWriter integer(int value) {
    room(5);
    if (value == (byte) value) {
      octet(0x54);
      octet(value);
    } else {
      octet(0x71);
      int32(value);
    }
    return this;
  }

  /** A message id or correlation id, of one of its four types. [AMQP 3.2.11] */
  MessageWriter id(Object id) {
    if (id instanceof UUID uuid) {
      room(17);
      octet(0x98);
      int64(uuid.getMostSignificantBits());
      int64(uuid.getLeastSignificantBits());
    } else if (id instanceof Long number) {
      room(9);
      octet(0x80);
      int64(number);
    } else if (id instanceof byte[] binary) {
      binary(binary);
    } else {
      text(id.toString());
    }
    return this;
  }

  /** A whole Data section. */
  MessageWriter data(byte[] body) {
    return section(DATA).binary(body);
  }

  /**
   * Leaves room for the head of a Data section whose content follows, of at most the given size.
   */
  int beginData(int atMost) {
    section(DATA);
    int head = atMost < 256 ? 2 : 5;
    room(head + atMost);
    at += head;
    return at;
  }

  void endData(int start, int atMost) {
    int end = at;
    int length = end - start;
    at = start - (atMost < 256 ? 2 : 5);
    if (atMost < 256) {
      octet(0xa0);
      octet(length);
    } else {
      octet(0xb0);
      int32(length);
    }
    at = end;
  }
}
