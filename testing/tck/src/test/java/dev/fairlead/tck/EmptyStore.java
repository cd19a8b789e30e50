package dev.fairlead.tck;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Priority;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueueStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store with one queue that keeps nothing, for a few messages without a time to live. */
class EmptyStore implements OutboxStore, StoredQueue {
  @Override
  public StoredQueue open(DeviceIdentity identity, String hubHost) {
    return this;
  }

  @Override
  public StoredQueueStatus status() {
    return new StoredQueueStatus(DeviceIdentity.device("d"), "hub", 0, 0, 0, Optional.empty());
  }

  @Override
  public CompletionStage<Void> write(List<Added> added, List<Long> removed) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Page> read(Priority priority, long after, int maxMessages, long maxBytes) {
    throw new AssertionError("Everything is in memory.");
  }

  @Override
  public CompletionStage<Page> readExpired(int maxMessages) {
    throw new AssertionError("Nothing has a time to live.");
  }

  @Override
  public CompletionStage<Optional<Duration>> nextExpiry() {
    throw new AssertionError("Nothing has a time to live.");
  }

  @Override
  public List<StoredQueueStatus> queues() {
    return List.of();
  }

  @Override
  public void moveToHub(DeviceIdentity identity, String hubHost) {}

  @Override
  public long delete(DeviceIdentity identity) {
    return 0;
  }

  @Override
  public void close() {}
}
