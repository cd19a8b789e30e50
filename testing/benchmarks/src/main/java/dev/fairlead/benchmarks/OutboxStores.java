package dev.fairlead.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The durable outbox beside bare SQLite and beside H2's MVStore, in turns and in one run: messages
 * a second and bytes written a message, by the size of a message and of a group; and the start. An
 * argument names the folder of the files, whose disk is measured; {@code target} by default.
 */
final class OutboxStores {
  private static final int ROUNDS = 3;
  private static final long NANOS = 1_500_000_000;
  private static final long TURN_NANOS = 50_000_000;
  private static final int TURNS = 60;
  private static final int WARM_TURNS = 10;

  private OutboxStores() {}

  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory(Path.of(args.length > 0 ? args[0] : "."), "stores");
    try {
      System.out.println("JVM start to the first stored message, -Xmx64m, ms: median of 5");
      for (String name : List.of("fairlead", "MVStore")) {
        List<Long> times =
            Stream.generate(() -> firstMessage(name, folder)).limit(5).sorted().toList();
        System.out.printf("  %-12s %d%n", name, times.get(2));
      }
      System.out.println("Messages a second, and bytes written to the disk for each");
      for (int size : new int[] {100, 1024}) {
        for (int group : new int[] {1, 16, 256}) {
          inTurns(folder, size, group);
        }
      }
      System.out.println("Sixteen devices with 64 messages each on the way, one message a call");
      for (int size : new int[] {100, 1024}) {
        for (int round = 1; round <= ROUNDS; round++) {
          try (StoredMessages store = new StoredMessages(file(folder))) {
            long written = written();
            long begin = System.nanoTime();
            long messages = store.concurrently(size, NANOS);
            System.out.printf(
                "  %4d bytes: %s%n", size, new Rate(messages, System.nanoTime() - begin, written));
          }
        }
      }
    } finally {
      delete(folder);
    }
  }

  /** A store that keeps groups of messages, each group with one sync. */
  interface GroupStore extends AutoCloseable {
    /** Stores a group and returns when it is on the disk. */
    void store(long first, int count, byte[] body) throws Exception;

    @Override
    void close();
  }

  /** In short turns, because the time that a disk takes to sync drifts by ten within seconds. */
  private static void inTurns(Path folder, int size, int group) throws Exception {
    byte[] body = new byte[size];
    try (GroupStore bare = new BareSqlite(file(folder));
        GroupStore ours = new StoredMessages(file(folder));
        GroupStore other = new BareMvStore(file(folder))) {
      List<Turns> all = List.of(new Turns(bare), new Turns(ours), new Turns(other));
      for (int turn = 0; turn < WARM_TURNS + TURNS; turn++) {
        for (Turns each : all) {
          each.take(group, body, turn >= WARM_TURNS);
        }
      }
      System.out.printf(
          "  %4d bytes, groups of %3d: bare SQLite %s, fairlead %s, MVStore %s, ratio %.2f%n",
          size,
          group,
          all.get(0),
          all.get(1),
          all.get(2),
          all.get(1).perSecond() / all.get(0).perSecond());
    }
  }

  /** The turns of one store. */
  private static final class Turns {
    private final GroupStore store;
    private long last;
    private long messages;
    private long nanos;
    private long bytes;

    Turns(GroupStore store) {
      this.store = store;
    }

    void take(int group, byte[] body, boolean counts) throws Exception {
      long writtenBefore = written();
      long lastBefore = last;
      long begin = System.nanoTime();
      while (System.nanoTime() - begin < TURN_NANOS) {
        store.store(last + 1, group, body);
        last += group;
      }
      if (counts) {
        nanos += System.nanoTime() - begin;
        messages += last - lastBefore;
        bytes += written() - writtenBefore;
      }
    }

    double perSecond() {
      return messages * 1e9 / nanos;
    }

    @Override
    public String toString() {
      return String.format("%,.0f/s (%,.0f B)", perSecond(), (double) bytes / messages);
    }
  }

  /** What 16 devices stored together. */
  private static final class Rate {
    private final double perSecond;
    private final double bytes;

    Rate(long messages, long nanos, long writtenBefore) {
      perSecond = messages * 1e9 / nanos;
      bytes = (double) (written() - writtenBefore) / messages;
    }

    @Override
    public String toString() {
      return String.format("%,.0f/s (%,.0f B)", perSecond, bytes);
    }
  }

  /** What this process has written to disks. Linux only; 0 elsewhere. */
  private static long written() {
    try {
      return Files.readAllLines(Path.of("/proc/self/io")).stream()
          .filter(line -> line.startsWith("write_bytes:"))
          .mapToLong(line -> Long.parseLong(line.substring("write_bytes: ".length())))
          .sum();
    } catch (IOException e) {
      return 0;
    }
  }

  private static long firstMessage(String name, Path folder) {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Xmx64m",
              "-cp",
              System.getProperty("java.class.path"),
              Start.class.getName(),
              name,
              file(folder).toString());
      long begin = System.nanoTime();
      Process process = builder.redirectErrorStream(true).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(out);
      }
      return (System.nanoTime() - begin) / 1_000_000;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Stores one message and ends. */
  static final class Start {
    private Start() {}

    public static void main(String[] args) throws Exception {
      Path file = Path.of(args[1]);
      try (GroupStore store =
          args[0].equals("MVStore") ? new BareMvStore(file) : new StoredMessages(file)) {
        store.store(1, 1, new byte[100]);
        Runtime.getRuntime().halt(0);
      }
    }
  }

  private static Path file(Path folder) {
    return folder.resolve("store-" + System.nanoTime() + ".db");
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
