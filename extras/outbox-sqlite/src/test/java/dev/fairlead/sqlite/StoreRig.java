package dev.fairlead.sqlite;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.spi.StoredQueue.Page;
import dev.fairlead.spi.StoredQueue.Stored;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

/** What the tests of the store have in common. */
final class StoreRig {
  static final DeviceIdentity DEVICE = DeviceIdentity.device("dev-1");
  static final String HUB = "hub-1.example";

  private StoreRig() {}

  /** The result of a stage; failures come as they are. */
  static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new CompletionException(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("A stage was not completed.", e);
    }
  }

  /** Waits for something that happens on other threads. */
  static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("It took too long until " + what + ".");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  static Added added(long sequence, String text) {
    return added(sequence, text, Priority.NORMAL);
  }

  static Added added(long sequence, String text, Priority priority) {
    return new Added(
        sequence,
        TelemetryMessage.builder()
            .body(text.getBytes(StandardCharsets.UTF_8))
            .priority(priority)
            .build(),
        null);
  }

  static List<Added> numbered(long from, long through) {
    return LongStream.rangeClosed(from, through).mapToObj(i -> added(i, text(i))).toList();
  }

  static String text(long sequence) {
    return "message " + sequence;
  }

  static void add(StoredQueue queue, long from, long through) {
    get(queue.write(numbered(from, through), List.of()));
  }

  static void remove(StoredQueue queue, long from, long through) {
    get(queue.write(List.of(), LongStream.rangeClosed(from, through).boxed().toList()));
  }

  static Page page(StoredQueue queue, Priority priority) {
    return get(queue.read(priority, 0, Integer.MAX_VALUE, Long.MAX_VALUE));
  }

  /** The numbers of all messages of the normal class, read in small pages. */
  static List<Long> sequences(StoredQueue queue) {
    return messages(queue).stream().map(Stored::sequence).toList();
  }

  static List<Stored> messages(StoredQueue queue) {
    List<Stored> all = new ArrayList<>();
    long after = 0;
    while (true) {
      Page page = get(queue.read(Priority.NORMAL, after, 100, 100_000));
      all.addAll(page.messages());
      for (Stored stored : page.messages()) {
        after = Math.max(after, stored.sequence());
      }
      for (long damaged : page.damaged()) {
        after = Math.max(after, damaged);
      }
      if (page.end()) {
        return all;
      }
    }
  }

  static List<Long> numbers(long from, long through) {
    return LongStream.rangeClosed(from, through).boxed().toList();
  }

  static String text(Stored stored) {
    return new String(stored.message().body(), StandardCharsets.UTF_8);
  }
}
