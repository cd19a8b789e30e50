package dev.fairlead.junit;

import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Protocol;
import dev.fairlead.localhub.Device;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The device of one test and the clients that were built for it. Closed by the store that holds it,
 * before its hub.
 */
final class DeviceUnderTest implements AutoCloseable {
  private final RunningHub hub;
  private final Device device;
  private final List<DeviceClient> clients = new CopyOnWriteArrayList<>();

  private DeviceUnderTest(RunningHub hub, Device device) {
    this.hub = hub;
    this.device = device;
  }

  /** With an id that no other test has, for tests that share a hub. */
  static DeviceUnderTest createdIn(RunningHub hub) {
    return new DeviceUnderTest(hub, hub.hub().createDevice("device-" + UUID.randomUUID()));
  }

  Device device() {
    return device;
  }

  DeviceClientBuilder newBuilder() {
    return DeviceClient.builder(device.connectionString())
        .endpoint(Protocol.MQTT, hub.mqtt())
        .endpoint(Protocol.MQTT_WS, hub.mqttOverWebSockets())
        .onBuilt(clients::add);
  }

  /** Begins to close all before it waits for any; closing a closed client does nothing. */
  @Override
  public void close() {
    CompletableFuture.allOf(
            clients.stream()
                .map(client -> client.close(Duration.ZERO))
                .toArray(CompletableFuture[]::new))
        .join();
    clients.forEach(DeviceClient::close); // Its threads have ended when this returns.
  }
}
