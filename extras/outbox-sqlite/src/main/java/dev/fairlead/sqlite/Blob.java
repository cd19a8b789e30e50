package dev.fairlead.sqlite;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The frame around everything that is stored: a mark, the kind, a version, the length, and a
 * checksum of its own over all of it and over a salt that is not stored. The mark and the length
 * make a blob findable in a file whose structure is lost.
 */
final class Blob {
  static final byte MESSAGE = 'M';
  static final byte COUNTERS = 'C';
  static final byte IDENTITY = 'I';

  static final int HEADER = 12;

  /** A message of the largest size with properties of a byte each takes less. */
  static final int MOST_BYTES = 4 << 20;

  private static final byte MARK_1 = (byte) 0xF5;
  private static final byte MARK_2 = 'F';
  private static final byte VERSION = 1;
  private static final int CRC_AT = 8;

  private Blob() {}

  /** Writes the values of a blob. */
  static final class Writer {
    private byte[] bytes;
    private int length = HEADER;

    Writer(int expected) {
      bytes = new byte[HEADER + expected];
    }

    Writer number(long value) {
      room(10);
      long rest = value;
      while ((rest & ~0x7FL) != 0) {
        bytes[length++] = (byte) ((rest & 0x7F) | 0x80);
        rest >>>= 7;
      }
      bytes[length++] = (byte) rest;
      return this;
    }

    Writer bytes(byte[] value) {
      number(value.length);
      room(value.length);
      System.arraycopy(value, 0, bytes, length, value.length);
      length += value.length;
      return this;
    }

    Writer text(String value) {
      return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    byte[] seal(byte kind, byte[] salt) {
      byte[] blob = Arrays.copyOf(bytes, length);
      blob[0] = MARK_1;
      blob[1] = MARK_2;
      blob[2] = kind;
      blob[3] = VERSION;
      ByteBuffer buffer = ByteBuffer.wrap(blob);
      buffer.putInt(4, length);
      buffer.putInt(CRC_AT, crc(blob, 0, length, salt));
      return blob;
    }

    private void room(int more) {
      if (bytes.length - length < more) {
        bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
      }
    }
  }

  /** Reads the values of a blob. */
  static final class Reader {
    private final byte[] bytes;
    private int at = HEADER;

    private Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    long number() throws Damage {
      long value = 0;
      for (int shift = 0; shift < 70; shift += 7) {
        if (at >= bytes.length) {
          break;
        }
        byte next = bytes[at++];
        value |= (long) (next & 0x7F) << shift;
        if (next >= 0) {
          return value;
        }
      }
      throw new Damage("a number is cut short");
    }

    int count() throws Damage {
      long value = number();
      if (value < 0 || value > bytes.length - at) {
        throw new Damage("a length is larger than what follows");
      }
      return (int) value;
    }

    byte[] bytes() throws Damage {
      int length = count();
      byte[] value = Arrays.copyOfRange(bytes, at, at + length);
      at += length;
      return value;
    }

    String text() throws Damage {
      return new String(bytes(), StandardCharsets.UTF_8);
    }
  }

  /** The values of a blob, if it is of this kind and its checksum is right. */
  static Reader open(byte kind, byte[] blob, byte[] salt) throws Damage {
    if (blob.length < HEADER || lengthAt(blob, 0, blob.length) != blob.length || blob[2] != kind) {
      throw new Damage("the mark or the length is wrong");
    }
    int stored = ByteBuffer.wrap(blob).getInt(CRC_AT);
    if (crc(blob, 0, blob.length, salt) != stored) {
      throw new Damage("the checksum is wrong");
    }
    return new Reader(blob);
  }

  /** The values of a blob that may be damaged. */
  static Reader unchecked(byte[] blob) {
    return new Reader(blob);
  }

  /** The length of the blob that seems to begin here, or -1. */
  static int lengthAt(byte[] bytes, int from, int end) {
    if (end - from < HEADER
        || bytes[from] != MARK_1
        || bytes[from + 1] != MARK_2
        || bytes[from + 3] != VERSION) {
      return -1;
    }
    int length = ByteBuffer.wrap(bytes).getInt(from + 4);
    return length >= HEADER && length <= end - from ? length : -1;
  }

  private static int crc(byte[] blob, int from, int length, byte[] salt) {
    CRC32C crc = new CRC32C();
    crc.update(salt);
    crc.update(blob, from, CRC_AT);
    crc.update(blob, from + HEADER, length - HEADER);
    return (int) crc.getValue();
  }
}
