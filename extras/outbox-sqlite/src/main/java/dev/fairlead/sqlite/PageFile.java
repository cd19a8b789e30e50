package dev.fairlead.sqlite;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The pages of an SQLite file as of its last commit, read without SQLite: from the write-ahead log
 * where that has a newer copy, else from the file. Source: "Database File Format", sections 1.3,
 * 1.5 and 4.
 */
final class PageFile implements AutoCloseable {
  private static final int PAGE = Schema.PAGE_BYTES;
  private static final int WAL_HEADER = 32;
  private static final int FRAME_HEADER = 24;
  private static final int WAL_MAGIC = 0x377f0682;

  private final FileChannel file;
  private final @Nullable FileChannel wal;
  private final Map<Integer, Long> inWal = new HashMap<>();
  private final int pages;

  PageFile(Path path, Path walPath) throws IOException {
    file = FileChannel.open(path, StandardOpenOption.READ);
    wal = Files.exists(walPath) ? FileChannel.open(walPath, StandardOpenOption.READ) : null;
    int inFile = (int) Math.min(Integer.MAX_VALUE, (file.size() + PAGE - 1) / PAGE);
    pages = Math.max(inFile, wal == null ? 0 : readWal(wal));
  }

  /** How many pages there may be; the first is number 1. */
  int pages() {
    return pages;
  }

  /** A page; zeros where the file ends early. */
  byte[] page(int number) throws IOException {
    byte[] page = new byte[PAGE];
    Long offset = inWal.get(number);
    if (wal != null && offset != null) {
      fill(wal, page, offset);
    } else {
      fill(file, page, (number - 1L) * PAGE);
    }
    return page;
  }

  /** The pages on the list of unused pages, as far as that can be followed. */
  BitSet unused() throws IOException {
    BitSet unused = new BitSet();
    int trunk = ByteBuffer.wrap(page(1)).getInt(32);
    while (trunk > 1 && trunk <= pages && !unused.get(trunk)) {
      unused.set(trunk);
      ByteBuffer list = ByteBuffer.wrap(page(trunk));
      trunk = list.getInt(0);
      int leaves = Math.max(0, Math.min(list.getInt(4), PAGE / 4 - 2));
      for (int i = 0; i < leaves; i++) {
        int leaf = list.getInt(8 + 4 * i);
        if (leaf > 1 && leaf <= pages) {
          unused.set(leaf);
        }
      }
    }
    return unused;
  }

  /** Notes the committed pages in the log; returns the largest page number. */
  private int readWal(FileChannel log) throws IOException {
    byte[] first = new byte[WAL_HEADER];
    fill(log, first, 0);
    ByteBuffer header = ByteBuffer.wrap(first);
    int magic = header.getInt(0);
    if ((magic & ~1) != WAL_MAGIC || header.getInt(8) != PAGE) {
      return 0;
    }
    ByteOrder order = (magic & 1) == 1 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    int[] sums = {0, 0};
    sum(header, 0, 24, order, sums);
    if (sums[0] != header.getInt(24) || sums[1] != header.getInt(28)) {
      return 0;
    }
    int largest = 0;
    Map<Integer, Long> uncommitted = new HashMap<>();
    byte[] bytes = new byte[FRAME_HEADER + PAGE];
    ByteBuffer frame = ByteBuffer.wrap(bytes);
    for (long at = WAL_HEADER; at + bytes.length <= log.size(); at += bytes.length) {
      fill(log, bytes, at);
      sum(frame, 0, 8, order, sums);
      sum(frame, FRAME_HEADER, PAGE, order, sums);
      if (frame.getLong(8) != header.getLong(16)
          || sums[0] != frame.getInt(16)
          || sums[1] != frame.getInt(20)
          || frame.getInt(0) <= 0) {
        break;
      }
      uncommitted.put(frame.getInt(0), at + FRAME_HEADER);
      if (frame.getInt(4) != 0) {
        inWal.putAll(uncommitted);
        uncommitted.clear();
      }
    }
    for (int number : inWal.keySet()) {
      largest = Math.max(largest, number);
    }
    return largest;
  }

  /** The checksum of the log: two sums over words, in the order that its magic number names. */
  private static void sum(ByteBuffer bytes, int from, int length, ByteOrder order, int[] sums) {
    ByteBuffer words = bytes.duplicate().order(order);
    for (int i = from; i < from + length; i += 8) {
      sums[0] += words.getInt(i) + sums[1];
      sums[1] += words.getInt(i + 4) + sums[0];
    }
  }

  private static void fill(FileChannel from, byte[] bytes, long position) throws IOException {
    Arrays.fill(bytes, (byte) 0);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long at = position;
    while (buffer.hasRemaining()) {
      int read = from.read(buffer, at);
      if (read < 0) {
        return;
      }
      at += read;
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
    if (wal != null) {
      wal.close();
    }
  }
}
