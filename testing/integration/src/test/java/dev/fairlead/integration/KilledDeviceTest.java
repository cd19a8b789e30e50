package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.fairlead.localhub.DeviceAuth;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
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
    try (HubProcess hub = HubProcess.start(directory, "survivor", key);
        FaultyNetwork network =
            FaultyNetwork.to(hub.port(route.protocol()), connection -> fault(connection, seed))) {
      for (int kill = 1; kill <= kills; kill++) {
        try (DurableDevice device =
            DurableDevice.start(route, network.port(), key, hub.caFile(), directory, false)) {
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
      try (DurableDevice device =
          DurableDevice.start(
              route, hub.port(route.protocol()), key, hub.caFile(), directory, true)) {
        device.awaitDrained();
      }
      judge(route, kills, seed, hub.telemetry());
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

  private void judge(TransportUnderTest route, int kills, long seed, List<String> log)
      throws IOException {
    List<Long> arrived =
        log.stream()
            .map(line -> JsonParser.parseString(line).getAsJsonObject())
            .map(KilledDeviceTest::number)
            .toList();
    Set<Long> firsts = new LinkedHashSet<>(arrived);
    Set<Long> stored = promised("s");
    Set<Long> attempted = promised("a");
    System.out.printf(
        "%s: %d kills, %d stored, %d arrived, %d of them twice (seed %d)%n",
        route, kills, stored.size(), firsts.size(), arrived.size() - firsts.size(), seed);

    assertThat(stored).hasSizeGreaterThan(kills * 10);
    assertThat(without(stored, firsts)).as("stored and lost").isEmpty();
    assertThat(without(firsts, attempted)).as("arrived and never sent").isEmpty();
    assertThat(List.copyOf(firsts)).isSorted();
    assertThat(Files.readString(directory.resolve("device.err"))).isEmpty();
  }

  /** AssertJ would search a whole collection for each of 150,000. */
  private static Set<Long> without(Set<Long> all, Set<Long> these) {
    Set<Long> rest = new TreeSet<>(all);
    rest.removeAll(these);
    return rest;
  }

  private Set<Long> promised(String kind) throws IOException {
    Set<Long> numbers = new TreeSet<>();
    for (String line : Files.readAllLines(directory.resolve("promises.txt"))) {
      if (line.matches(kind + " \\d+")) {
        numbers.add(Long.valueOf(line.substring(2)));
      }
    }
    return numbers;
  }

  private static long number(JsonObject line) {
    byte[] body = Base64.getDecoder().decode(line.get("body").getAsString());
    return Long.parseLong(new String(body, StandardCharsets.US_ASCII));
  }
}
