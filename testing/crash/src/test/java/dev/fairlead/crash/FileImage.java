package dev.fairlead.crash;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** The bytes of a file. Where it grew and nothing was written it has zeros, as files do. */
final class FileImage {
  private byte[] bytes;
  private int length;

  FileImage() {
    bytes = new byte[0];
  }

  private FileImage(byte[] bytes, int length) {
    this.bytes = bytes;
    this.length = length;
  }

  FileImage copy() {
    return new FileImage(Arrays.copyOf(bytes, length), length);
  }

  int length() {
    return length;
  }

  void setLength(int newLength) {
    if (newLength > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(newLength, 2 * bytes.length));
    } else if (newLength < length) {
      Arrays.fill(bytes, newLength, length, (byte) 0);
    }
    length = newLength;
  }

  /** Writes {@code from[begin]} to {@code from[end - 1]} at an offset, and grows if necessary. */
  void write(int offset, byte[] from, int begin, int end) {
    if (begin < end) {
      setLength(Math.max(length, offset + end - begin));
      System.arraycopy(from, begin, bytes, offset, end - begin);
    }
  }

  ByteBuffer content() {
    return ByteBuffer.wrap(bytes, 0, length);
  }

  int checksum() {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
