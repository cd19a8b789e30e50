package dev.fairlead.sqlite;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds what was stored in a damaged file: the cells of every leaf page, whether or not a path
 * leads to that page; on a page that is damaged itself, whatever looks like the beginning of a
 * blob. The checksums decide what is good. Source: "Database File Format", sections 1.6 and 2.1.
 */
final class BlobScan {
  private static final int LEAF = 0x0D;
  private static final int PAGE = Schema.PAGE_BYTES;

  /** Of a cell, on its own page: all of it, or a share of it that keeps four cells on a page. */
  private static final int MOST_LOCAL = PAGE - 35;

  private static final int LEAST_LOCAL = (PAGE - 12) * 32 / 255 - 23;
  private static final int ON_OVERFLOW = PAGE - 4;

  /** Receives what looks like a blob. */
  @FunctionalInterface
  interface Found {
    void blob(byte[] bytes) throws IOException;
  }

  private final PageFile file;
  private final BitSet unused;

  BlobScan(PageFile file) throws IOException {
    this.file = file;
    this.unused = file.unused();
  }

  /**
   * Passes on what the pages have.
   *
   * @param inUse the pages in use, or those that the file calls unused. Of these only what is
   *     missed is wanted: what was removed is there too
   */
  void each(boolean inUse, Found found) throws IOException {
    for (int number = 1; number <= file.pages(); number++) {
      if (unused.get(number) != inUse) {
        byte[] page = file.page(number);
        int header = number == 1 ? 100 : 0;
        int kind = page[header];
        boolean intact = kind == LEAF && cells(page, header, found);
        // An overflow page begins with a zero; what is on the other kinds is no blob.
        if (!intact && kind != 0 && kind != 2 && kind != 10) {
          carve(page, found);
        }
      }
    }
  }

  /** Returns whether all cells of the page could be followed. */
  private boolean cells(byte[] page, int header, Found found) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(page);
    int count = Short.toUnsignedInt(buffer.getShort(header + 3));
    int pointers = header + 8;
    if (pointers + 2 * count > PAGE) {
      return false;
    }
    boolean intact = true;
    for (int i = 0; i < count; i++) {
      byte[] payload = payload(buffer, Short.toUnsignedInt(buffer.getShort(pointers + 2 * i)));
      int blob = payload == null ? -1 : blobAt(payload);
      if (payload != null && blob >= 0) {
        found.blob(blob == 0 ? payload : Arrays.copyOfRange(payload, blob, payload.length));
      } else {
        intact = false;
      }
    }
    return intact;
  }

  /** The blob is the last column, behind a few small ones. */
  private static int blobAt(byte[] payload) {
    for (int at = 0; at < payload.length && at < 64; at++) {
      if (Blob.lengthAt(payload, at, payload.length) == payload.length - at) {
        return at;
      }
    }
    return -1;
  }

  private byte @Nullable [] payload(ByteBuffer page, int cell) throws IOException {
    Varint length = varint(page, cell);
    Varint rowId = varint(page, length.end());
    int total = (int) Math.min(length.value(), Blob.MOST_BYTES);
    if (length.value() < 0 || length.value() > Blob.MOST_BYTES || rowId.end() >= PAGE) {
      return null;
    }
    int local = total;
    if (total > MOST_LOCAL) {
      int share = LEAST_LOCAL + (total - LEAST_LOCAL) % ON_OVERFLOW;
      local = share <= MOST_LOCAL ? share : LEAST_LOCAL;
    }
    if (rowId.end() + local + (local < total ? 4 : 0) > PAGE) {
      return null;
    }
    byte[] payload = new byte[total];
    page.get(rowId.end(), payload, 0, local);
    int next = local < total ? page.getInt(rowId.end() + local) : 0;
    for (int at = local; at < total; ) {
      if (next <= 1 || next > file.pages()) {
        return null;
      }
      ByteBuffer overflow = ByteBuffer.wrap(file.page(next));
      int part = Math.min(ON_OVERFLOW, total - at);
      overflow.get(4, payload, at, part);
      at += part;
      next = overflow.getInt(0);
    }
    return payload;
  }

  private static void carve(byte[] page, Found found) throws IOException {
    for (int at = 0; at + Blob.HEADER <= page.length; at++) {
      int length = Blob.lengthAt(page, at, page.length);
      if (length > 0) {
        found.blob(Arrays.copyOfRange(page, at, at + length));
      }
    }
  }

  private record Varint(long value, int end) {}

  private static Varint varint(ByteBuffer page, int from) {
    long value = 0;
    int at = from;
    for (int i = 0; i < 9 && at >= 0 && at < PAGE; i++) {
      byte next = page.get(at++);
      if (i == 8) {
        return new Varint(value << 8 | (next & 0xFF), at);
      }
      value = value << 7 | (next & 0x7F);
      if (next >= 0) {
        return new Varint(value, at);
      }
    }
    return new Varint(-1, PAGE);
  }
}
