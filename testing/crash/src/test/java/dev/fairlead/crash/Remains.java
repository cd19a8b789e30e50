package dev.fairlead.crash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Decides what a power cut leaves of the operations that were not safe. */
final class Remains {
  /** The ways in which a power cut is tried. */
  enum Kind {
    /** All arrived: the process was killed, and the kernel went on. */
    ALL,
    /** Nothing arrived. */
    NOTHING,
    /** All but the last operation; of a write, some of its first sectors arrived. */
    LAST_CUT_AT_SECTOR,
    /** All but the last operation; of a write, some of its first bytes arrived. */
    LAST_CUT_AT_BYTE,
    /** Some files are as the process saw them, in others nothing arrived. */
    SOME_FILES,
    /** Some operations arrived, whatever their order. */
    SOME_WRITES,
    /** Some sectors arrived, and a file that grew may have anything in the others. */
    SOME_SECTORS;

    boolean random() {
      return this != ALL && this != NOTHING;
    }
  }

  private final Kind kind;
  private final SplittableRandom random;
  private final double share;
  private final Map<String, Boolean> files = new HashMap<>();

  Remains(Kind kind, long seed) {
    this.kind = kind;
    this.random = new SplittableRandom(seed);
    this.share = new double[] {0.1, 0.5, 0.9}[random.nextInt(3)];
  }

  /**
   * Whether a new name or a new length stays.
   *
   * @param last whether it was the very last operation
   */
  boolean stays(String name, boolean last) {
    return switch (kind) {
      case ALL -> true;
      case NOTHING -> false;
      case LAST_CUT_AT_SECTOR, LAST_CUT_AT_BYTE -> !last;
      case SOME_FILES -> files.computeIfAbsent(name, unused -> random.nextBoolean());
      case SOME_WRITES, SOME_SECTORS -> random.nextDouble() < share;
    };
  }

  /**
   * The parts of a write that arrived, in order: where each begins in its bytes, and its end.
   *
   * @param last whether it was the very last operation
   */
  List<int[]> parts(String file, int offset, int length, boolean last) {
    if (kind == Kind.LAST_CUT_AT_BYTE && last) {
      return List.of(new int[] {0, random.nextInt(length)});
    }
    if (kind == Kind.LAST_CUT_AT_SECTOR && last) {
      int sectors = random.nextInt((offset % Disk.SECTOR + length) / Disk.SECTOR + 1);
      return List.of(
          new int[] {
            0, Math.min(length, Math.max(0, sectors * Disk.SECTOR - offset % Disk.SECTOR))
          });
    }
    if (kind != Kind.SOME_SECTORS) {
      return stays(file, last) ? List.of(new int[] {0, length}) : List.of();
    }
    List<int[]> parts = new ArrayList<>();
    for (int from = 0; from < length; ) {
      int to = Math.min(length, from + Disk.SECTOR - (offset + from) % Disk.SECTOR);
      if (random.nextDouble() < share) {
        parts.add(new int[] {from, to});
      }
      from = to;
    }
    return parts;
  }

  /**
   * What is where a file grew and its bytes did not arrive.
   *
   * @param room how many bytes
   * @return the bytes; null if the file did not grow
   */
  byte @Nullable [] grown(int room) {
    int choice = kind == Kind.SOME_SECTORS ? random.nextInt(3) : 0;
    if (choice == 0) {
      return null;
    }
    byte[] bytes = new byte[room];
    if (choice == 2) {
      Arrays.fill(bytes, (byte) random.nextInt());
    }
    return bytes;
  }

  /** What a file has whose only use is to be shared in memory; null if it is gone. */
  @Nullable FileImage shared() {
    if (kind != Kind.SOME_SECTORS) {
      return null;
    }
    byte[] bytes = new byte[32 * 1024];
    random.nextBytes(bytes);
    FileImage image = new FileImage();
    image.write(0, bytes, 0, bytes.length);
    return image;
  }
}
