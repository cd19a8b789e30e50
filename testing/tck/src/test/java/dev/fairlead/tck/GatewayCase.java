package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.DeviceOptions;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayBuilder;
import dev.fairlead.GatewayDeviceBuilder;
import dev.fairlead.GatewayStatus.Connection;
import dev.fairlead.auth.Credentials;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.tck.memory.InMemoryHub;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;

/** A gateway, its devices and a hub in memory, on one clock that only the test moves. */
abstract class GatewayCase extends MemoryCase {
  private final Deque<Gateway> gateways = new ArrayDeque<>();

  @AfterEach
  final void closeGateways() {
    while (!gateways.isEmpty()) {
      closeNow(gateways.pop());
    }
    assertThat(time.pending()).as("alarms left").isZero();
  }

  /** Shares connections over any of the routes that its transport offers. */
  final GatewayBuilder gatewayOver(TransportProvider transport) {
    return Gateway.builder()
        .host(InMemoryHub.HOST)
        .time(time)
        .openTimeout(NEVER)
        .transport(transport)
        .policy(TransportPolicy.gateway(2));
  }

  /** The same with a given number of devices on a connection. */
  final GatewayBuilder gatewayOver(TransportProvider transport, int limit) {
    return gatewayOver(transport).policy(limited(limit));
  }

  static TransportPolicy limited(int limit) {
    return TransportPolicy.gateway(2).toBuilder().multiplexLimits(limit, limit).build();
  }

  final Gateway built(GatewayBuilder builder) {
    Gateway gateway = builder.build();
    gateways.push(gateway);
    return gateway;
  }

  final GatewayDeviceBuilder device(Gateway gateway, String id) {
    return gateway
        .device()
        .identity(DeviceIdentity.device(id))
        .credentials(Credentials.sharedAccessKey(hub.device(id).key(), Duration.ofDays(300)));
  }

  static DeviceClient opening(DeviceOptions<?> builder) {
    DeviceClient client = builder.build();
    assertThat(client.open()).isNotNull();
    return client;
  }

  /** Starts to open {@code count} devices at the same time. */
  final List<DeviceClient> opening(Gateway gateway, int count) {
    List<DeviceClient> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(opening(device(gateway, "dev-" + i)));
    }
    return devices;
  }

  final List<DeviceClient> opened(Gateway gateway, int count) {
    List<DeviceClient> devices = opening(gateway, count);
    awaitConnected(devices);
    return devices;
  }

  static boolean areConnected(Collection<DeviceClient> devices) {
    return devices.stream().allMatch(each -> each.state() instanceof Connected);
  }

  static void awaitConnected(Collection<DeviceClient> devices) {
    Await.until("all are connected", () -> areConnected(devices));
  }

  final void closeNow(Gateway gateway) {
    CompletableFuture<Void> closed = gateway.close(Duration.ZERO);
    tickUntil("the gateway is closed", closed::isDone);
  }

  final void closeOf(DeviceClient client) {
    closeNow(client);
  }

  static List<Integer> loads(Gateway gateway) {
    return gateway.status().connections().stream().map(Connection::devices).sorted().toList();
  }
}
