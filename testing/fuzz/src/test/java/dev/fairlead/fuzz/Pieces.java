package dev.fairlead.fuzz;

import java.io.InputStream;

/** Bytes that arrive in pieces, as from a network. Counts what was taken. */
public final class Pieces extends InputStream {
  private final byte[] bytes;
  private final int piece;
  private int at;

  /**
   * A stream.
   *
   * @param bytes all that arrives
   * @param from where to begin
   * @param piece the most that a read returns, at least 1
   */
  public Pieces(byte[] bytes, int from, int piece) {
    this.bytes = bytes;
    this.at = Math.min(from, bytes.length);
    this.piece = piece;
  }

  /** How many bytes were not read. */
  public int left() {
    return bytes.length - at;
  }

  @Override
  public int available() {
    return Math.min(piece, left());
  }

  @Override
  public int read() {
    return at == bytes.length ? -1 : bytes[at++] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    if (at == bytes.length) {
      return -1;
    }
    int count = Math.min(Math.min(length, piece), left());
    System.arraycopy(bytes, at, target, offset, count);
    at += count;
    return count;
  }
}
