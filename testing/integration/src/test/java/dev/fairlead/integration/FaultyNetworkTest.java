package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.TelemetryRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The delivery promise on a bad network, in both directions: whatever happens to the bytes, nothing
 * is lost and the order is kept. Duplicates are allowed by "at least once".
 */
@Timeout(180)
@ParameterizedClass
@EnumSource(names = {"MQTT", "MQTT_WS"})
class FaultyNetworkTest {
  private static final int MESSAGES = 300;
  private static final int CLOUD_MESSAGES = 20;
  private static final Duration SOON = Duration.ofSeconds(120);

  /** How many connections a fault may end before one is left alone. */
  private static final int STRIKES = 5;

  @Parameter TransportUnderTest transport;

  private enum Weather {
    LATENCY(false, connection -> NetworkFault.latency(Duration.ofMillis(150))),
    NARROW(false, connection -> NetworkFault.bandwidth(40_000)),
    SLICES(false, connection -> NetworkFault.slices(1)),
    SLOW_CLOSE(false, connection -> NetworkFault.slowClose(Duration.ofMillis(300))),
    CLOSES(true, connection -> ending(connection, NetworkFault::closedAfter)),
    RESETS(true, connection -> ending(connection, NetworkFault::resetAfter)),
    BLACK_HOLES(true, connection -> ending(connection, NetworkFault::silentAfter));

    private final boolean ends;
    private final IntFunction<NetworkFault> faults;

    Weather(boolean ends, IntFunction<NetworkFault> faults) {
      this.ends = ends;
      this.faults = faults;
    }

    /** Inside the TLS handshake, while the session opens, and between the messages. */
    private static NetworkFault ending(int connection, IntFunction<NetworkFault> after) {
      return connection < STRIKES
          ? after.apply(700 * (connection + 1) * (connection + 1))
          : NetworkFault.none();
    }
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsLostAndTheOrderIsKept(Weather weather) throws Exception {
    try (LocalHub hub = LocalHub.start(LocalHubOptions.defaults().cloudReceivesPerMinute(0));
        FaultyNetwork network = FaultyNetwork.to(transport.port(hub), weather.faults)) {
      Device device = hub.createDevice("seasick");
      Queue<String> arrived = new ConcurrentLinkedQueue<>();
      try (DeviceClient client =
          transport
              .builder(device.connectionString(), TransportUnderTest.endpoint(hub, network.port()))
              .onCloudMessage(
                  message -> {
                    arrived.add(new String(message.body(), StandardCharsets.UTF_8));
                    message.complete();
                  })
              .build()) {
        client.open();
        for (int i = 0; i < CLOUD_MESSAGES; i++) {
          device.sendCloudMessage(CloudToDeviceMessage.of("c" + i));
        }
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
          sent.add(client.send(TelemetryMessage.of(("m" + i).getBytes(StandardCharsets.UTF_8))));
        }
        CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
            .get(SOON.toSeconds(), TimeUnit.SECONDS);
        Awaitility.await().atMost(SOON).until(() -> device.queuedCloudMessages() == 0);
      }
      assertThat(
              firsts(
                  hub.telemetry().receivedFrom("seasick").stream()
                      .map(TelemetryRecord::bodyAsText)
                      .toList()))
          .containsExactlyElementsOf(names("m", MESSAGES));
      assertThat(firsts(List.copyOf(arrived)))
          .containsExactlyElementsOf(names("c", CLOUD_MESSAGES));
      // The number depends on how much is left to send; at least three end the handshake, the
      // opening and the first messages.
      if (weather.ends) {
        assertThat(network.ended()).as("connections that a fault ended").isBetween(3, STRIKES);
      } else {
        assertThat(network.ended()).as("connections that a fault ended").isZero();
      }
      assertThat(network.connections()).isGreaterThan(network.ended());
    }
  }

  private static Set<String> firsts(List<String> all) {
    return new LinkedHashSet<>(all);
  }

  private static List<String> names(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
  }
}
