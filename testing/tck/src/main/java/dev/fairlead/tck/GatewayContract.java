package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayStatus.Connection;
import dev.fairlead.MethodResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Many devices behind one gateway share its connections, and lose nothing when one is lost. */
public abstract class GatewayContract extends MultiplexCase {
  /** Called by subclasses. */
  protected GatewayContract() {}

  @Test
  final void manyDevicesShareOneConnection() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 40);
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      int number = i;
      devices.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
    }
    sent.forEach(Await::result);
    devices.keySet().forEach(id -> assertThat(received(id)).isEqualTo(texts(id, 25)));
    assertThat(connections()).isEqualTo(1);
    assertThat(gateway.status().connected()).isEqualTo(40);
    assertThat(gateway.status().connections())
        .containsExactly(new Connection(harness().route(), 40));
    assertThat(gateway.status().outbox().accepted()).isEqualTo(40 * 25);
  }

  @Test
  final void whatComesFindsItsDevice() {
    Gateway gateway = gateway();
    Map<String, List<String>> heard = new HashMap<>();
    Map<String, DeviceClient> devices = new LinkedHashMap<>();
    for (String id : ids(8)) {
      List<String> mine = new CopyOnWriteArrayList<>();
      heard.put(id, mine);
      devices.put(
          id,
          start(
              harness()
                  .device(gateway, id)
                  .onCloudMessage(
                      message -> {
                        mine.add(message.text());
                        var unused = message.complete();
                      })
                  .onMethod(
                      "who", request -> MethodResponse.ok("\"" + id + request.payload() + "\""))
                  .onDesiredProperties(
                      change -> change.changed().asMap().keySet().forEach(mine::add))));
    }
    devices.values().forEach(device -> Await.result(device.open()));
    for (String id : devices.keySet()) {
      SentCloudMessage message = harness().hub(id).sendCloudMessage("c2d for " + id, Map.of());
      harness().hub(id).updateDesired("{\"for-" + id + "\":1}");
      assertThat(
              Await.result(harness().hub(id).invokeMethod("who", "1", Duration.ofSeconds(20)))
                  .payload())
          .isEqualTo("\"" + id + "1\"");
      assertThat(Await.result(at(devices, id).updateReportedProperties("{\"i\":\"" + id + "\"}")))
          .isPositive();
      Await.until(
          "the message is completed", () -> message.state() == SentCloudMessage.State.COMPLETED);
    }
    for (String id : devices.keySet()) {
      Await.until(id + " has received it", () -> at(heard, id).contains("for-" + id));
      assertThat(at(heard, id)).containsExactlyInAnyOrder("c2d for " + id, "for-" + id);
      assertThat(harness().hub(id).reported()).contains(id);
      assertThat(Await.result(at(devices, id).getTwin()).reported().json()).contains(id);
    }
    assertThat(connections()).isEqualTo(1);
  }

  @Test
  final void moreThanTheLimitHaveConnectionsEnough() {
    Gateway gateway =
        closeLater(
            harness().gateway().policy(harness().policy().multiplexLimits(4, 4).build()).build());
    Map<String, DeviceClient> devices = open(gateway, 10);
    devices.values().forEach(device -> Await.result(device.send(text("x"))));
    assertThat(connections()).isEqualTo(3);
    assertThat(gateway.status().connections().stream().map(Connection::devices))
        .hasSize(3)
        .allMatch(count -> count <= 4);
  }

  @Test
  final void theLossOfTheConnectionBringsAllBack() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 20);
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 20; i++) {
        int number = round * 20 + i;
        devices.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
      }
      harness().hub("dev-0").setReachable(false);
      Await.until(
          "all have noticed it",
          () -> devices.values().stream().noneMatch(each -> each.state() instanceof Connected));
      harness().hub("dev-0").setReachable(true);
      Await.until(
          "all are connected again",
          () -> devices.values().stream().allMatch(each -> each.state() instanceof Connected));
    }
    sent.forEach(Await::result);
    devices
        .keySet()
        .forEach(
            id ->
                assertThat(new ArrayList<>(new LinkedHashSet<>(received(id))))
                    .isEqualTo(texts(id, 60)));
    assertThat(connections()).isEqualTo(1);
  }

  @Test
  final void closingTheGatewaySendsWhatWaits() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 10);
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      int number = i;
      devices.forEach((id, device) -> sent.add(device.send(text(id + " " + number))));
    }
    Await.result(gateway.close(Duration.ofSeconds(30)));
    assertThat(sent).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
    devices.keySet().forEach(id -> assertThat(received(id)).isEqualTo(texts(id, 50)));
    Await.until("the connection is closed", () -> connections() == 0);
  }

  @Test
  final void everyFutureEndsWhenTheGatewayCloses() {
    Gateway gateway = gateway();
    Map<String, DeviceClient> devices = open(gateway, 10);
    harness().hub("dev-0").setReachable(false);
    List<CompletableFuture<?>> futures = new ArrayList<>();
    devices.forEach(
        (id, device) -> {
          futures.add(device.send(text("left over")));
          futures.add(device.getTwin());
          futures.add(device.updateReportedProperties("{\"a\":1}"));
        });
    DeviceClient late = start(harness().device(gateway, "late"));
    futures.add(late.open());
    Await.result(gateway.close(Duration.ZERO));
    assertThat(futures).allMatch(CompletableFuture::isDone);
  }
}
