package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Closed;
import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.RetryPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How a gateway closes, whatever handlers and callers of its devices do. */
class GatewayClosingTest extends GatewayCase {
  private final CountDownLatch hold = new CountDownLatch(1);

  @AfterEach
  void letGo() {
    hold.countDown();
  }

  private void hang() {
    try {
      hold.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void noCallbackIsLostBehindSlowListeners() {
    Gateway gateway = built(gatewayOver(like(AMQP)).retry(RetryPolicy.eager()));
    Map<String, List<ConnectionState>> heard = new ConcurrentHashMap<>();
    for (int i = 0; i < 30; i++) {
      String id = "dev-" + i;
      List<ConnectionState> states = new CopyOnWriteArrayList<>();
      heard.put(id, states);
      DeviceClient client =
          opening(
              device(gateway, id)
                  .onConnectionState(
                      state -> {
                        hang();
                        states.add(state);
                      }));
      Await.until("connected", () -> client.state() instanceof ConnectionState.Connected);
    }
    closeNow(gateway);
    assertThat(heard.values()).allMatch(List::isEmpty);

    hold.countDown();

    Await.until(
        "each has reported its end",
        () ->
            heard.values().stream()
                .allMatch(
                    states ->
                        !states.isEmpty() && states.get(states.size() - 1) instanceof Closed));
    assertThat(heard.values()).allMatch(states -> states.size() >= 3);
  }

  @Test
  void aSecondCloseWithLessTimeEndsSoonerForAllDevices() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    hub.setReachable(false);
    DeviceClient one = opening(device(gateway, "dev-1"));
    DeviceClient two = opening(device(gateway, "dev-2"));
    CompletableFuture<Void> first = one.send(text("m0"));
    CompletableFuture<Void> second = two.send(text("m0"));
    CompletableFuture<Void> patient = one.close(Duration.ofHours(1));
    CompletableFuture<Void> allPatient = gateway.close(Duration.ofHours(1));
    assertThat(allPatient.cancel(true)).isTrue();

    CompletableFuture<Void> now = gateway.close(Duration.ZERO);

    tickUntil("the gateway is closed", now::isDone);
    assertThat(now).isCompleted();
    Await.result(patient);
    assertThat(Await.failure(first)).isNotNull();
    assertThat(Await.failure(second)).isNotNull();
    assertThat(time.now()).isBefore(Instant.parse("2026-01-01T00:59:00Z"));
  }

  @Test
  void oneDevicesContinuationHoldsUpNoOtherDevice() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    DeviceClient one = device(gateway, "dev-1").build();
    DeviceClient two = device(gateway, "dev-2").build();
    // The client is not open yet: code attached to a completed future would run here.
    CompletableFuture<Void> continuation = one.send(text("m0")).thenRun(this::hang);
    assertThat(one.open()).isNotNull();
    CompletableFuture<Void> other = two.send(text("m1"));
    assertThat(two.open()).isNotNull();

    tickUntil("the other one continues", other::isDone);
    closeNow(gateway);
    assertThat(continuation).isNotDone();

    hold.countDown();
    Await.result(continuation);
  }
}
