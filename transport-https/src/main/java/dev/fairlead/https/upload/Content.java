package dev.fairlead.https.upload;

import dev.fairlead.FileUpload;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;

/** The content of an upload, one block after the other. Holds one block. Used by one thread. */
final class Content implements Closeable {
  /** The first blocks' size, and the largest file that is uploaded in one request. */
  static final int FIRST_BLOCK = 1024 * 1024;

  /**
   * How many blocks there are of each size; a blob has at most 50,000. Blob service: "Put Block
   * List".
   */
  private static final int BLOCKS_OF_A_SIZE = 10_000;

  private static final int MAX_BLOCKS = 50_000;

  private final FileUpload upload;
  private InputStream stream;
  private OptionalLong length;
  private byte[] block = new byte[0];
  private int blockBytes;
  private int blocks;
  private long before;

  /** The next byte, negative after the last. */
  private int ahead;

  Content(FileUpload upload) throws IOException {
    this.upload = upload;
    length = upload.length();
    stream = upload.open();
    look();
  }

  private void look() throws IOException {
    boolean whole = length.isPresent() && before + blockBytes == length.getAsLong();
    ahead = whole ? -1 : stream.read();
    if (ahead < 0 && !whole && length.isPresent()) {
      throw new EOFException(
          "it ended after "
              + (before + blockBytes)
              + " bytes and should have "
              + length.getAsLong());
    }
  }

  /** Starts again from the beginning. */
  void rewind() throws IOException {
    close();
    blocks = 0;
    before = 0;
    blockBytes = 0;
    length = upload.length();
    stream = upload.open();
    look();
  }

  /** Reads the next block, which replaces the last one. */
  void next() throws IOException {
    if (blocks == MAX_BLOCKS) {
      throw new IOException("it is larger than a blob of " + MAX_BLOCKS + " blocks can be");
    }
    before += blockBytes;
    blockBytes = 0;
    long size = (long) FIRST_BLOCK << (2 * (blocks / BLOCKS_OF_A_SIZE));
    if (length.isPresent()) {
      size = Math.min(size, length.getAsLong() - before);
    }
    if (block.length != size) {
      block = new byte[(int) size];
    }
    if (ahead >= 0) {
      block[0] = (byte) ahead;
      blockBytes = 1 + stream.readNBytes(block, 1, block.length - 1);
    }
    blocks++;
    look();
  }

  /** Whether the block that was read last is the last one. */
  boolean ended() {
    return ahead < 0;
  }

  byte[] block() {
    return block;
  }

  int blockBytes() {
    return blockBytes;
  }

  /** Counts the blocks from 0. */
  int index() {
    return blocks - 1;
  }

  /** How many bytes there are up to the end of this block. */
  long read() {
    return before + blockBytes;
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
