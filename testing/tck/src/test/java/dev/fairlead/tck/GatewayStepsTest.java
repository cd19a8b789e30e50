package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.AMQP_WS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Devices that open, send and close in random order, over connections that break: nothing is lost
 * or leaked.
 */
class GatewayStepsTest extends GatewayCase {
  private static final int DEVICES = 60;
  private static final int LIMIT = 15;

  /** The maximum number of messages that arrive before a suspect; see docs/delivery.md. */
  private static final int PROBES = 4;

  private final Map<String, DeviceClient> there = new LinkedHashMap<>();
  private final Map<String, CompletableFuture<Void>> leaving = new LinkedHashMap<>();
  private final Map<String, Integer> sent = new HashMap<>();
  private final List<CompletableFuture<Void>> outcomes = new ArrayList<>();
  private final Collection<WeakReference<DeviceClient>> gone = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void tenThousandStepsLoseAndLeaveNothing(long seed) {
    walk(seed, 10_000);
  }

  @Test
  @Tag("long")
  void manySeeds() {
    for (long seed = 100; seed < 120; seed++) {
      walk(seed, 10_000);
    }
  }

  private void walk(long seed, int steps) {
    ThreadWatch threads = new ThreadWatch();
    threads.begin();
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS), LIMIT));
    Random random = new Random(seed);
    for (int step = 0; step < steps; step++) {
      String id = "dev-" + random.nextInt(DEVICES);
      switch (random.nextInt(10)) {
        case 0, 1 -> come(gateway, id);
        case 2 -> leave(id);
        case 3 -> fault(random);
        default -> send(id);
      }
      if (step % 10 == 0) {
        time.advance(Duration.ofMillis(random.nextInt(2_000)));
      }
    }
    hub.faults().clear();
    List.copyOf(there.keySet()).forEach(this::leave);
    tickUntil(
        "all devices are closed",
        () -> leaving.values().stream().allMatch(CompletableFuture::isDone));

    assertThat(outcomes).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
    sent.forEach(
        (id, count) ->
            assertInOrder(
                List.copyOf(new LinkedHashSet<>(received(id))), count, id + " with seed " + seed));
    assertThat(gateway.status().devices()).isZero();
    assertThat(gateway.status().outbox().accepted()).isEqualTo(outcomes.size());
    tickUntil("idle connections close", () -> hub.openConnections() == 0);
    tickUntil("no alarm is left", () -> time.pending() == 0);
    assertThat(gateway.status().connections()).isEmpty();
    leaving.clear();
    Await.until("the clients are garbage", GatewayStepsTest.this::areCollected);
    closeNow(gateway);
    threads.assertNoneLeft(thread -> false);
    sent.keySet().forEach(id -> hub.device(id).forgetTelemetry());
    sent.clear();
    outcomes.clear();
  }

  /**
   * All have arrived, each after those before it. Only probes may arrive before the suspect: the
   * cuts can hit one message twice alone.
   */
  private static void assertInOrder(List<String> arrived, int count, String description) {
    List<String> expected = texts(0, count);
    assertThat(arrived).as(description).containsExactlyInAnyOrderElementsOf(expected);
    for (int i = 0; i < count; i++) {
      List<String> later = expected.subList(i + 1, count);
      assertThat(arrived.subList(0, arrived.indexOf(expected.get(i))))
          .as(description + ", arrived before m" + i + ": " + arrived)
          .filteredOn(later::contains)
          .hasSizeLessThanOrEqualTo(PROBES);
    }
  }

  private void come(Gateway gateway, String id) {
    CompletableFuture<Void> leaves = leaving.get(id);
    if (there.containsKey(id) || (leaves != null && !leaves.isDone())) {
      return;
    }
    leaving.remove(id);
    DeviceClient device =
        opening(
            device(gateway, id)
                .onCloudMessage(
                    message -> {
                      var unused = message.complete();
                    })
                .onDesiredProperties(change -> {}));
    there.put(id, device);
  }

  private void send(String id) {
    DeviceClient device = there.get(id);
    if (device != null) {
      outcomes.add(device.send(text("m" + (sent.merge(id, 1, Integer::sum) - 1))));
    }
  }

  /** Closes the device once the outbox is empty, however long that takes. */
  private void leave(String id) {
    DeviceClient device = there.remove(id);
    if (device != null) {
      leaving.put(id, device.close(NEVER));
      gone.add(new WeakReference<>(device));
    }
  }

  private void fault(Random random) {
    switch (random.nextInt(12)) {
      case 0 -> hub.cutConnections();
      case 1 -> hub.cutOldestConnection();
      case 2 -> hub.faults().add(InMemoryFault.cut(Point.BEFORE_ACK));
      case 3 -> hub.faults().add(InMemoryFault.cut(Point.OPEN));
      case 4 -> hub.faults().add(InMemoryFault.cut(Point.TLS));
      case 5 -> hub.faults().add(InMemoryFault.cut(Point.BEFORE_STORE));
      default -> hub.device("dev-" + random.nextInt(DEVICES)).cut();
    }
  }

  private boolean isConnected(DeviceClient device) {
    return device.state() instanceof Connected;
  }

  private boolean areCollected() {
    System.gc();
    for (Iterator<WeakReference<DeviceClient>> each = gone.iterator(); each.hasNext(); ) {
      if (each.next().get() == null) {
        each.remove();
      }
    }
    return gone.isEmpty();
  }

  private List<String> received(String id) {
    return hub.device(id).telemetry().stream().map(ReceivedTelemetry::text).toList();
  }

  @Test
  void aThousandDevicesComeBackAfterEachLoss() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    List<DeviceClient> devices = opened(gateway, 1000);
    for (int i = 0; i < 5; i++) {
      devices.forEach(each -> outcomes.add(each.send(text("m"))));
      hub.cutConnections();
      Await.until("all have noticed it", () -> devices.stream().noneMatch(this::isConnected));
      tickUntil("all are back", () -> areConnected(devices));
    }
    outcomes.forEach(Await::result);
    assertThat(hub.devicesPerConnection()).containsExactly(1000);
  }
}
