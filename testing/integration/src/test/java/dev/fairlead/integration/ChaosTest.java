package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.DeviceAuth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything fails at once: each connection has one of seven network faults or none, the device's
 * process is killed again and again, and so is the hub's. Single devices and gateways with durable
 * outboxes, on all five routes. The hub's log decides.
 */
class ChaosTest {
  private static final int DEVICES = 8;

  /** Of one case in the whole run; ten cases make a million. */
  private static final int MESSAGES = 105_000;

  private static final int BURST = 2_500;

  /** Longer than any wait of the client, of the network, and the start of two processes. */
  private static final Duration RECOVERY = Duration.ofSeconds(60);

  private static final List<String> TABLE = Collections.synchronizedList(new ArrayList<>());

  @TempDir Path directory;

  static Stream<Arguments> cases() {
    return Stream.of(TransportUnderTest.values())
        .flatMap(route -> Stream.of(Arguments.of(route, false), Arguments.of(route, true)));
  }

  @ParameterizedTest
  @EnumSource(TransportUnderTest.class)
  @Timeout(300)
  void aGatewayLosesNothing(TransportUnderTest route) throws Exception {
    run(route, true, 2_000);
  }

  @ParameterizedTest
  @MethodSource("cases")
  @Tag("long")
  @Timeout(3600)
  void aHundredThousandMessagesLoseNothing(TransportUnderTest route, boolean gateway)
      throws Exception {
    run(route, gateway, MESSAGES);
  }

  @AfterAll
  static void print() {
    System.out.println(
        "| Route | Acknowledged | Device kills | Hub kills | Connections | Lost | Reordered | Twice"
            + " | Slowest recovery |\n|---|---|---|---|---|---|---|---|---|");
    TABLE.forEach(System.out::println);
  }

  private void run(TransportUnderTest route, boolean gateway, int messages) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String key = ((DeviceAuth.SymmetricKeys) DeviceAuth.randomKeys()).primary();
    int devices = gateway ? DEVICES : 1;
    List<String> ids =
        Stream.iterate(0, i -> i + 1).limit(devices).map(DurableDevices.Setup::id).toList();
    try (HubProcess hub = HubProcess.start(directory, ids, key);
        FaultyNetwork network =
            FaultyNetwork.to(hub.port(route.protocol()), connection -> fault(connection, seed))) {
      DurableDevices.Setup setup =
          new DurableDevices.Setup(route, gateway, devices, BURST, key, hub.caFile(), directory);
      int deviceKills = 0;
      int hubKills = 0;
      Duration slowest = Duration.ZERO;
      while (hub.telemetry().size() < messages) {
        try (DurableDevices process = DurableDevices.start(setup, network.port(), false)) {
          process.awaitReady();
          slowest = longer(slowest, untilTheLogGrows(hub, setup));
          TimeUnit.MILLISECONDS.sleep(random.nextInt(1_500));
          if (random.nextInt(4) == 0 || hubKills == 0) {
            hub.killAndRestart();
            hubKills++;
            slowest = longer(slowest, untilTheLogGrows(hub, setup));
            TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
          }
        }
        deviceKills++;
      }
      try (DurableDevices process = DurableDevices.start(setup, hub.port(route.protocol()), true)) {
        process.awaitDrained();
      }
      judge(setup, hub.telemetry(), deviceKills, hubKills, network.connections(), slowest, seed);
    }
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static Duration untilTheLogGrows(HubProcess hub, DurableDevices.Setup setup)
      throws Exception {
    long begin = System.nanoTime();
    long before = hub.telemetryBytes();
    while (hub.telemetryBytes() <= before) {
      Duration waited = Duration.ofNanos(System.nanoTime() - begin);
      if (waited.compareTo(RECOVERY) > 0) {
        throw new AssertionError(
            "Nothing has arrived since a process was started. What it wrote: "
                + Files.readString(setup.errors()));
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  /** The seven faults and none, in turn, with drawn sizes. */
  private static NetworkFault fault(int connection, long seed) {
    Random random = new Random(seed + connection);
    int bytes = 8_000 + random.nextInt(120_000);
    return switch (connection % 8) {
      case 0 -> NetworkFault.resetAfter(bytes);
      case 1 -> NetworkFault.latency(Duration.ofMillis(5 + random.nextInt(60)));
      case 2 -> NetworkFault.closedAfter(bytes);
      case 3 -> NetworkFault.slices(1 + random.nextInt(40));
      case 4 -> NetworkFault.silentAfter(bytes);
      case 5 -> NetworkFault.bandwidth(50_000 + random.nextInt(200_000));
      case 6 -> NetworkFault.slowClose(Duration.ofMillis(random.nextInt(2_000)));
      default -> NetworkFault.none();
    };
  }

  private static void judge(
      DurableDevices.Setup setup,
      List<String> log,
      int deviceKills,
      int hubKills,
      int connections,
      Duration slowest,
      long seed)
      throws IOException {
    Deliveries deliveries = Deliveries.of(setup, log);
    TABLE.add(
        String.format(
            "| %s%s | %,d | %d | %d | %d | %d | %d | %,d | %.1f s |",
            setup.route(),
            setup.gateway() ? ", " + setup.devices() + " devices" : "",
            deliveries.arrived(),
            deviceKills,
            hubKills,
            connections,
            deliveries.lost().size(),
            deliveries.outOfOrder().size(),
            deliveries.twice(),
            slowest.toMillis() / 1000.0));
    assertThat(deliveries.lost()).as("seed %d", seed).isEmpty();
    assertThat(deliveries.unknown()).as("seed %d", seed).isEmpty();
    assertThat(deliveries.outOfOrder()).as("seed %d", seed).isEmpty();
    assertThat(Files.readString(setup.errors())).as("seed %d", seed).isEmpty();
  }
}
