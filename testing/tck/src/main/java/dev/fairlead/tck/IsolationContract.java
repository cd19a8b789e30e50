package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.ConnectionState.Unauthorized;
import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayDeviceBuilder;
import dev.fairlead.GatewayStatus.Connection;
import dev.fairlead.MethodResponse;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What happens to one device of a shared connection does not affect the others. */
public abstract class IsolationContract extends MultiplexCase {
  /** Called by subclasses. */
  protected IsolationContract() {}

  @Test
  final void theRefusalOfOneTouchesOne() {
    harness().hub("dev-0").setEnabled(false);
    Gateway gateway = gateway();
    DeviceClient refused = start(harness().device(gateway, "dev-0"));
    DeviceClient other = start(harness().device(gateway, "dev-1"));
    Await.result(other.send(text("dev-1 0")));
    Await.until("one is refused", () -> refused.state() instanceof Unauthorized);
    assertThat(other.state()).isInstanceOf(Connected.class);
    CompletableFuture<Void> kept = refused.send(text("dev-0 0"));
    Await.result(other.send(text("dev-1 1")));
    assertThat(kept).isNotDone();
    harness().hub("dev-0").setEnabled(true);
    Await.result(kept);
    assertThat(connections()).isEqualTo(1);
    assertThat(received("dev-1")).isEqualTo(texts("dev-1", 2));
  }

  @Test
  final void theLossOfOneLinkTouchesOne() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 5);
    List<Object> before = states(devices, "dev-0");
    harness().hub("dev-0").setEnabled(false);
    DeviceClient lost = at(devices, "dev-0");
    Await.until("its session has ended", () -> !(lost.state() instanceof Connected));
    CompletableFuture<Void> kept = lost.send(text("dev-0 0"));
    devices.forEach(
        (id, device) -> {
          if (device != lost) {
            Await.result(device.send(text(id + " 0")));
          }
        });
    assertThat(states(devices, "dev-0")).isEqualTo(before);
    assertThat(kept).isNotDone();
    harness().hub("dev-0").setEnabled(true);
    Await.result(kept);
    assertThat(states(devices, "dev-0")).isEqualTo(before);
    assertThat(connections()).isEqualTo(1);
  }

  @Test
  final void theFloodOfOneLeavesOthersServed() throws Exception {
    Gateway gateway = gateway();
    DeviceClient flooding =
        open(
            harness()
                .device(gateway, "dev-0")
                .outbox(
                    OutboxLimits.builder()
                        .maxMessages(2_000)
                        .overflow(OverflowPolicy.BLOCK)
                        .build()));
    Map<String, DeviceClient> others = new LinkedHashMap<>();
    for (int i = 1; i <= 10; i++) {
      others.put("dev-" + i, open(harness().device(gateway, "dev-" + i)));
    }
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Integer> flood = new CompletableFuture<>();
    Thread source =
        new Thread(
            () -> {
              int count = 0;
              do {
                var unused = flooding.send(text("dev-0 " + count++));
              } while (!enough.get());
              flood.complete(count);
            },
            "tck-flood");
    source.setDaemon(true);
    source.start();
    Await.until("the outbox is full", () -> flooding.outbox().waiting() > 1_500);
    for (int i = 0; i < 10; i++) {
      int number = i;
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      others.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
      sent.forEach(Await::result);
    }
    assertThat(flood).as("all that time").isNotDone();
    enough.set(true);
    int count = Await.result(flood);
    Await.until("all of it has arrived", () -> flooding.outbox().accepted() == count);
    assertThat(received("dev-0")).isEqualTo(texts("dev-0", count));
    others.keySet().forEach(id -> assertThat(received(id)).isEqualTo(texts(id, 10)));
    source.join();
  }

  @Test
  final void theLateHandlerOfOneLeavesOthersServed() {
    Gateway gateway = gateway();
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(2);
    AutoCloseable release = hold::countDown;
    closeLater(release);
    UnaryOperator<GatewayDeviceBuilder> late =
        builder ->
            builder
                .onCloudMessage(message -> awaitQuietly(entered, hold))
                .onMethod(
                    "m",
                    request -> {
                      awaitQuietly(entered, hold);
                      return MethodResponse.of(201);
                    });
    DeviceClient slow = open(late.apply(harness().device(gateway, "dev-0")));
    List<String> heard = new CopyOnWriteArrayList<>();
    open(
        harness()
            .device(gateway, "dev-1")
            .onCloudMessage(message -> heard.add(message.text()))
            .onMethod("m", request -> MethodResponse.of(202)));
    harness().hub("dev-0").sendCloudMessage("held", Map.of());
    CompletableFuture<MethodResponse> held =
        harness().hub("dev-0").invokeMethod("m", "", Duration.ofSeconds(60));
    awaitQuietly(new CountDownLatch(0), entered);
    assertThat(
            Await.result(harness().hub("dev-1").invokeMethod("m", "", Duration.ofSeconds(20)))
                .status())
        .isEqualTo(202);
    harness().hub("dev-1").sendCloudMessage("prompt", Map.of());
    Await.until("the other has it", () -> heard.contains("prompt"));
    Await.result(slow.send(text("its telemetry flows too")));
    hold.countDown();
    assertThat(Await.result(held).status()).isEqualTo(201);
  }

  @Test
  final void aDeviceThatLeavesLeavesNothing() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 4);
    List<Object> before = states(devices, "dev-0");
    at(devices, "dev-0").close();
    assertThat(gateway.status().devices()).isEqualTo(3);
    assertThat(gateway.status().connections())
        .containsExactly(new Connection(harness().route(), 3));
    assertThat(Await.failure(harness().hub("dev-0").invokeMethod("m", "", Duration.ofMillis(50))))
        .isNotNull();
    devices.remove("dev-0");
    devices.forEach((id, device) -> Await.result(device.send(text(id + " 0"))));
    assertThat(states(devices, "dev-0")).isEqualTo(before);
    DeviceClient again = open(harness().device(gateway, "dev-0"));
    Await.result(again.send(text("dev-0 0")));
    assertThat(connections()).isEqualTo(1);
  }

  @Test
  final void devicesComeAndGoAtRandom() {
    Gateway gateway = gateway();
    DeviceClient stays = open(harness().device(gateway, "stays"));
    Random random = new Random(7);
    Map<String, DeviceClient> there = new LinkedHashMap<>();
    Map<String, Integer> counts = new HashMap<>();
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int step = 0; step < 400; step++) {
      String id = "dev-" + random.nextInt(12);
      DeviceClient device = there.get(id);
      if (device == null) {
        there.put(id, start(harness().device(gateway, id)));
      } else if (random.nextInt(4) > 0) {
        sent.add(device.send(text(id + " " + (counts.merge(id, 1, Integer::sum) - 1))));
      } else {
        there.remove(id);
        Await.result(device.close(Duration.ofSeconds(30)));
      }
    }
    sent.forEach(Await::result);
    counts.forEach((id, count) -> assertThat(received(id)).isEqualTo(texts(id, count)));
    assertThat(stays.state()).isInstanceOf(Connected.class);
    there.values().forEach(DeviceClient::close);
    Await.until(
        "only the remaining device is on the connection",
        () -> gateway.status().connections().equals(List.of(new Connection(harness().route(), 1))));
    assertThat(connections()).isEqualTo(1);
  }

  /** Signals its start, then waits; the bound only shortens a failing run. */
  private static void awaitQuietly(CountDownLatch here, CountDownLatch there) {
    here.countDown();
    try {
      assertThat(there.await(Await.LIMIT.toSeconds(), java.util.concurrent.TimeUnit.SECONDS))
          .isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
