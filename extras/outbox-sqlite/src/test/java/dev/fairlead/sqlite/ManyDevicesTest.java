package dev.fairlead.sqlite;

import static dev.fairlead.sqlite.StoreRig.HUB;
import static dev.fairlead.sqlite.StoreRig.added;
import static dev.fairlead.sqlite.StoreRig.get;
import static dev.fairlead.sqlite.StoreRig.numbers;
import static dev.fairlead.sqlite.StoreRig.sequences;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Priority;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Page;
import dev.fairlead.spi.StoredQueue.Stored;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many devices at once, each on a thread of its own. */
class ManyDevicesTest {
  private static final int DEVICES = 8;
  private static final int MESSAGES = 300;
  private static final int KEPT = 20;

  @TempDir Path folder;

  @Test
  void eachDeviceSeesItsOwnMessagesInOrder() {
    Path file = folder.resolve("outbox.db");
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file)) {
      CountDownLatch begin = new CountDownLatch(DEVICES);
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (int i = 0; i < DEVICES; i++) {
        DeviceIdentity device = DeviceIdentity.device("dev-" + i);
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread =
            new Thread(
                () -> {
                  try (StoredQueue queue = store.open(device, HUB)) {
                    begin.countDown();
                    begin.await();
                    sendAll(queue, device.deviceId());
                    done.complete(null);
                  } catch (Throwable e) {
                    done.completeExceptionally(e);
                  }
                });
        thread.start();
        running.add(done);
      }
      running.forEach(StoreRig::get);
    }
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file)) {
      assertThat(store.queues()).hasSize(DEVICES);
      for (int i = 0; i < DEVICES; i++) {
        try (StoredQueue queue = store.open(DeviceIdentity.device("dev-" + i), HUB)) {
          assertThat(queue.status().messages()).isEqualTo(KEPT);
          assertThat(sequences(queue)).isEqualTo(numbers(MESSAGES - KEPT + 1, MESSAGES));
        }
      }
    }
  }

  /** Adds one message at a time, and reads and removes what is over the number to be kept. */
  private static void sendAll(StoredQueue queue, String device) {
    CompletionStage<Void> last = CompletableFuture.completedFuture(null);
    long next = 1;
    for (long i = 1; i <= MESSAGES; i++) {
      last = queue.write(List.of(added(i, device + " " + i)), List.of());
      if (i % 10 == 0 && i > KEPT) {
        Page page = get(queue.read(Priority.NORMAL, next - 1, 10, Long.MAX_VALUE));
        List<Long> sent = new ArrayList<>();
        for (Stored stored : page.messages()) {
          assertThat(StoreRig.text(stored)).isEqualTo(device + " " + next);
          assertThat(stored.sequence()).isEqualTo(next++);
          sent.add(stored.sequence());
        }
        assertThat(sent).hasSize(10);
        queue.write(List.of(), sent);
      }
    }
    get(last);
  }
}
