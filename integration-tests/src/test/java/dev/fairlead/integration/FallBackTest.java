package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.HubPort;
import dev.fairlead.localhub.LocalHub;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Port 8883 is closed: the client finds its way over 443 by itself, and says why. */
class FallBackTest {
  private static Endpoint at(LocalHub hub, int port) {
    return new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate())));
  }

  @Test
  void comesUpOverWebSocketsWhereTheMqttPortIsClosed() {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("walled-in");
      Endpoint mqtt = at(hub, hub.mqttPort());
      hub.goOffline(HubPort.MQTT);
      try (DeviceClient client =
          DeviceClient.fromConnectionString(device.connectionString())
              .endpoint(Protocol.MQTT, mqtt)
              .endpoint(Protocol.MQTT_WS, at(hub, hub.httpsPort()))
              .retry(RetryPolicy.eager())
              .build()) {
        assertThat(client.plan().routes())
            .extracting(Route::protocol)
            .containsExactly(Protocol.MQTT, Protocol.MQTT_WS);

        client.blocking(Duration.ofMinutes(1)).open();
        client.blocking(Duration.ofMinutes(1)).send(TelemetryMessage.json("{}"));

        assertThat(client.state()).isInstanceOf(ConnectionState.Connected.class);
        assertThat(client.state().route().map(Route::protocol)).contains(Protocol.MQTT_WS);
        assertThat(client.plan().routes())
            .as("the closed port goes last, and is not forgotten")
            .extracting(Route::protocol)
            .containsExactly(Protocol.MQTT_WS, Protocol.MQTT);
        assertThat(client.plan().explain()).contains("connection refused");
        assertThat(hub.telemetry().receivedFrom("walled-in")).hasSize(1);
      }
    }
  }
}
