package dev.fairlead.auth;

import java.util.Arrays;

/**
 * As much of DER (ITU-T X.690) as it takes to re-wrap a private key and to find a common name:
 * elements with a one-byte tag, read in turn. Nothing is allocated that the input does not hold.
 */
final class Der {
  static final int INTEGER = 0x02;
  static final int OCTET_STRING = 0x04;
  static final int NULL = 0x05;
  static final int OBJECT_IDENTIFIER = 0x06;
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;
  static final int CONTEXT_0 = 0xa0;

  private final byte[] bytes;
  private int position;

  private Der(byte[] bytes) {
    this.bytes = bytes;
  }

  /** An element that was read. */
  static final class Element {
    private final int tag;
    private final byte[] content;

    private Element(int tag, byte[] content) {
      this.tag = tag;
      this.content = content;
    }

    int tag() {
      return tag;
    }

    byte[] content() {
      return content;
    }

    /** Reads the elements inside. */
    Der inside() {
      return new Der(content);
    }
  }

  static Der reader(byte[] bytes) {
    return new Der(bytes);
  }

  boolean hasMore() {
    return position < bytes.length;
  }

  /**
   * Reads the next element.
   *
   * @throws IllegalArgumentException if there is none, or it is longer than what holds it
   */
  Element next() {
    int tag = octet();
    int length = octet();
    if (length >= 0x80) { // X.690, 8.1.3.5: the long form
      int octets = length & 0x7f;
      if (octets < 1 || octets > 3) {
        throw malformed();
      }
      length = 0;
      for (int i = 0; i < octets; i++) {
        length = length << 8 | octet();
      }
    }
    if (length > bytes.length - position) {
      throw malformed();
    }
    byte[] content = Arrays.copyOfRange(bytes, position, position + length);
    position += length;
    return new Element(tag, content);
  }

  /** Reads the next element, which must have this tag. */
  Element next(int tag) {
    Element element = next();
    if (element.tag() != tag) {
      throw malformed();
    }
    return element;
  }

  private int octet() {
    if (!hasMore()) {
      throw malformed();
    }
    return bytes[position++] & 0xff;
  }

  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException("malformed DER");
  }

  /** Writes one element around the given parts. */
  static byte[] element(int tag, byte[]... parts) {
    int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    byte[] head = head(tag, length);
    byte[] whole = Arrays.copyOf(head, head.length + length);
    int at = head.length;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, whole, at, part.length);
      at += part.length;
    }
    return whole;
  }

  // X.690, 10.1: a length takes as few octets as it can
  private static byte[] head(int tag, int length) {
    if (length < 0x80) {
      return new byte[] {(byte) tag, (byte) length};
    }
    if (length < 0x100) {
      return new byte[] {(byte) tag, (byte) 0x81, (byte) length};
    }
    if (length < 0x10000) {
      return new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
    }
    return new byte[] {
      (byte) tag, (byte) 0x83, (byte) (length >> 16), (byte) (length >> 8), (byte) length
    };
  }
}
