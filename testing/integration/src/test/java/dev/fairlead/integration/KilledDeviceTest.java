package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.DeviceAuth;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The promise of the durable outbox when the device's process is killed at random under load, on a
 * network that cuts connections, and the hub's process too. The hub's log, written before each
 * acknowledgement, decides: nothing that was stored is lost, and first arrivals are in order.
 */
class KilledDeviceTest {
  private static final int BURST = 1_000;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(TransportUnderTest.class)
  @Timeout(300)
  void nothingStoredIsLost(TransportUnderTest route) throws Exception {
    kill(route, 4, 2);
  }

  @ParameterizedTest
  @EnumSource(TransportUnderTest.class)
  @Tag("long")
  @Timeout(3600)
  void nothingStoredIsLostInAHundredKills(TransportUnderTest route) throws Exception {
    kill(route, 100, 10);
  }

  /**
   * @param hubEvery at each multiple of it, the hub is killed together with the device
   */
  private void kill(TransportUnderTest route, int kills, int hubEvery) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String key = ((DeviceAuth.SymmetricKeys) DeviceAuth.randomKeys()).primary();
    List<String> ids = List.of(DurableDevices.Setup.id(0));
    try (HubProcess hub = HubProcess.start(directory, ids, key);
        FaultyNetwork network =
            FaultyNetwork.to(hub.port(route.protocol()), connection -> fault(connection, seed))) {
      DurableDevices.Setup setup =
          new DurableDevices.Setup(route, false, 1, BURST, key, hub.caFile(), directory);
      for (int kill = 1; kill <= kills; kill++) {
        try (DurableDevices device = DurableDevices.start(setup, network.port(), false)) {
          if (kill % 3 == 0) {
            device.awaitReady(); // Mostly before it has a session.
          } else {
            device.awaitDelivered();
          }
          TimeUnit.MILLISECONDS.sleep(random.nextInt(400)); // The kill comes at any moment.
          if (kill % hubEvery == 0) {
            hub.killAndRestart();
            TimeUnit.MILLISECONDS.sleep(random.nextInt(400));
          }
        }
      }
      try (DurableDevices device = DurableDevices.start(setup, hub.port(route.protocol()), true)) {
        device.awaitDrained();
      }
      Deliveries deliveries = Deliveries.of(setup, hub.telemetry());
      System.out.printf(
          "%s: %d kills, %d stored, %d arrived, %d of them twice (seed %d)%n",
          route, kills, deliveries.stored(), deliveries.arrived(), deliveries.twice(), seed);
      assertThat(deliveries.stored()).isGreaterThan(kills * 10L);
      assertThat(deliveries.lost()).isEmpty();
      assertThat(deliveries.unknown()).isEmpty();
      assertThat(deliveries.outOfOrder()).isEmpty();
      assertThat(Files.readString(setup.errors())).isEmpty();
    }
  }

  /** Two of three connections end early, one of them by a reset. */
  private static NetworkFault fault(int connection, long seed) {
    int bytes = 8_000 + new Random(seed + connection).nextInt(60_000);
    return switch (connection % 3) {
      case 0 -> NetworkFault.none();
      case 1 -> NetworkFault.resetAfter(bytes);
      default -> NetworkFault.closedAfter(bytes);
    };
  }
}
