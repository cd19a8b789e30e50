package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.HubPort;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.tck.FakeTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Port 8883 is closed: the client falls back to 443, explains why, and returns later. */
@Timeout(120)
class FallBackTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private static DeviceClientBuilder client(LocalHub hub, Device device, Endpoint mqtt) {
    return DeviceClient.builder(device.connectionString())
        .policy(TransportPolicy.builder().only(Protocol.MQTT, Protocol.MQTT_WS).build())
        .endpoint(Protocol.MQTT, mqtt)
        .endpoint(Protocol.MQTT_WS, TransportUnderTest.MQTT_WS.endpoint(hub))
        .retry(RetryPolicy.eager());
  }

  private static ConnectionState.Connected connected(DeviceClient client) {
    return (ConnectionState.Connected) client.state();
  }

  @Test
  void comesUpOverWebSocketsWhereTheMqttPortIsClosed() {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("walled-in");
      Endpoint mqtt = TransportUnderTest.MQTT.endpoint(hub);
      hub.goOffline(HubPort.MQTT);
      try (DeviceClient client = client(hub, device, mqtt).build()) {
        assertThat(client.plan().routes())
            .extracting(Route::protocol)
            .containsExactly(Protocol.MQTT, Protocol.MQTT_WS);

        client.blocking(SOON).open();
        client.blocking(SOON).send(TelemetryMessage.json("{}"));

        assertThat(connected(client).via().protocol()).isEqualTo(Protocol.MQTT_WS);
        assertThat(connected(client).remarks())
            .singleElement()
            .asString()
            .startsWith("MQTT 8883 passed over: ")
            .contains("connection refused");
        assertThat(client.plan().routes())
            .as("the closed port is tried last")
            .extracting(Route::protocol)
            .containsExactly(Protocol.MQTT_WS, Protocol.MQTT);
        assertThat(client.plan().explain()).contains("connection refused");
        assertThat(hub.telemetry().receivedFrom("walled-in")).hasSize(1);
      }
    }
  }

  /**
   * A firewall that drops packets. The client tries the next route after the connect time-out,
   * before the limit for opening a route is reached.
   */
  @Test
  void comesUpOverWebSocketsWhereTheMqttPortIsSilent() throws Exception {
    try (LocalHub hub = LocalHub.start();
        Silence silence = new Silence()) {
      Device device = hub.createDevice("walled-in");
      try (DeviceClient client =
          client(hub, device, TransportUnderTest.endpoint(hub, silence.port()))
              .transport(
                  TransportUnderTest.MQTT.transport(
                      TransportUnderTest.DIALER.connectTimeout(Duration.ofMillis(300))))
              .build()) {
        client.blocking(SOON).open();
        client.blocking(SOON).send(TelemetryMessage.json("{}"));

        assertThat(connected(client).via().protocol()).isEqualTo(Protocol.MQTT_WS);
        assertThat(connected(client).remarks())
            .singleElement()
            .asString()
            .startsWith("MQTT 8883 passed over: ")
            .contains("A firewall may drop packets to port " + silence.port());
      }
    }
  }

  /** The same, but only after TCP: a server accepts the connection and sends nothing. */
  @Test
  void comesUpOverWebSocketsWhereTheMqttPortTakesConnectionsAndSaysNothing() throws Exception {
    try (LocalHub hub = LocalHub.start();
        ServerSocket mute = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      Device device = hub.createDevice("walled-in");
      try (DeviceClient client =
          client(hub, device, TransportUnderTest.endpoint(hub, mute.getLocalPort()))
              .transport(
                  TransportUnderTest.MQTT.transport(
                      TransportUnderTest.DIALER.handshakeTimeout(Duration.ofSeconds(2))))
              .build()) {
        client.blocking(SOON).open();
        assertThat(connected(client).remarks())
            .singleElement()
            .asString()
            .contains("did not finish the TLS handshake in time");
      }
    }
  }

  @Test
  void goesBackAtTheNextSessionEndWhenTheMqttPortIsOpenAgain() {
    FakeTime time = new FakeTime(Instant.now());
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("patient");
      Endpoint mqtt = TransportUnderTest.MQTT.endpoint(hub);
      hub.goOffline(HubPort.MQTT);
      DeviceClient client = client(hub, device, mqtt).time(time).build();
      client.blocking(SOON).open();
      hub.goOnline(HubPort.MQTT);
      client.blocking(SOON).send(TelemetryMessage.json("{\"n\":1}"));
      assertThat(connected(client).via().protocol())
          .as("a working session is kept")
          .isEqualTo(Protocol.MQTT_WS);

      device.dropConnection();
      afterAWhile(time, client, Duration.ofMinutes(10));
      client.blocking(SOON).send(TelemetryMessage.json("{\"n\":2}"));
      assertThat(connected(client).via().protocol()).isEqualTo(Protocol.MQTT);
      assertThat(connected(client).remarks()).isEmpty();

      CompletableFuture<Void> closed = client.close(Duration.ZERO);
      Awaitility.await().atMost(SOON).until(closed::isDone);
    }
  }

  /** The connection is lost, so the next attempt is made only after this time. */
  private static void afterAWhile(FakeTime time, DeviceClient client, Duration howLong) {
    Awaitility.await().atMost(SOON).until(() -> client.state() instanceof ConnectionState.Waiting);
    time.advance(howLong);
    Awaitility.await()
        .atMost(SOON)
        .until(
            () -> {
              time.advance(Duration.ofMillis(100));
              return client.state() instanceof ConnectionState.Connected;
            });
  }

  /** A listener whose queue is full: the kernel leaves further connections unanswered. */
  private static final class Silence implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> filling = new ArrayList<>();

    Silence() throws IOException {
      listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
      for (int i = 0; i < 2; i++) {
        filling.add(new Socket(listener.getInetAddress(), listener.getLocalPort()));
      }
    }

    int port() {
      return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : filling) {
        socket.close();
      }
      listener.close();
    }
  }
}
