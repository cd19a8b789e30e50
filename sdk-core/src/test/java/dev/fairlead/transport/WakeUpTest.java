package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WakeUpTest {
  private final Queue<Runnable> tasks = new ArrayDeque<>();

  @Test
  void manySignalsAreOneTask() {
    AtomicInteger runs = new AtomicInteger();
    WakeUp wakeUp = new WakeUp(tasks::add, runs::incrementAndGet);
    wakeUp.signal();
    wakeUp.signal();
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    assertThat(runs).hasValue(1);
    wakeUp.signal();
    assertThat(tasks).hasSize(1);
  }

  @Test
  void aSignalDuringTheActionIsNotLost() {
    WakeUp[] self = new WakeUp[1];
    AtomicInteger runs = new AtomicInteger();
    self[0] =
        new WakeUp(
            tasks::add,
            () -> {
              if (runs.incrementAndGet() == 1) {
                self[0].signal();
              }
            });
    self[0].signal();
    tasks.remove().run();
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    assertThat(runs).hasValue(2);
    assertThat(tasks).isEmpty();
  }

  /** Whatever was counted before a signal is seen by a run after it. */
  @Test
  void threadsLoseNoSignal() throws Exception {
    ExecutorService loop = Executors.newSingleThreadExecutor();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      AtomicInteger counted = new AtomicInteger();
      CountDownLatch seen = new CountDownLatch(1);
      WakeUp wakeUp =
          new WakeUp(
              loop,
              () -> {
                if (counted.get() == 3000) {
                  seen.countDown();
                }
              });
      for (int i = 0; i < 3; i++) {
        threads.execute(
            () -> {
              for (int n = 0; n < 1000; n++) {
                counted.incrementAndGet();
                wakeUp.signal();
              }
            });
      }
      assertThat(seen.await(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      threads.shutdownNow();
      loop.shutdownNow();
    }
  }
}
