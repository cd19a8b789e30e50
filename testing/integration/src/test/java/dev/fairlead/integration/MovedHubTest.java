package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Endpoint;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The hub moves to another address, as hubs do without notice: IoT Hub, "Understand IP addresses of
 * your IoT hub".
 */
@Timeout(120)
@ParameterizedClass
@EnumSource
class MovedHubTest {
  private static final String HOST = "hub.fairlead.test";
  private static final String ID = "faithful";
  private static final Duration SOON = Duration.ofSeconds(60);

  @Parameter TransportUnderTest transport;

  @TempDir Path state;

  private final DeviceAuth.SymmetricKeys keys = (DeviceAuth.SymmetricKeys) DeviceAuth.randomKeys();

  /**
   * The address at the name servers; changed, as in practice, some time after the hub has moved.
   */
  private volatile List<InetAddress> addresses = List.of();

  private final AtomicInteger lookUps = new AtomicInteger();

  private static InetAddress address(int last) throws Exception {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
  }

  /** For a client it is the same hub: same name, CA and devices. */
  private LocalHub hubAt(InetAddress address, int mqttPort, int amqpPort, int httpsPort) {
    LocalHub hub =
        LocalHub.start(
            LocalHubOptions.defaults()
                .hostName(HOST)
                .stateDirectory(state)
                .bindAddress(address)
                .mqttPort(mqttPort)
                .amqpPort(amqpPort)
                .httpsPort(httpsPort));
    hub.createDevice(ID, keys);
    return hub;
  }

  private DeviceClientBuilder client(LocalHub hub) {
    Endpoint endpoint =
        new Endpoint(HOST, transport.port(hub), Trust.only(List.of(hub.caCertificate())));
    return transport.builder(
        "HostName=" + HOST + ";DeviceId=" + ID + ";SharedAccessKey=" + keys.primary(),
        endpoint,
        TransportUnderTest.DIALER.resolver(
            name -> {
              lookUps.incrementAndGet();
              return addresses;
            }));
  }

  @Test
  void theNextAttemptAfterTheNameServersKnowReachesTheNewAddress() throws Exception {
    LocalHub old = hubAt(address(2), 0, 0, 0);
    addresses = List.of(address(2));
    try (old;
        DeviceClient client = client(old).build()) {
      client.blocking(SOON).open();
      client.blocking(SOON).send(TelemetryMessage.json("{\"n\":1}"));
      int lookUpsBefore = lookUps.get();

      int mqttPort = old.mqttPort();
      int amqpPort = old.amqpPort();
      int httpsPort = old.httpsPort();
      old.close();
      try (LocalHub moved = hubAt(address(3), mqttPort, amqpPort, httpsPort)) {
        // A transport of requests and responses notices the loss only at its next request.
        CompletableFuture<Void> sent = client.send(TelemetryMessage.json("{\"n\":2}"));
        // The stale answer leads to a dead address: the client tries it, reports it, and resolves
        // the name again.
        ConnectionState waiting =
            Awaitility.await()
                .atMost(SOON)
                .until(
                    client::state,
                    state ->
                        lookUps.get() > lookUpsBefore + 1
                            && state instanceof ConnectionState.Waiting);
        assertThat(waiting.cause()).get().asString().contains("127.0.0.2: connection refused");
        assertThat(moved.telemetry().received()).isEmpty();

        addresses = List.of(address(3));
        sent.get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(moved.telemetry().receivedFrom(ID)).hasSize(1);
      }
    }
  }

  @Test
  void ofAnOldAndANewAddressTheOneThatAnswersIsTaken() throws Exception {
    addresses = List.of(address(2), address(3));
    try (LocalHub moved = hubAt(address(3), 0, 0, 0);
        DeviceClient client = client(moved).build()) {
      client.blocking(SOON).open();
      client.blocking(SOON).send(TelemetryMessage.json("{}"));
      assertThat(moved.telemetry().receivedFrom(ID)).hasSize(1);
      assertThat(lookUps).as("in one attempt").hasValue(1);
    }
  }
}
