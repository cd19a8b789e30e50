package dev.fairlead.benchmarks;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.sqlite.SqliteOutboxStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/** The durable outbox, through the interface that the client uses. */
final class StoredMessages implements OutboxStores.GroupStore {
  private static final int QUEUES = 16;
  private static final int WINDOW = 64;

  private final SqliteOutboxStore store;
  private final StoredQueue queue;

  StoredMessages(Path file) {
    store = SqliteOutboxStore.open(file);
    queue = open("dev-1");
  }

  private StoredQueue open(String device) {
    return store.open(DeviceIdentity.device(device), "hub.example");
  }

  @Override
  public void store(long first, int count, byte[] body) {
    List<Added> added = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      added.add(new Added(first + i, TelemetryMessage.of(body), null));
    }
    queue.write(added, List.of()).toCompletableFuture().join();
  }

  /** Many calls of one message each are on the way at any time; returns how many were stored. */
  long concurrently(int size, long nanos) throws InterruptedException {
    List<StoredQueue> queues = new ArrayList<>();
    for (int i = 0; i < QUEUES; i++) {
      queues.add(open("many-" + i));
    }
    byte[] body = new byte[size];
    Semaphore room = new Semaphore(QUEUES * WINDOW);
    long begin = System.nanoTime();
    long messages = 0;
    while (System.nanoTime() - begin < nanos) {
      room.acquire();
      messages++;
      queues
          .get((int) (messages % QUEUES))
          .write(List.of(new Added(messages, TelemetryMessage.of(body), null)), List.of())
          .thenRun(room::release);
    }
    room.acquire(QUEUES * WINDOW);
    return messages;
  }

  @Override
  public void close() {
    store.close();
  }
}
