package dev.fairlead.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Tries what power cuts leave: at every operation of a recording, in every way of {@link
 * Remains.Kind}. Two states with the same files that owe the same are one state.
 */
final class CrashMatrix {
  private static final int SHOWN = 5;

  private final List<DiskOperation> operations;
  private final Path folder;
  private final Disk.Honesty honesty;
  private final Map<Remains.Kind, int[]> counts = new EnumMap<>(Remains.Kind.class);
  private final Set<List<Long>> seen = new HashSet<>();
  private final List<String> shown = new ArrayList<>();
  private int states;
  private int losing;
  private int mostLosing = Integer.MAX_VALUE;
  private final long started = System.nanoTime();

  /** Tries nothing yet; {@code folder} holds one state after the other. */
  CrashMatrix(List<DiskOperation> operations, Path folder, Disk.Honesty honesty) {
    this.operations = operations;
    this.folder = folder;
    this.honesty = honesty;
    for (Remains.Kind kind : Remains.Kind.values()) {
      counts.put(kind, new int[2]);
    }
  }

  /** Tries every way at every stop, and goes on with other seeds until there are enough. */
  CrashMatrix runWhole(int atLeast) throws IOException {
    for (int seed = 1; seed == 1 || states < atLeast; seed++) {
      for (Remains.Kind kind : Remains.Kind.values()) {
        if (seed == 1 || kind.random()) {
          round(kind, seed, 1, Integer.MAX_VALUE);
        }
      }
    }
    return this;
  }

  /** Tries a sample until a promise is broken. */
  CrashMatrix runUntilBroken(int about) throws IOException {
    mostLosing = 1;
    return runSample(about);
  }

  /** Tries about this number of states, evenly from all ways and stops. */
  CrashMatrix runSample(int about) throws IOException {
    int each = about / Remains.Kind.values().length;
    long stops = operations.stream().filter(CrashMatrix::isStop).count();
    for (Remains.Kind kind : Remains.Kind.values()) {
      // Twice as many stops as states, because many states are the same.
      for (int seed = 1; counts.get(kind)[0] < each && seed < 20; seed++) {
        int missing = each - counts.get(kind)[0];
        round(kind, seed, (int) Math.max(1, stops / (2L * missing)), counts.get(kind)[0] + each);
      }
    }
    return this;
  }

  private static boolean isStop(DiskOperation operation) {
    // Before a removal is asked for, the message is still owed.
    return !(operation instanceof DiskOperation.Mark mark) || mark.text().contains(" -");
  }

  private void round(Remains.Kind kind, long seed, int stride, int most) throws IOException {
    Disk disk = new Disk(honesty);
    Promises promises = new Promises();
    SplittableRandom seeds = new SplittableRandom(seed);
    int stop = 0;
    int offset = seeds.nextInt(stride);
    for (int i = 0;
        i <= operations.size() && counts.get(kind)[0] < most && losing < mostLosing;
        i++) {
      DiskOperation next =
          i < operations.size() ? operations.get(i) : new DiskOperation.SyncFolder();
      long stateSeed = seeds.nextLong();
      if (isStop(next) && stop++ % stride == offset) {
        attempt(disk, promises, kind, stateSeed, i);
      }
      if (next instanceof DiskOperation.Mark mark) {
        promises.apply(mark.text());
      } else {
        disk.apply(next);
      }
    }
  }

  private void attempt(Disk disk, Promises promises, Remains.Kind kind, long seed, int stop)
      throws IOException {
    Map<String, FileImage> images = disk.after(new Remains(kind, seed));
    if (!seen.add(List.of(Disk.fingerprint(images), (long) promises.marks()))) {
      return;
    }
    Disk.write(images, folder);
    states++;
    counts.get(kind)[0]++;
    List<String> problems = OutboxCheck.problems(folder, promises, states % 4 == 0);
    if (!problems.isEmpty()) {
      losing++;
      counts.get(kind)[1]++;
      if (shown.size() < SHOWN) {
        shown.add("before operation " + stop + " (" + kind + ", seed " + seed + "): " + problems);
      }
    }
  }

  int states() {
    return states;
  }

  /** How many states broke a promise. */
  int losing() {
    return losing;
  }

  /** The first of them, in words. */
  String shown() {
    return String.join(System.lineSeparator(), shown);
  }

  /** What was tried, a line for each way. */
  String table() {
    double seconds = (System.nanoTime() - started) / 1e9;
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            "%s: %d operations, %d states (%.0f a second), %d broken%n",
            honesty, operations.size(), states, states / seconds, losing));
    counts.forEach(
        (kind, count) ->
            table.append(String.format("  %-20s %6d %6d%n", kind, count[0], count[1])));
    return table.toString();
  }

  /**
   * Keeps a recording that showed a fault: with a stop, a way and a seed the state is found again.
   */
  static Path keep(Path log, String name) throws IOException {
    Path kept = Files.createDirectories(Path.of("target")).resolve(name);
    return Files.copy(log, kept, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }
}
