package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventBatchTest {
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final List<String> seen = new ArrayList<>();
  private final List<Throwable> bugs = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private EventBatch batch(int messages, long bytes) {
    return new EventBatch(tasks::add, messages, bytes, () -> seen.add("|"), bugs::add);
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void aBurstIsOneTaskInOrder() {
    EventBatch batch = batch(10, 1000);
    batch.add(() -> seen.add("a"));
    batch.add(() -> seen.add("b"));
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    batch.add(() -> seen.add("c"));
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    assertThat(seen).containsExactly("a", "b", "|", "c", "|");
  }

  @Test
  void whatAnEventAddsRunsInTheNextTask() {
    EventBatch batch = batch(10, 1000);
    batch.add(() -> batch.add(() -> seen.add("b")));
    tasks.remove().run();
    assertThat(seen).containsExactly("|");
    tasks.remove().run();
    assertThat(seen).containsExactly("|", "b", "|");
  }

  /** An error in one event costs neither the ones behind it nor those of later batches. */
  @Test
  void aDefectCostsNoOtherEvent() {
    EventBatch batch = batch(10, 1000);
    batch.add(
        () -> {
          throw new IllegalStateException("a defect");
        });
    batch.add(
        () -> {
          throw new StackOverflowError();
        });
    batch.add(() -> seen.add("a"));
    tasks.remove().run();
    batch.add(() -> seen.add("b"));
    tasks.remove().run();
    assertThat(bugs).hasSize(2);
    assertThat(seen).containsExactly("a", "|", "b", "|");
  }

  @Test
  void aHandlerOfDefectsThatFailsCostsNothing() {
    EventBatch batch =
        new EventBatch(
            tasks::add,
            1,
            1,
            () -> {},
            bug -> {
              throw new IllegalStateException(bug);
            });
    batch.add(
        () -> {
          throw new IllegalStateException("a defect");
        });
    batch.add(() -> seen.add("a"));
    tasks.remove().run();
    assertThat(seen).containsExactly("a");
  }

  @Test
  void theThreadThatBringsTooManyMessagesWaits() throws Exception {
    theBoundHolds(batch(2, 1000), 1);
  }

  @Test
  void theThreadThatBringsTooManyBytesWaits() throws Exception {
    theBoundHolds(batch(1000, 100), 50);
  }

  private void theBoundHolds(EventBatch batch, long size) throws Exception {
    batch.addMessage(size, () -> seen.add("a"));
    batch.addMessage(size, () -> seen.add("b"));
    Thread third =
        new Thread(
            () -> {
              try {
                batch.addMessage(size, () -> seen.add("c"));
              } catch (InterruptedException e) {
                bugs.add(e);
              }
            });
    third.start();
    Awaitility.await().until(() -> third.getState() == Thread.State.WAITING);
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    third.join();
    tasks.remove().run();
    assertThat(seen).containsExactly("a", "b", "|", "c", "|");
    assertThat(bugs).isEmpty();
  }

  @Test
  void oneMessageOfAnySizeHasRoom() throws Exception {
    EventBatch batch = batch(2, 100);
    batch.addMessage(1_000_000, () -> seen.add("a"));
    tasks.remove().run();
    assertThat(seen).contains("a");
  }

  @Test
  void afterTheReleaseNobodyWaits() throws Exception {
    EventBatch batch = batch(1, 1);
    batch.addMessage(1, () -> {});
    CountDownLatch added = new CountDownLatch(1);
    threads.execute(
        () -> {
          try {
            batch.addMessage(1, () -> {});
            added.countDown();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    batch.release();
    assertThat(added.await(30, TimeUnit.SECONDS)).isTrue();
    batch.addMessage(1, () -> {});
  }

  @Test
  void theOrderOfAThreadIsKeptUnderLoad() throws Exception {
    ExecutorService loop = Executors.newSingleThreadExecutor();
    try {
      CountDownLatch all = new CountDownLatch(3 * 2000);
      int[] last = new int[3];
      EventBatch batch = new EventBatch(loop, 8, 1 << 20, () -> {}, bugs::add);
      for (int t = 0; t < 3; t++) {
        int thread = t;
        threads.execute(
            () -> {
              try {
                for (int n = 1; n <= 2000; n++) {
                  int number = n;
                  batch.addMessage(
                      100,
                      () -> {
                        if (++last[thread] != number) {
                          throw new IllegalStateException("out of order");
                        }
                        all.countDown();
                      });
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
      }
      assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(bugs).isEmpty();
    } finally {
      loop.shutdownNow();
    }
  }
}
