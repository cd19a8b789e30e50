package dev.fairlead.sqlite;

import static dev.fairlead.sqlite.StoreRig.DEVICE;
import static dev.fairlead.sqlite.StoreRig.HUB;
import static dev.fairlead.sqlite.StoreRig.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.spi.StoredQueue.Page;
import dev.fairlead.spi.StoredQueue.Stored;
import java.io.BufferedReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * More messages than the heap could hold, across a restart, in JVMs of 64 MB. The million: {@code
 * mvn verify -DlongTests -pl extras/outbox-sqlite -am -Dtest=ManyMessagesTest
 * -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ManyMessagesTest {
  @TempDir Path folder;

  @Test
  void aHundredThousandMessagesAreDrainedInOrder() throws Exception {
    storeAndDrain(100_000);
  }

  @Test
  @Tag("long")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void aMillionMessagesAreDrainedInOrder() throws Exception {
    System.out.println(storeAndDrain(1_000_000));
  }

  private String storeAndDrain(int messages) throws Exception {
    String file = folder.resolve("outbox.db").toString();
    assertThat(run("store", file, messages)).isEqualTo("stored");
    return run("drain", file, messages);
  }

  private static String run(String what, String file, int messages) throws Exception {
    Process process =
        SecondStoreTest.start(
            List.of("-Xmx64m", "-XX:+UseSerialGC"), Run.class, what, file, "" + messages);
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      List<String> lines = new ArrayList<>();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        lines.add(line);
      }
      assertThat(process.waitFor()).as(lines.toString()).isZero();
      return lines.get(lines.size() - 1);
    } finally {
      process.destroyForcibly();
    }
  }

  /** One of the two processes. */
  static final class Run {
    private static final int GROUP = 1000;

    private Run() {}

    public static void main(String[] args) {
      int messages = Integer.parseInt(args[2]);
      if (args[0].equals("store")) {
        store(Path.of(args[1]), messages);
      } else {
        drain(Path.of(args[1]), messages);
      }
    }

    private static void store(Path file, int messages) {
      try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
          StoredQueue queue = store.open(DEVICE, HUB)) {
        for (int from = 1; from <= messages; from += GROUP) {
          List<Added> added = new ArrayList<>();
          for (int i = from; i < from + GROUP; i++) {
            byte[] body = ByteBuffer.allocate(100).putInt(i).array();
            added.add(new Added(i, TelemetryMessage.of(body), Duration.ofDays(7)));
          }
          get(queue.write(added, List.of()));
        }
        System.out.println("stored");
        System.out.flush();
        Runtime.getRuntime().halt(0);
      }
    }

    private static void drain(Path file, int messages) {
      long begin = System.nanoTime();
      try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
          StoredQueue queue = store.open(DEVICE, HUB)) {
        long count = queue.status().messages();
        long opened = (System.nanoTime() - begin) / 1_000_000;
        if (count != messages) {
          throw new IllegalStateException("There are " + count);
        }
        long expected = 1;
        CompletionStage<Void> removal = null;
        while (expected <= messages) {
          Page page = get(queue.read(Priority.NORMAL, expected - 1, 500, 1 << 20));
          List<Long> sent = new ArrayList<>();
          for (Stored stored : page.messages()) {
            if (stored.sequence() != expected
                || ByteBuffer.wrap(stored.message().body()).getInt() != expected) {
              throw new IllegalStateException("Out of order: " + stored.sequence());
            }
            sent.add(expected++);
          }
          removal = queue.write(List.of(), sent);
        }
        get(java.util.Objects.requireNonNull(removal));
        if (queue.status().messages() != 0) {
          throw new IllegalStateException("Left: " + queue.status());
        }
        long drained = (System.nanoTime() - begin) / 1_000_000;
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        long heap = (runtime.totalMemory() - runtime.freeMemory()) >> 20;
        System.out.println(
            "open " + opened + " ms, drained after " + drained + " ms, heap " + heap + " MB");
      }
    }
  }
}
