package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.TelemetryRecord;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client as an application has it, with this transport as the service loader finds it. */
@Timeout(60)
class ClientTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);

  @Test
  void worksThroughCuts() throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("dev-c");
      List<CloudMessage> messages = new CopyOnWriteArrayList<>();
      DeviceClient client =
          DeviceClient.builder(device.connectionString())
              .endpoint(
                  Protocol.MQTT,
                  new Endpoint(
                      "localhost", hub.mqttPort(), Trust.only(List.of(hub.caCertificate()))))
              .retry(RetryPolicy.eager())
              .onCloudMessage(messages::add)
              .onMethod("echo", request -> MethodResponse.ok(request.payload()))
              .build();
      client.open().get(20, TimeUnit.SECONDS);
      hub.faults().add(Fault.drop().beforeAck().nth(50).times(1));
      hub.faults().add(Fault.reset().beforeStore().nth(120).times(1));
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        all.add(
            client.send(TelemetryMessage.of(Integer.toString(i).getBytes(StandardCharsets.UTF_8))));
      }
      for (CompletableFuture<Void> one : all) {
        one.get(30, TimeUnit.SECONDS);
      }
      List<String> firsts =
          hub.telemetry().received().stream().map(TelemetryRecord::bodyAsText).distinct().toList();
      assertThat(firsts).hasSize(300);
      assertThat(firsts)
          .isSortedAccordingTo((a, b) -> Integer.compare(Integer.parseInt(a), Integer.parseInt(b)));

      CompletableFuture<MethodResult> echo = device.invokeMethod("echo", "[1]", SECONDS, SECONDS);
      assertThat(echo.get(20, TimeUnit.SECONDS)).isEqualTo(new MethodResult(200, "[1]"));
      device.sendCloudMessage(CloudToDeviceMessage.of("hello"));
      await().until(() -> messages.size() == 1);
      messages.get(0).complete().toCompletableFuture().get(20, TimeUnit.SECONDS);
      await().until(() -> device.queuedCloudMessages() == 0);
      client.close();
      await().until(() -> SessionCase.threadsOf("dev-c").isEmpty());
    }
  }

  @Test
  void opensOverWebSocketsWhereThePlainPortIsClosed() throws Exception {
    int closed;
    try (ServerSocket reserved = new ServerSocket(0)) {
      closed = reserved.getLocalPort();
    }
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("dev-w");
      Trust trust = Trust.only(List.of(hub.caCertificate()));
      DeviceClient client =
          DeviceClient.builder(device.connectionString())
              .endpoint(Protocol.MQTT, new Endpoint("localhost", closed, trust))
              .endpoint(Protocol.MQTT_WS, new Endpoint("localhost", hub.httpsPort(), trust))
              .retry(RetryPolicy.eager())
              .build();
      client.open().get(20, TimeUnit.SECONDS);
      client.send(TelemetryMessage.of(new byte[] {1})).get(20, TimeUnit.SECONDS);

      assertThat(hub.telemetry().received()).hasSize(1);
      assertThat(SessionCase.threadsOf("dev-w")).hasSizeBetween(1, 3);
      client.close();
      await().until(() -> SessionCase.threadsOf("dev-w").isEmpty());
    }
  }
}
