package dev.fairlead.localhub.amqp;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.apache.qpid.protonj2.types.transport.AmqpError;

/**
 * Checks encoded values before the codec decodes them (AMQP 1.0, part 1, section 1.6). The codec
 * does not limit three things that data from the network must not decide: how deep values nest, how
 * many elements without bytes an array claims, and how many unknown descriptors it caches.
 */
final class ValueShape {

  private static final int MAX_DEPTH = 32;
  private static final int MAX_EMPTY_ELEMENTS = 256;
  private static final int MAX_DESCRIPTOR = 100;

  // The types that the standard describes by symbol; all others have a numeric descriptor as well.
  private static final Set<String> SYMBOLS =
      Set.of(
          "amqp:open:list",
          "amqp:begin:list",
          "amqp:attach:list",
          "amqp:flow:list",
          "amqp:transfer:list",
          "amqp:disposition:list",
          "amqp:detach:list",
          "amqp:end:list",
          "amqp:close:list",
          "amqp:error:list",
          "amqp:header:list",
          "amqp:delivery-annotations:map",
          "amqp:message-annotations:map",
          "amqp:properties:list",
          "amqp:application-properties:map",
          "amqp:data:binary",
          "amqp:amqp-sequence:list",
          "amqp:amqp-value:*",
          "amqp:footer:map",
          "amqp:received:list",
          "amqp:accepted:list",
          "amqp:rejected:list",
          "amqp:released:list",
          "amqp:modified:list",
          "amqp:source:list",
          "amqp:target:list",
          "amqp:sasl-init:list",
          "amqp:sasl-response:list");

  private final byte[] bytes;
  private int at;

  private ValueShape(byte[] bytes, int start) {
    this.bytes = bytes;
    this.at = start;
  }

  /**
   * Checks one value.
   *
   * @return the index of its end
   * @throws MalformedException if it is not a value, or does not end before {@code end}
   */
  static int check(byte[] bytes, int start, int end) throws MalformedException {
    ValueShape walk = new ValueShape(bytes, start);
    walk.value(end, 0);
    return walk.at;
  }

  /** Checks values up to the end. */
  static void checkAll(byte[] bytes, int start, int end) throws MalformedException {
    ValueShape walk = new ValueShape(bytes, start);
    while (walk.at < end) {
      walk.value(end, 0);
    }
  }

  private void value(int end, int depth) throws MalformedException {
    int constructor = constructor(end, depth);
    body(constructor, end, depth);
  }

  /** Reads the constructor of the value's encoding, after its descriptor if it has one. */
  private int constructor(int end, int depth) throws MalformedException {
    int code = octet(end);
    for (int level = depth; code == 0; level++) {
      if (level > MAX_DEPTH) {
        throw broken("values are nested more than " + MAX_DEPTH + " deep");
      }
      descriptor(end);
      code = octet(end);
    }
    return code;
  }

  private void descriptor(int end) throws MalformedException {
    int code = octet(end);
    switch (code) {
      case 0x44 -> known(0);
      case 0x53 -> known(octet(end));
      case 0x80 -> {
        long high = number(4, end);
        known(high != 0 ? -1 : number(4, end));
      }
      case 0xa3 -> symbol(number(1, end), end);
      case 0xb3 -> symbol(number(4, end), end);
      default -> throw broken("a descriptor has the type code " + code);
    }
  }

  private static void known(long code) throws MalformedException {
    boolean standard =
        (code >= 0x10 && code <= 0x18)
            || code == 0x1d
            || (code >= 0x23 && code <= 0x29)
            || (code >= 0x2b && code <= 0x2e)
            || (code >= 0x30 && code <= 0x34)
            || (code >= 0x40 && code <= 0x44)
            || (code >= 0x70 && code <= 0x78);
    if (!standard) {
      throw broken("the standard has no descriptor " + code);
    }
  }

  private void symbol(long length, int end) throws MalformedException {
    int start = at;
    skip(length, end);
    if (length > MAX_DESCRIPTOR
        || !SYMBOLS.contains(new String(bytes, start, (int) length, StandardCharsets.US_ASCII))) {
      throw broken("a descriptor is not one of the standard's");
    }
  }

  private void body(int constructor, int end, int depth) throws MalformedException {
    switch (constructor >> 4) {
      case 0x4, 0x5, 0x6, 0x7, 0x8, 0x9 -> skip(width(constructor), end);
      case 0xa -> skip(octet(end), end);
      case 0xb -> skip(number(4, end), end);
      case 0xc -> compound(1, end, depth);
      case 0xd -> compound(4, end, depth);
      case 0xe -> array(1, end, depth);
      case 0xf -> array(4, end, depth);
      default -> throw broken("there is no type code " + constructor);
    }
  }

  private static int width(int constructor) {
    int step = constructor >> 4;
    return step == 0x4 ? 0 : 1 << (step - 0x5);
  }

  private void compound(int sizeWidth, int end, int depth) throws MalformedException {
    int inner = innerEnd(sizeWidth, end, depth);
    long count = number(sizeWidth, inner);
    if (count > inner - at) {
      throw broken("a list or map of " + count + " elements has too few bytes for them");
    }
    for (long i = 0; i < count; i++) {
      value(inner, depth + 1);
    }
    if (at != inner) {
      throw broken("a list or map is longer than its elements");
    }
  }

  private void array(int sizeWidth, int end, int depth) throws MalformedException {
    int inner = innerEnd(sizeWidth, end, depth);
    long count = number(sizeWidth, inner);
    int constructor = constructor(inner, depth + 1);
    boolean empty = constructor >> 4 == 0x4;
    if (count > (empty ? MAX_EMPTY_ELEMENTS : inner - at)) {
      throw broken("an array claims " + count + " elements");
    }
    for (long i = 0; i < count; i++) {
      body(constructor, inner, depth + 1);
    }
    if (at != inner) {
      throw broken("an array is longer than its elements");
    }
  }

  private int innerEnd(int sizeWidth, int end, int depth) throws MalformedException {
    if (depth >= MAX_DEPTH) {
      throw broken("values are nested more than " + MAX_DEPTH + " deep");
    }
    long size = number(sizeWidth, end);
    if (size > end - at) {
      throw broken("a value of " + size + " bytes is longer than what contains it");
    }
    return at + (int) size;
  }

  private int octet(int end) throws MalformedException {
    return (int) number(1, end);
  }

  private long number(int width, int end) throws MalformedException {
    if (end - at < width) {
      throw broken("a value ends too early");
    }
    long number = 0;
    for (int i = 0; i < width; i++) {
      number = number << 8 | (bytes[at++] & 0xff);
    }
    return number;
  }

  private void skip(long length, int end) throws MalformedException {
    if (length > end - at) {
      throw broken("a value of " + length + " bytes is longer than what contains it");
    }
    at += (int) length;
  }

  private static MalformedException broken(String reason) {
    return new MalformedException(AmqpError.DECODE_ERROR, reason);
  }
}
