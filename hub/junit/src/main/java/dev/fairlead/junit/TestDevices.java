package dev.fairlead.junit;

import dev.fairlead.ConnectionOptions;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayBuilder;
import dev.fairlead.Protocol;
import dev.fairlead.localhub.Device;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * The devices of one test, and the clients and gateways that were built in it. Closed by the store
 * that holds it, before its hub.
 */
final class TestDevices implements AutoCloseable {
  private final RunningHub hub;
  private final Map<String, Device> devices = new ConcurrentHashMap<>();
  private final List<DeviceClient> clients = new CopyOnWriteArrayList<>();
  private final List<Gateway> gateways = new CopyOnWriteArrayList<>();

  TestDevices(RunningHub hub) {
    this.hub = hub;
  }

  /** Creates a device with an id that no other test uses, because tests may share a hub. */
  Device device(String name) {
    return devices.computeIfAbsent(
        name, key -> hub.hub().createDevice(key + "-" + UUID.randomUUID()));
  }

  DeviceClientBuilder client(String name) {
    return connected(DeviceClient.builder(device(name).connectionString())).onBuilt(clients::add);
  }

  GatewayBuilder gateway() {
    return connected(Gateway.builder().host(hub.hub().hostName())).onBuilt(gateways::add);
  }

  private <B extends ConnectionOptions<B>> B connected(B builder) {
    for (Protocol protocol : Protocol.values()) {
      builder.endpoint(protocol, hub.endpoint(protocol));
    }
    return builder;
  }

  /** Starts to close all of them before it waits for any; closing a closed client does nothing. */
  @Override
  public void close() {
    CompletableFuture.allOf(
            Stream.concat(
                    clients.stream().map(client -> client.close(Duration.ZERO)),
                    gateways.stream().map(gateway -> gateway.close(Duration.ZERO)))
                .toArray(CompletableFuture[]::new))
        .join();
    clients.forEach(DeviceClient::close); // Its threads have ended when this returns.
    gateways.forEach(Gateway::close);
  }
}
