package dev.fairlead.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.TimeSource;
import dev.fairlead.policy.RouteMemory.Postponement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class RouteMemoryTest {
  private static final Route MQTT = new Route(Protocol.MQTT, Carrier.TCP, 8883);
  private static final Route AMQP = new Route(Protocol.AMQP, Carrier.TCP, 5671);
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

  private final Clocks clocks = new Clocks();
  private final RouteMemory memory = new RouteMemory(clocks);

  @Test
  void refusesATimeThatIsNotPositive() {
    assertThatThrownBy(() -> memory.postpone(MQTT, Duration.ZERO, "refused"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("forget");
    assertThat(memory.snapshot().postponed()).isEmpty();
  }

  @Test
  void forgetsWhenTheTimeIsUpAndNotBefore() {
    memory.postpone(MQTT, Duration.ofMinutes(10), "refused");
    clocks.pass(Duration.ofMinutes(10).minusNanos(1));
    assertThat(memory.snapshot().postponed()).containsOnlyKeys(MQTT);
    clocks.pass(Duration.ofNanos(1));
    assertThat(memory.snapshot().postponed()).isEmpty();
  }

  @Test
  void tellsUntilWhenAndWhy() {
    memory.postpone(MQTT, Duration.ofMinutes(10), "refused");
    clocks.pass(Duration.ofMinutes(4));
    assertThat(memory.snapshot().postponed())
        .containsEntry(MQTT, new Postponement(START.plusSeconds(600), "refused"));
  }

  @Test
  void wallClockThatIsSetNeitherFreesNorHolds() {
    memory.postpone(MQTT, Duration.ofMinutes(10), "refused");
    clocks.set(START.plus(Duration.ofDays(9000)));
    assertThat(memory.snapshot().postponed()).containsOnlyKeys(MQTT);
    clocks.set(Instant.EPOCH);
    clocks.pass(Duration.ofMinutes(10));
    assertThat(memory.snapshot().postponed()).isEmpty();
  }

  @Test
  void laterFailureReplacesTheEarlier() {
    memory.postpone(MQTT, Duration.ofMinutes(10), "refused");
    memory.postpone(MQTT, Duration.ofMinutes(1), "timed out");
    assertThat(memory.snapshot().postponed())
        .containsEntry(MQTT, new Postponement(START.plusSeconds(60), "timed out"));
  }

  @Test
  void successForgetsThatRouteOnly() {
    memory.postpone(MQTT, Duration.ofMinutes(10), "refused");
    memory.postpone(AMQP, Duration.ofMinutes(10), "refused");
    memory.forget(MQTT);
    assertThat(memory.snapshot().postponed()).containsOnlyKeys(AMQP);
  }

  @Test
  void takesTheLongestDurationThereIs() {
    memory.postpone(MQTT, Duration.ofSeconds(Long.MAX_VALUE), "refused");
    assertThat(memory.snapshot().postponed())
        .containsEntry(MQTT, new Postponement(START.plus(Duration.ofDays(365)), "refused"));
  }

  @Test
  void isBoundedAndDisplacesTheFirstToExpire() {
    memory.postpone(AMQP, Duration.ofMinutes(1), "refused");
    for (int port = 1; port <= RouteMemory.CAPACITY; port++) {
      memory.postpone(
          new Route(Protocol.MQTT, Carrier.TCP, port), Duration.ofMinutes(10), "refused");
    }
    assertThat(memory.snapshot().postponed()).hasSize(RouteMemory.CAPACITY).doesNotContainKey(AMQP);
  }

  @Test
  void snapshotStaysAsItWas() {
    memory.postpone(MQTT, Duration.ofMinutes(10), "refused");
    RouteMemory.Snapshot before = memory.snapshot();
    memory.forget(MQTT);
    assertThat(before.postponed()).containsOnlyKeys(MQTT);
  }

  @RepeatedTest(200)
  void holdsItsBoundUnderSeveralThreads() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      CyclicBarrier start = new CyclicBarrier(3);
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < 3; thread++) {
        int base = thread * 100;
        running.add(
            threads.submit(
                () -> {
                  start.await(10, TimeUnit.SECONDS);
                  for (int port = 1; port <= 60; port++) {
                    Route route = new Route(Protocol.MQTT, Carrier.TCP, base + port);
                    memory.postpone(route, Duration.ofMinutes(port), "refused");
                    assertThat(memory.snapshot().postponed())
                        .hasSizeLessThanOrEqualTo(RouteMemory.CAPACITY);
                  }
                  return null;
                }));
      }
      for (Future<?> one : running) {
        one.get(30, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(memory.snapshot().postponed()).hasSize(RouteMemory.CAPACITY);
  }

  /** Two clocks that move only when the test moves them. */
  private static final class Clocks implements TimeSource {
    private Instant wall = START;
    // about to wrap, as nanoTime may
    private long nano = Long.MAX_VALUE - 1000;

    void pass(Duration time) {
      wall = wall.plus(time);
      nano += time.toNanos();
    }

    void set(Instant now) {
      wall = now;
    }

    @Override
    public Instant now() {
      return wall;
    }

    @Override
    public long nanoTime() {
      return nano;
    }

    @Override
    public Alarm schedule(Duration delay, Runnable task) {
      throw new AssertionError("A memory sets no alarms.");
    }
  }
}
