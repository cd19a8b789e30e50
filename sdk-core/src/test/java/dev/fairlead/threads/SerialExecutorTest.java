package dev.fairlead.threads;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SerialExecutorTest {
  private final ExecutorService pool = Executors.newFixedThreadPool(4);
  private final List<String> log = new ArrayList<>();

  @AfterEach
  void endThreads() throws InterruptedException {
    pool.shutdownNow();
    assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  /** What tasks of one lane share needs neither locks nor volatile fields. */
  private static final class Shared {
    int inside;
    int worst;
    int count;
    final int[] last = new int[4];
    boolean disordered;

    void enter(int sender, int number) {
      worst = Math.max(worst, ++inside);
      disordered |= last[sender] != number - 1;
      last[sender] = number;
      count++;
      inside--;
    }
  }

  @RepeatedTest(20)
  void runsOneTaskAtATimeInTheOrderOfEachSender() throws Exception {
    SerialExecutor lane = new SerialExecutor("lane", pool);
    Shared shared = new Shared();
    ExecutorService senders = Executors.newFixedThreadPool(4);
    for (int sender = 0; sender < 4; sender++) {
      int name = sender;
      senders.execute(
          () -> {
            for (int number = 1; number <= 2_000; number++) {
              int mine = number;
              lane.execute(() -> shared.enter(name, mine));
            }
          });
    }
    senders.shutdown();
    assertThat(senders.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    CountDownLatch end = new CountDownLatch(1);
    lane.execute(end::countDown);

    assertThat(end.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(shared.count).isEqualTo(8_000);
    assertThat(shared.worst).isEqualTo(1);
    assertThat(shared.disordered).isFalse();
  }

  @Test
  void keepsOneThreadBusyAtMost() throws Exception {
    SerialExecutor lane = new SerialExecutor("lane", pool);
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    AtomicBoolean second = new AtomicBoolean();
    lane.execute(
        () -> {
          begun.countDown();
          awaitQuietly(hold);
        });
    lane.execute(() -> second.set(true));
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

    for (int i = 0; i < 3; i++) {
      pool.submit(() -> {}).get(30, TimeUnit.SECONDS);
    }

    assertThat(second).isFalse();
    assertThat(lane.waiting()).isEqualTo(1);
    hold.countDown();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void runsATaskOfATaskAfterIt() {
    SerialExecutor lane = new SerialExecutor("lane", Runnable::run);

    lane.execute(
        () -> {
          lane.execute(() -> log.add("inner"));
          log.add("outer");
        });

    assertThat(log).containsExactly("outer", "inner");
  }

  @Test
  void goesOnAfterATaskThatThrows() {
    SerialExecutor lane = new SerialExecutor("lane", Runnable::run);

    lane.execute(
        () -> {
          throw new IllegalStateException("expected by the test");
        });
    lane.execute(
        () -> {
          throw new AssertionError("expected by the test");
        });
    lane.execute(() -> log.add("next"));

    assertThat(log).containsExactly("next");
    assertThat(lane.waiting()).isZero();
  }

  @Test
  void losesWhatTheExecutorRefusesAndGoesOn() {
    AtomicBoolean refusing = new AtomicBoolean(true);
    SerialExecutor lane =
        new SerialExecutor(
            "lane",
            task -> {
              if (refusing.get()) {
                throw new RejectedExecutionException("full");
              }
              task.run();
            });

    lane.execute(() -> log.add("lost"));
    assertThat(lane.waiting()).isZero();
    refusing.set(false);
    lane.execute(() -> log.add("next"));

    assertThat(log).containsExactly("next");
  }

  @Test
  void saysWhichTasksTheExecutorRefused() {
    SerialExecutor lane =
        new SerialExecutor(
            "lane",
            task -> {
              throw new RejectedExecutionException("full");
            });

    lane.execute(() -> log.add("ran"), () -> log.add("refused"));

    assertThat(log).containsExactly("refused");
  }

  @Test
  void lanesThatShareAThreadTakeTurns() {
    HeldExecutor one = new HeldExecutor();
    SerialExecutor busy = new SerialExecutor("busy", one, 3);
    SerialExecutor other = new SerialExecutor("other", one, 3);
    for (int i = 0; i < 8; i++) {
      int number = i;
      busy.execute(() -> log.add("b" + number));
    }
    other.execute(() -> log.add("o0"));

    one.runAll();

    assertThat(log).containsExactly("b0", "b1", "b2", "o0", "b3", "b4", "b5", "b6", "b7");
    assertThat(busy.isCurrent()).isFalse();
  }

  @Test
  void saysWhichTasksTheExecutorRefusedInTheMiddle() {
    HeldExecutor one = new HeldExecutor();
    AtomicInteger begun = new AtomicInteger();
    SerialExecutor lane =
        new SerialExecutor(
            "lane",
            task -> {
              if (begun.incrementAndGet() > 1) {
                throw new RejectedExecutionException("shut down");
              }
              one.execute(task);
            },
            2);
    for (int i = 0; i < 4; i++) {
      int number = i;
      lane.execute(() -> log.add("ran " + number), () -> log.add("refused " + number));
    }

    one.runAll();

    assertThat(log).containsExactly("ran 0", "ran 1", "refused 2", "refused 3");
    assertThat(lane.waiting()).isZero();
  }

  @RepeatedTest(20)
  void keepsTheOrderOfEachLaneWhenManyShareFewThreads() throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    List<Shared> shared = new ArrayList<>();
    CountDownLatch ends = new CountDownLatch(20);
    for (int i = 0; i < 20; i++) {
      Shared mine = new Shared();
      shared.add(mine);
      SerialExecutor lane = new SerialExecutor("lane", two, 4);
      for (int number = 1; number <= 500; number++) {
        int next = number;
        lane.execute(() -> mine.enter(0, next));
      }
      lane.execute(ends::countDown);
    }

    assertThat(ends.await(30, TimeUnit.SECONDS)).isTrue();
    two.shutdown();
    assertThat(shared).allMatch(each -> each.count == 500 && each.worst == 1 && !each.disordered);
  }

  @Test
  void runsLaterWhatTheExecutorCouldNotBegin() {
    AtomicInteger calls = new AtomicInteger();
    Executor outOfThreads =
        task -> {
          if (calls.incrementAndGet() == 1) {
            throw new OutOfMemoryError("unable to create native thread (by the test)");
          }
          task.run();
        };
    SerialExecutor lane = new SerialExecutor("lane", outOfThreads);

    lane.execute(() -> log.add("first"));
    lane.execute(() -> log.add("second"));

    assertThat(log).containsExactly("first", "second");
  }

  @Test
  void knowsItsOwnTasks() {
    SerialExecutor lane = new SerialExecutor("lane", Runnable::run);
    SerialExecutor other = new SerialExecutor("other", Runnable::run);
    AtomicReference<String> seen = new AtomicReference<>();

    lane.execute(() -> seen.set(lane.isCurrent() + " " + other.isCurrent()));

    assertThat(seen).hasValue("true false");
    assertThat(lane.isCurrent()).isFalse();
  }
}
