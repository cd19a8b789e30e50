package dev.fairlead.crash;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;

/**
 * What a process with a few devices does to a store, marked call by call for {@link Promises}.
 * Writes of several devices are under way together, so they share commits.
 */
final class OutboxWorkload {
  private static final int MOST_UNDER_WAY = 6;
  private static final String[] DEVICES = {"pump", "valve", "gate/lock"};

  private final Path folder;
  private final DiskControl control;
  private final SplittableRandom random;
  private final Map<String, Long> lastNumbers = new HashMap<>();
  private final Map<String, TreeSet<Long>> stored = new HashMap<>();

  /** Messages of calls that failed: an open may find them in the log. */
  private final Map<String, TreeSet<Long>> unclear = new HashMap<>();

  private final Semaphore room = new Semaphore(MOST_UNDER_WAY);
  private final List<Throwable> failures = new ArrayList<>();
  private final boolean fails;
  private int calls;

  private OutboxWorkload(Path folder, DiskControl control, long seed, boolean fails) {
    this.folder = folder;
    this.control = control;
    this.fails = fails;
    this.random = new SplittableRandom(seed);
    for (String device : DEVICES) {
      lastNumbers.put(device, 0L);
      stored.put(device, new TreeSet<>());
      unclear.put(device, new TreeSet<>());
    }
  }

  /**
   * Arguments: the folder, a seed, how many steps a life of the process has; and for a disk with
   * one error, which operation fails, its number from 1, and its errno.
   */
  public static void main(String[] arguments) throws Exception {
    try (DiskControl control = new DiskControl()) {
      boolean fails = arguments.length > 3;
      OutboxWorkload workload =
          new OutboxWorkload(Path.of(arguments[0]), control, Long.parseLong(arguments[1]), fails);
      int steps = Integer.parseInt(arguments[2]);
      if (fails) {
        control.arm(
            arguments[3], Integer.parseInt(arguments[4]), false, Integer.parseInt(arguments[5]));
      }
      workload.session(steps, 0);
      workload.session(steps / 2, fails ? 0 : 20);
      workload.session(steps / 2, 0);
      if (!fails && !workload.failures.isEmpty()) {
        throw new IllegalStateException("A healthy disk failed", workload.failures.get(0));
      }
    }
  }

  /** Opens, works, closes. */
  private void session(int steps, int large) throws Exception {
    try (OutboxStore store = opened()) {
      Map<String, StoredQueue> queues = new HashMap<>();
      for (String device : DEVICES) {
        StoredQueue queue = queue(store, device);
        queues.put(device, queue);
        check(device, queue);
      }
      for (int i = 0; i < steps; i++) {
        String device = DEVICES[random.nextInt(DEVICES.length)];
        // Enough for the log to be copied into the database and begun again.
        step(device, queues.get(device), i < large);
        if (random.nextInt(8) == 0) {
          settle(queues.get(DEVICES[0]));
          check(device, queues.get(device));
        }
      }
      settle(queues.get(DEVICES[0]));
      if (large > 0) {
        for (String device : DEVICES) {
          write(device, queues.get(device), List.of(), oldest(device, Integer.MAX_VALUE));
        }
        settle(queues.get(DEVICES[0]));
      }
    }
  }

  private OutboxStore opened() {
    try {
      return Stores.open(folder);
    } catch (OutboxStoreException e) {
      if (!fails) {
        throw e;
      }
      // The only error is over.
      return Stores.open(folder);
    }
  }

  private StoredQueue queue(OutboxStore store, String device) {
    try {
      return store.open(Messages.identity(device), Messages.HUB);
    } catch (OutboxStoreException e) {
      if (!fails) {
        throw e;
      }
      return store.open(Messages.identity(device), Messages.HUB);
    }
  }

  private void step(String device, StoredQueue queue, boolean large) throws InterruptedException {
    List<StoredQueue.Added> added = new ArrayList<>();
    List<Long> removed = List.of();
    int choice = random.nextInt(10);
    if (large || choice < 7) {
      int count = large ? 1 : 1 + random.nextInt(4);
      for (int i = 0; i < count; i++) {
        long number = lastNumbers.merge(device, 1L + random.nextInt(2), Long::sum);
        added.add(Messages.message(device, number, large ? maxBody() : size()));
      }
    }
    if (!large && choice >= 5) {
      removed = oldest(device, 1 + random.nextInt(6));
    }
    if (!added.isEmpty() || !removed.isEmpty()) {
      write(device, queue, added, removed);
    }
  }

  private int size() {
    return switch (random.nextInt(10)) {
      case 0 -> 0;
      case 1, 2 -> 3_000 + random.nextInt(9_000);
      case 3 -> 20_000 + random.nextInt(20_000);
      default -> random.nextInt(900);
    };
  }

  private static int maxBody() {
    return TelemetryMessage.MAX_BYTES - 200;
  }

  /** Mostly the oldest, as acknowledgements come; sometimes not in order. */
  private List<Long> oldest(String device, int count) {
    synchronized (stored) {
      List<Long> numbers = new ArrayList<>();
      TreeSet<Long> there = stored.get(device);
      for (Long number : List.copyOf(there)) {
        if (numbers.size() < count && (count > 100 || random.nextInt(12) != 0)) {
          numbers.add(number);
        }
      }
      if (random.nextInt(4) == 0) {
        java.util.Collections.reverse(numbers);
      }
      numbers.forEach(there::remove);
      return numbers;
    }
  }

  private void write(
      String device, StoredQueue queue, List<StoredQueue.Added> added, List<Long> removed)
      throws InterruptedException {
    room.acquire();
    int call = ++calls;
    control.mark(Promises.write(call, device, added, removed));
    CompletionStage<Void> stage = queue.write(added, removed);
    stage.whenComplete(
        (unused, failure) -> {
          control.mark((failure == null ? "done " : "failed ") + call);
          synchronized (stored) {
            if (failure == null) {
              added.forEach(one -> stored.get(device).add(one.sequence()));
            } else {
              failures.add(failure);
              unclear.get(device).addAll(removed);
              added.forEach(one -> unclear.get(device).add(one.sequence()));
            }
          }
          room.release();
        });
  }

  /** A removal alone may wait for the next commit, so there is one. */
  private void settle(StoredQueue queue) throws InterruptedException {
    long number = lastNumbers.merge(DEVICES[0], 1L, Long::sum);
    write(DEVICES[0], queue, List.of(Messages.message(DEVICES[0], number, 10)), List.of());
    room.acquireUninterruptibly(MOST_UNDER_WAY);
    room.release(MOST_UNDER_WAY);
  }

  /** The process itself sees what it stored. */
  private void check(String device, StoredQueue queue) throws Exception {
    TreeSet<Long> found = new TreeSet<>();
    Stores.readAll(queue).forEach(one -> found.add(one.sequence()));
    synchronized (stored) {
      found.removeAll(unclear.get(device));
      if (!found.equals(stored.get(device))) {
        throw new IllegalStateException(
            device + ": stored " + stored.get(device) + ", found " + found);
      }
    }
  }
}
