package dev.fairlead.crash;

import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Calls a store while its disk does not answer a sync; prints "kept" if it kept its promises. */
final class StalledDisk {
  private StalledDisk() {}

  /** Argument: the folder. */
  public static void main(String[] arguments) throws Exception {
    try (DiskControl control = new DiskControl();
        OutboxStore store = Stores.open(Path.of(arguments[0]));
        StoredQueue queue = store.open(Messages.identity("pump"), Messages.HUB);
        StoredQueue other = store.open(Messages.identity("valve"), Messages.HUB)) {
      control.stall();
      List<CompletableFuture<Void>> stages = new ArrayList<>();
      stages.add(write(queue, "pump", 1));
      while (control.stalled() == 0) {
        Thread.onSpinWait();
      }
      // These calls return although the store's thread is held.
      stages.add(write(queue, "pump", 2));
      stages.add(write(other, "valve", 1));
      CompletableFuture<StoredQueue.Page> page =
          queue
              .read(Messages.message("pump", 2, 50).message().priority(), 0, 9, 9_000)
              .toCompletableFuture();
      if (stages.stream().anyMatch(CompletableFuture::isDone)) {
        throw new IllegalStateException("A message counts as stored before its sync ended");
      }
      control.release();
      for (CompletableFuture<Void> stage : stages) {
        Stores.get(stage);
      }
      if (Stores.get(page).messages().isEmpty() || Stores.readAll(queue).size() != 2) {
        throw new IllegalStateException("The messages are not there");
      }
      System.out.println("kept");
    }
  }

  private static CompletableFuture<Void> write(StoredQueue queue, String device, long number) {
    return queue
        .write(List.of(Messages.message(device, number, 50)), List.of())
        .toCompletableFuture();
  }
}
