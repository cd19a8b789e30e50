package dev.fairlead.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SerialExecutorTest {
  private final ManualTime time = new ManualTime();
  private final ClientLoop loop = new ClientLoop("loop", true, Optional.of(time));
  private final ManualLoop manual = new ManualLoop();
  private final ExecutorService pool = Executors.newFixedThreadPool(4);
  private final List<String> log = new CopyOnWriteArrayList<>();

  @AfterEach
  void endThreads() throws InterruptedException {
    loop.shutdown();
    pool.shutdownNow();
    assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  private SerialExecutor serial(Executor executor) {
    return new SerialExecutor("serial", executor, loop);
  }

  /** Handlers of a client with an executor of the application's. */
  private SerialExecutor onApplications(Executor executor) {
    return new ClientThreads("client", true, Optional.of(executor), loop).handlerExecutor("feed");
  }

  /** What tasks of one queue share needs neither locks nor volatile fields. */
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
    SerialExecutor serial = serial(pool);
    Shared shared = new Shared();
    ExecutorService senders = Executors.newFixedThreadPool(4);
    for (int sender = 0; sender < 4; sender++) {
      int name = sender;
      senders.execute(
          () -> {
            for (int number = 1; number <= 2_000; number++) {
              int mine = number;
              serial.execute(() -> shared.enter(name, mine));
            }
          });
    }
    senders.shutdown();
    assertThat(senders.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    CountDownLatch end = new CountDownLatch(1);
    serial.execute(end::countDown);

    await(end);
    assertThat(shared.count).isEqualTo(8_000);
    assertThat(shared.worst).isEqualTo(1);
    assertThat(shared.disordered).isFalse();
  }

  @Test
  void keepsOneThreadBusyAtMost() throws Exception {
    SerialExecutor serial = serial(pool);
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    AtomicBoolean second = new AtomicBoolean();
    serial.execute(
        () -> {
          begun.countDown();
          awaitQuietly(hold);
        });
    serial.execute(() -> second.set(true));
    await(begun);

    for (int i = 0; i < 3; i++) {
      pool.submit(() -> {}).get(30, TimeUnit.SECONDS);
    }

    assertThat(second).isFalse();
    assertThat(serial.waiting()).isEqualTo(1);
    hold.countDown();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
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
    SerialExecutor serial = serial(Runnable::run);

    serial.execute(
        () -> {
          serial.execute(() -> log.add("inner"));
          log.add("outer");
        });

    assertThat(log).containsExactly("outer", "inner");
  }

  @Test
  void goesOnAfterATaskThatThrows() {
    SerialExecutor serial = serial(Runnable::run);

    serial.execute(
        () -> {
          throw new IllegalStateException("expected by the test");
        });
    serial.execute(
        () -> {
          throw new AssertionError("expected by the test");
        });
    serial.execute(() -> log.add("next"));

    assertThat(log).containsExactly("next");
    assertThat(serial.waiting()).isZero();
  }

  @Test
  void oneTasksInterruptionDoesNotMeetTheNext() {
    SerialExecutor serial = serial(Runnable::run);

    serial.execute(
        () -> {
          serial.execute(() -> log.add("interrupted " + Thread.currentThread().isInterrupted()));
          Thread.currentThread().interrupt();
        });

    assertThat(log).containsExactly("interrupted false");
  }

  static List<Throwable> refusals() {
    return List.of(
        new RejectedExecutionException("full"),
        new IllegalStateException("shut down"),
        new OutOfMemoryError("unable to create native thread (by the test)"));
  }

  @SuppressWarnings("unchecked") // Throws what its caller does not declare.
  private static <E extends Throwable> void doThrow(Throwable any) throws E {
    throw (E) any;
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void triesAnExecutorThatRefusesAgain(Throwable refusal) {
    AtomicInteger calls = new AtomicInteger();
    SerialExecutor serial =
        new SerialExecutor(
            "serial",
            task -> {
              if (calls.incrementAndGet() <= 3) {
                SerialExecutorTest.<RuntimeException>doThrow(refusal);
              }
              task.run();
            },
            manual);

    manual.run(() -> serial.execute(() -> log.add("first")));
    manual.run(() -> serial.execute(() -> log.add("second")));
    assertThat(log).isEmpty();

    manual.advance(Duration.ofSeconds(1));
    manual.advance(Duration.ofSeconds(2));
    assertThat(log).isEmpty();
    manual.advance(Duration.ofSeconds(4));

    assertThat(log).containsExactly("first", "second");
    assertThat(calls).hasValue(4);
  }

  @RepeatedTest(20)
  void goesOnAfterAnExecutorThatDroppedATask() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch dropped = new CountDownLatch(1);
    SerialExecutor serial =
        onApplications(
            task -> {
              if (calls.incrementAndGet() == 1) {
                dropped.countDown();
              } else {
                pool.execute(task);
              }
            });
    CountDownLatch both = new CountDownLatch(2);
    serial.execute(both::countDown);
    serial.execute(both::countDown);
    await(dropped);

    time.advance(Duration.ofSeconds(10));

    await(both);
    assertThat(calls).hasValue(2);
  }

  @Test
  void aTaskHandedOverTwiceRunsOnce() throws Exception {
    List<Runnable> queue = new CopyOnWriteArrayList<>();
    SerialExecutor serial = onApplications(queue::add);
    serial.execute(() -> log.add("once"));
    for (int i = 1; i <= 3; i++) {
      int handed = i;
      awaitUntil(() -> queue.size() >= handed);
      time.advance(Duration.ofMinutes(6));
    }

    queue.forEach(Runnable::run);
    assertThat(log).containsExactly("once");

    int before = queue.size();
    serial.execute(() -> log.add("next"));
    awaitUntil(() -> queue.size() > before);
    queue.forEach(Runnable::run);
    assertThat(log).containsExactly("once", "next");
  }

  private static void awaitUntil(Callable<Boolean> condition) {
    Awaitility.await().until(condition);
  }

  @Test
  void runsNothingOnItsCallerWhenTheExecutorRunsItInline() throws Exception {
    SerialExecutor serial = onApplications(Runnable::run);
    CompletableFuture<Boolean> onLoop = new CompletableFuture<>();

    loop.execute(() -> serial.execute(() -> onLoop.complete(loop.inLoop())));

    assertThat(onLoop.get(30, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void anExecutorThatBlocksItsCallerDoesNotBlockTheLoop() throws Exception {
    CountDownLatch hold = new CountDownLatch(1);
    SerialExecutor serial =
        onApplications(
            task -> {
              awaitQuietly(hold);
              task.run();
            });
    CountDownLatch ran = new CountDownLatch(1);
    CountDownLatch loopGoesOn = new CountDownLatch(1);
    loop.execute(() -> serial.execute(ran::countDown));
    loop.execute(loopGoesOn::countDown);

    await(loopGoesOn);
    hold.countDown();
    await(ran);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void callbacksThatTheExecutorRefusesAtTheEndRunOnThreadsOfTheClient(boolean before)
      throws Exception {
    CountDownLatch refused = new CountDownLatch(1);
    ClientThreads threads =
        new ClientThreads(
            "client",
            true,
            Optional.of(
                task -> {
                  refused.countDown();
                  throw new RejectedExecutionException("shut down");
                }),
            loop);
    SerialExecutor serial = threads.handlerExecutor("feed");
    CountDownLatch ran = new CountDownLatch(2);
    if (before) {
      serial.execute(ran::countDown);
      await(refused);
    }
    loop.shutdown();
    threads.shutdown();
    if (!before) {
      serial.execute(ran::countDown);
    }
    serial.execute(ran::countDown);

    await(ran);
  }

  @Test
  void theFuturesBehindOneThatIsHeldMoveToAnotherThread() throws Exception {
    ClientThreads threads = new ClientThreads("client", true, Optional.empty(), loop);
    SerialExecutor futures = threads.completions();
    for (int round = 0; round < 3; round++) {
      CompletableFuture<String> first = new CompletableFuture<>();
      CountDownLatch waits = new CountDownLatch(1);
      CompletableFuture<Boolean> result = new CompletableFuture<>();
      futures.execute(
          () -> {
            waits.countDown();
            CompletableFuture.allOf(first, first.thenApply(s -> s)).join();
            result.complete(futures.isCurrent());
          });
      futures.execute(() -> first.complete("x"));
      await(waits);
      assertThat(result).isNotDone();

      time.advance(SerialExecutor.HELD);

      assertThat(result.get(30, TimeUnit.SECONDS)).isFalse();
    }
    CompletableFuture<Boolean> after = new CompletableFuture<>();
    futures.execute(() -> after.complete(futures.isCurrent()));
    assertThat(after.get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aHandlerRunByItsCallerHoldsUpNoOtherFeed() throws Exception {
    ClientThreads threads = new ClientThreads("client", true, Optional.of(Runnable::run), loop);
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch other = new CountDownLatch(1);
    threads
        .handlerExecutor("one")
        .execute(
            () -> {
              begun.countDown();
              awaitQuietly(hold);
            });
    threads.handlerExecutor("other").execute(other::countDown);
    await(begun);

    time.advance(SerialExecutor.HELD);

    await(other);
    hold.countDown();
  }

  @Test
  void oneAlarmServesAllTasksOfABusySpell() {
    SerialExecutor serial = new SerialExecutor("serial", Runnable::run, manual);
    serial.execute(
        () -> {
          for (int i = 0; i < 1_000; i++) {
            serial.execute(() -> log.add("one of many"));
          }
        });

    assertThat(log).hasSize(1_000);
    assertThat(manual.time.scheduled()).isEqualTo(1);
    assertThat(manual.time.alarms()).as("nothing ticks while nothing runs").isZero();
  }

  @RepeatedTest(20)
  void keepsTheOrderOfEachWhenManyShareFewThreads() throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    List<Shared> shared = new ArrayList<>();
    CountDownLatch ends = new CountDownLatch(20);
    for (int i = 0; i < 20; i++) {
      Shared mine = new Shared();
      shared.add(mine);
      SerialExecutor serial = serial(two);
      for (int number = 1; number <= 500; number++) {
        int next = number;
        serial.execute(() -> mine.enter(0, next));
      }
      serial.execute(ends::countDown);
    }

    await(ends);
    two.shutdown();
    assertThat(shared).allMatch(each -> each.count == 500 && each.worst == 1 && !each.disordered);
  }

  @Test
  void knowsItsOwnTasks() {
    SerialExecutor serial = serial(Runnable::run);
    SerialExecutor other = serial(Runnable::run);
    AtomicReference<String> seen = new AtomicReference<>();

    serial.execute(() -> seen.set(serial.isCurrent() + " " + other.isCurrent()));

    assertThat(seen).hasValue("true false");
    assertThat(serial.isCurrent()).isFalse();
  }
}
