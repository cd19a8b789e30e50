package dev.fairlead.sqlite;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxStoreException;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.fuzz.Expect;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.spi.StoredQueue.Page;
import dev.fairlead.spi.StoredQueue.Stored;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * The outbox file, with some of its bytes changed: a message that was never stored is never read,
 * nothing but an {@link OutboxStoreException} comes out, and the store works afterwards.
 */
public final class OutboxFileFuzz {
  private static final DeviceIdentity DEVICE = DeviceIdentity.device("dev-1");
  private static final String HUB = "hub.example";
  private static final int MESSAGES = 12;

  /** The length of the words with which a database begins. */
  private static final int MAGIC = 16;

  private static final Path FOLDER = folder();
  private static final Path FILE = FOLDER.resolve("outbox.db");
  private static final byte[] GOOD = fill();

  private OutboxFileFuzz() {}

  /**
   * Changes of four bytes each: two of a place, one of how many bytes, one of what is put there.
   */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    byte[] file = GOOD.clone();
    ByteBuffer changes = ByteBuffer.wrap(input);
    while (changes.remaining() >= 4) {
      int at = (changes.getShort() & 0xffff) % file.length;
      int count = Math.min(1 + (changes.get() & 0x0f), file.length - at);
      byte value = changes.get();
      for (int i = 0; i < count; i++) {
        file[at + i] ^= value;
      }
    }
    empty();
    Files.write(FILE, file);
    try {
      use();
      use();
    } catch (OutboxStoreException e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
    if (!Arrays.equals(file, 0, MAGIC, GOOD, 0, MAGIC)) {
      Expect.that(isSetAside(), "a file that is no database is not set aside");
    }
  }

  /** Reads all, adds a message, and finds it. */
  private static void use() {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(FILE);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      for (Priority priority : Priority.values()) {
        for (Stored stored : all(queue, priority)) {
          String text = new String(stored.message().body(), StandardCharsets.UTF_8);
          Expect.same(text(stored.sequence()), text, "a message that was never stored");
          Expect.same(priority(stored.sequence()), priority, "in another class");
        }
      }
      long next = queue.status().lastSequence() + 1;
      if (next <= 0 || next > 1L << 40) {
        return; // The counter itself was changed, but its checksum is checked.
      }
      get(queue.write(List.of(added(next)), List.of()));
      boolean found =
          all(queue, priority(next)).stream().anyMatch(stored -> stored.sequence() == next);
      Expect.that(found, "a new message is lost");
    }
  }

  private static List<Stored> all(StoredQueue queue, Priority priority) {
    List<Stored> all = new ArrayList<>();
    long after = 0;
    while (true) {
      Page page = get(queue.read(priority, after, 100, 1 << 20));
      long before = after;
      for (Stored stored : page.messages()) {
        Expect.that(stored.sequence() > after, "out of order");
        after = stored.sequence();
        all.add(stored);
      }
      for (long damaged : page.damaged()) {
        after = Math.max(after, damaged);
      }
      if (page.end()) {
        return all;
      }
      Expect.that(after > before, "a read that does not get on");
    }
  }

  private static byte[] fill() {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(FILE);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      for (long i = 1; i <= MESSAGES; i++) {
        get(queue.write(List.of(added(i)), i == 5 ? List.of(2L) : List.of()));
      }
    }
    try {
      return Files.readAllBytes(FILE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Added added(long sequence) {
    return new Added(
        sequence,
        TelemetryMessage.builder()
            .body(text(sequence).getBytes(StandardCharsets.UTF_8))
            .property("number", Long.toString(sequence))
            .priority(priority(sequence))
            .build(),
        null);
  }

  private static String text(long sequence) {
    return ("message " + sequence + " ").repeat(20);
  }

  private static Priority priority(long sequence) {
    return Priority.values()[(int) (sequence % Priority.values().length)];
  }

  private static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OutboxStoreException failure) {
        throw failure;
      }
      throw new CompletionException(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("The store does not answer", e);
    }
  }

  private static Path folder() {
    try {
      // In memory where there is one: nothing here needs a disk.
      Path memory = Path.of("/dev/shm");
      Path folder =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, "fairlead-fuzz")
              : Files.createTempDirectory("fairlead-fuzz");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void remove(Path folder) {
    try {
      empty();
      Files.delete(folder);
    } catch (IOException e) {
      System.err.println("Not removed: " + e);
    }
  }

  private static boolean isSetAside() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.anyMatch(file -> file.getFileName().toString().contains("damaged"));
    }
  }

  private static void empty() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }
}
