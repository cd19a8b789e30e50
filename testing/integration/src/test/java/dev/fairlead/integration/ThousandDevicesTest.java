package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayStatus;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.policy.TransportPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A thousand devices on one AMQP connection: everything works for each, on a handful of threads.
 */
@Timeout(170)
class ThousandDevicesTest {
  private static final int COUNT = 1000;

  /**
   * Loop, reader, writer, futures, hand-over to the application's executor; and some more of the
   * last two where a slow machine makes one look stalled. Devices must not add any.
   */
  private static final int MOST_THREADS = 10;

  private static final Duration SOON = Duration.ofSeconds(120);

  @Test
  void eachSendsReceivesAnswersAndSeesItsDesiredChange() throws Exception {
    ExecutorService handlers = Executors.newFixedThreadPool(2);
    try (LocalHub hub = LocalHub.start();
        Gateway gateway =
            Gateway.builder()
                .policy(TransportPolicy.gateway(COUNT).toBuilder().only(Protocol.AMQP).build())
                .transport(TransportUnderTest.AMQP.transport(TransportUnderTest.DIALER))
                .endpoint(Protocol.AMQP, TransportUnderTest.AMQP.endpoint(hub))
                .openTimeout(Duration.ofSeconds(100))
                .executor(handlers)
                .build()) {
      Set<String> messages = ConcurrentHashMap.newKeySet();
      Set<String> changes = ConcurrentHashMap.newKeySet();
      List<Device> registered = new ArrayList<>();
      List<DeviceClient> clients = new ArrayList<>();
      for (int i = 0; i < COUNT; i++) {
        Device device = hub.createDevice("sensor-" + i);
        registered.add(device);
        clients.add(
            gateway
                .device(device.connectionString())
                .onMethod("who", call -> MethodResponse.ok("\"" + device.deviceId() + "\""))
                .onCloudMessage(
                    message -> {
                      messages.add(device.deviceId() + " " + message.text());
                      message.complete();
                    })
                .onDesiredProperties(
                    change ->
                        change
                            .properties()
                            .getString("name")
                            .ifPresent(name -> changes.add(device.deviceId() + " " + name)))
                .build());
      }

      all(clients.stream().map(DeviceClient::open).toList());
      assertThat(gateway.status().connections())
          .extracting(GatewayStatus.Connection::devices)
          .containsExactly(COUNT);

      all(clients.stream().map(client -> client.send(TelemetryMessage.json("{}"))).toList());
      assertThat(hub.telemetry().count()).isGreaterThanOrEqualTo(COUNT);
      for (Device device : registered) {
        assertThat(hub.telemetry().receivedFrom(device.deviceId())).isNotEmpty();
        device.sendCloudMessage(CloudToDeviceMessage.of("for " + device.deviceId()));
        device.updateDesired("{\"name\":\"name of " + device.deviceId() + "\"}");
      }
      List<CompletableFuture<MethodResult>> calls = new ArrayList<>();
      for (Device device : registered) {
        calls.add(device.invokeMethod("who", "null", SOON, SOON));
      }
      all(calls);
      for (int i = 0; i < COUNT; i++) {
        assertThat(calls.get(i).join().payload()).isEqualTo("\"sensor-" + i + "\"");
      }
      await().atMost(SOON).until(() -> messages.size() == COUNT && changes.size() == COUNT);
      for (Device device : registered) {
        String id = device.deviceId();
        assertThat(messages).contains(id + " for " + id);
        assertThat(changes).contains(id + " name of " + id);
      }
      assertThat(threadsOfTheGateway()).hasSizeLessThanOrEqualTo(MOST_THREADS);
    } finally {
      handlers.shutdownNow();
    }
    await().atMost(SOON).until(() -> threadsOfTheGateway().isEmpty());
  }

  private static <T> void all(List<CompletableFuture<T>> futures) throws Exception {
    CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(120, TimeUnit.SECONDS);
  }

  private static List<String> threadsOfTheGateway() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("fairlead-") || name.startsWith("AMQP "))
        .toList();
  }
}
