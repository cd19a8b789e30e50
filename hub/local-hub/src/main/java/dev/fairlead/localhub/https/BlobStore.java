package dev.fairlead.localhub.https;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.UploadedBlob;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Blobs in memory, and the blocks of incomplete ones; in total never more than the capacity. Safe
 * for use by several threads.
 */
final class BlobStore {

  /**
   * The maximum number of blocks of a blob (page "Scalability and performance targets for Blob
   * storage").
   */
  static final int MAX_BLOCKS = 50_000;

  /** This bounds the number of empty blobs, too. */
  private static final int MAX_BLOBS = 10_000;

  private final HubTime time;
  private final int capacity;
  private final Map<String, UploadedBlob> blobs = new LinkedHashMap<>();
  private final Map<String, Map<String, byte[]>> blocks = new HashMap<>();
  private long used;

  /**
   * @param capacity in bytes
   */
  BlobStore(HubTime time, int capacity) {
    this.time = time;
    this.capacity = capacity;
  }

  /** The capacity in bytes. */
  int capacity() {
    return capacity;
  }

  /** The room in bytes for a blob that replaces the one of its name. */
  synchronized int roomFor(String name) {
    return room() + sizeOf(name);
  }

  private int room() {
    return (int) (capacity - used);
  }

  /** Stores a whole blob, replacing one of the same name; false if it does not fit. */
  synchronized boolean put(String name, String contentType, byte[] content) {
    if (content.length > roomFor(name) || isOneTooMany(blobs, name, MAX_BLOBS)) {
      return false;
    }
    dropBlocks(name);
    replace(name, contentType, content);
    return true;
  }

  /** Stores a block, replacing one of the same id; false if it does not fit. */
  synchronized boolean putBlock(String name, String blockId, byte[] content) {
    Map<String, byte[]> known = blocks.getOrDefault(name, Map.of());
    byte[] before = known.getOrDefault(blockId, new byte[0]);
    if (content.length > room() + before.length
        || isOneTooMany(known, blockId, MAX_BLOCKS)
        || isOneTooMany(blocks, name, MAX_BLOBS)) {
      return false;
    }
    blocks.computeIfAbsent(name, any -> new HashMap<>()).put(blockId, content);
    used += content.length - before.length;
    return true;
  }

  /** The outcome of a block list. */
  enum Commit {
    /** The blob was created. */
    DONE,
    /** One of the blocks is missing. */
    UNKNOWN_BLOCK,
    /** The blob would not fit: a block may be in the list more than once. */
    TOO_LARGE
  }

  /** Creates a blob from blocks, in this order. */
  synchronized Commit commit(String name, String contentType, List<String> blockIds) {
    Map<String, byte[]> known = blocks.getOrDefault(name, Map.of());
    long most = roomFor(name);
    for (byte[] block : known.values()) {
      most += block.length;
    }
    if (isOneTooMany(blobs, name, MAX_BLOBS)) {
      return Commit.TOO_LARGE;
    }
    int size = 0;
    for (String id : blockIds) {
      byte[] block = known.get(id);
      if (block == null) {
        return Commit.UNKNOWN_BLOCK;
      }
      if (block.length > most - size) {
        return Commit.TOO_LARGE;
      }
      size += block.length;
    }
    byte[] content = new byte[size];
    int at = 0;
    for (String id : blockIds) {
      byte[] block = known.getOrDefault(id, new byte[0]);
      System.arraycopy(block, 0, content, at, block.length);
      at += block.length;
    }
    dropBlocks(name);
    replace(name, contentType, content);
    return Commit.DONE;
  }

  private static boolean isOneTooMany(Map<String, ?> known, String key, int most) {
    return known.size() >= most && !known.containsKey(key);
  }

  private void replace(String name, String contentType, byte[] content) {
    used += content.length - sizeOf(name);
    blobs.remove(name); // This keeps blobs in the order in which they were stored.
    blobs.put(name, new UploadedBlob(name, contentType, content, time.now()));
  }

  private int sizeOf(String name) {
    UploadedBlob blob = blobs.get(name);
    return blob == null ? 0 : blob.size();
  }

  private void dropBlocks(String name) {
    Map<String, byte[]> dropped = blocks.remove(name);
    if (dropped != null) {
      dropped.values().forEach(block -> used -= block.length);
    }
  }

  synchronized Optional<UploadedBlob> find(String name) {
    return Optional.ofNullable(blobs.get(name));
  }

  synchronized List<UploadedBlob> all() {
    return new ArrayList<>(blobs.values());
  }

  synchronized void clear() {
    blobs.clear();
    blocks.clear();
    used = 0;
  }
}
