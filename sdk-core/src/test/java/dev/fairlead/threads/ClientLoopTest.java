package dev.fairlead.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.ManualTime;
import dev.fairlead.TimeSource.Alarm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ClientLoopTest {
  private final ManualTime time = new ManualTime();
  private final ClientLoop loop = new ClientLoop("loop-under-test", true, Optional.of(time));
  private final ClientLoop systemLoop = new ClientLoop("system-loop", true, Optional.empty());

  @AfterEach
  void endThreads() throws InterruptedException {
    for (ClientLoop each : List.of(loop, systemLoop)) {
      each.shutdown();
      assertThat(each.awaitTermination(Duration.ofSeconds(30))).isTrue();
    }
  }

  private static <T> T on(ClientLoop loop, Supplier<T> task) throws Exception {
    return CompletableFuture.supplyAsync(task, loop).get(30, TimeUnit.SECONDS);
  }

  private ClientLoop loop(boolean manual) {
    return manual ? loop : systemLoop;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void runsTasksInOrderOnOneDaemonThread(boolean manual) throws Exception {
    List<Integer> ran = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      int number = i;
      loop(manual).execute(() -> ran.add(number));
    }

    Thread thread = on(loop(manual), Thread::currentThread);

    assertThat(ran).hasSize(1_000).isSorted();
    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getName()).endsWith(manual ? "loop-under-test" : "system-loop");
  }

  @Test
  void neverRunsATaskInsideTheCall() throws Exception {
    AtomicBoolean inside = new AtomicBoolean();

    boolean ranInside =
        on(
            loop,
            () -> {
              loop.execute(() -> inside.set(true));
              return inside.get();
            });

    assertThat(ranInside).isFalse();
    assertThat(on(loop, inside::get)).isTrue();
  }

  @Test
  void goesOnAfterATaskThatThrows() throws Exception {
    loop.execute(
        () -> {
          throw new IllegalStateException("expected by the test");
        });
    loop.schedule(
        Duration.ofSeconds(1),
        () -> {
          throw new AssertionError("expected by the test");
        });
    time.advance(Duration.ofSeconds(1));

    assertThat(on(loop, () -> "alive")).isEqualTo("alive");
  }

  @Test
  void knowsItsThread() throws Exception {
    assertThat(loop.inLoop()).isFalse();
    assertThat(on(loop, loop::inLoop)).isTrue();
    assertThat(on(systemLoop, loop::inLoop)).isFalse();
    assertThatThrownBy(loop::assertInLoop).isInstanceOf(IllegalStateException.class);
    on(
        loop,
        () -> {
          loop.assertInLoop();
          return true;
        });
  }

  @Test
  void takesTheTimeThatWasGiven() throws Exception {
    AtomicReference<String> ran = new AtomicReference<>("not yet");
    loop.schedule(Duration.ofMinutes(5), () -> ran.set(loop.inLoop() + " at " + loop.now()));

    time.advance(Duration.ofMinutes(5).minusNanos(1));
    assertThat(on(loop, ran::get)).isEqualTo("not yet");

    time.advance(Duration.ofNanos(1));
    assertThat(on(loop, ran::get)).isEqualTo("true at 2026-01-01T00:05:00Z");
    assertThat(loop.nanoTime()).isEqualTo(time.nanoTime());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void neverRunsACancelledAlarmEvenWhenItIsDue(boolean manual) throws Exception {
    AtomicBoolean rang = new AtomicBoolean();

    on(
        loop(manual),
        () -> {
          Alarm alarm = loop(manual).schedule(Duration.ZERO, () -> rang.set(true));
          // Now its task stands in the queue, behind this one.
          time.advance(Duration.ofSeconds(1));
          alarm.cancel();
          return true;
        });

    assertThat(on(loop(manual), rang::get)).isFalse();
  }

  @Test
  void leavesNoCancelledAlarmWithTheTimeSource() {
    loop.schedule(Duration.ofHours(1), () -> {}).cancel();

    assertThat(time.alarms()).isZero();
  }

  @Test
  void ringsAlarmsOfTheSystemsClock() throws Exception {
    CompletableFuture<Boolean> rang = new CompletableFuture<>();

    systemLoop.schedule(Duration.ofMillis(1), () -> rang.complete(systemLoop.inLoop()));

    assertThat(rang.get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void takesDelaysBeyondAllClocks() throws Exception {
    AtomicBoolean rang = new AtomicBoolean();
    systemLoop.schedule(Duration.ofSeconds(Long.MAX_VALUE), () -> rang.set(true));
    systemLoop.schedule(Duration.ofSeconds(Long.MIN_VALUE), () -> {});

    CompletableFuture<Boolean> later = new CompletableFuture<>();
    systemLoop.schedule(Duration.ofMillis(1), () -> later.complete(true));

    assertThat(later.get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(rang).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ignoresWhatComesAfterShutdown(boolean manual) throws Exception {
    ClientLoop closed = loop(manual);
    AtomicBoolean ran = new AtomicBoolean();
    Thread thread = on(closed, Thread::currentThread);
    closed.schedule(Duration.ofSeconds(1), () -> ran.set(true));
    closed.shutdown();
    assertThat(closed.awaitTermination(Duration.ofSeconds(30))).isTrue();

    closed.execute(() -> ran.set(true));
    closed.schedule(Duration.ZERO, () -> ran.set(true)).cancel();
    closed.schedule(Duration.ZERO, () -> ran.set(true));
    assertThat(time.alarms()).as("none stays with a time source that lives on").isZero();
    time.advance(Duration.ofSeconds(2));

    thread.join(30_000);
    assertThat(thread.isAlive()).isFalse();
    assertThat(ran).isFalse();
  }
}
