package dev.fairlead.benchmarks;

import dev.fairlead.Protocol;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The figures of one run: start-up, an idle client, and telemetry beside Paho alone, in turns.
 * Compare ratios; absolute figures are the machine's.
 */
final class Benchmarks {
  private static final int STARTS = 7;
  private static final int ROUNDS = 5;
  private static final int MESSAGES = 100_000;
  private static final byte[] BODY = new byte[100];
  private static final List<Protocol> ROUTES = List.of(Protocol.MQTT, Protocol.MQTT_WS);

  private Benchmarks() {}

  public static void main(String[] args) throws Exception {
    System.out.println("What an application on MQTT has on its class path");
    Footprint.lines().forEach(line -> System.out.println("  " + line));
    try (HubProcess hub = HubProcess.start()) {
      System.out.println("JVM start to first acknowledged message, -Xmx64m, median of " + STARTS);
      System.out.println("  fairlead  " + median(hub, FirstMessage.class) + " ms");
      System.out.println("  bare Paho " + median(hub, FirstPahoMessage.class) + " ms");

      for (Protocol route : ROUTES) {
        System.out.println("One idle client, " + route);
        hub.run(IdleClient.class, route, "-Xmx64m")
            .forEach(line -> System.out.println("  " + line));
      }

      System.out.println(
          "Bytes on the wire per message of " + BODY.length + " bytes at QoS 1, TLS included");
      for (Protocol route : ROUTES) {
        System.out.println(
            "  "
                + WireBytes.of(route, hub.connectionString(), hub.port(route), hub.caFile(), BODY));
      }

      System.out.println(MESSAGES + " messages of " + BODY.length + " bytes at QoS 1, in turns");
      for (int round = 1; round <= ROUNDS; round++) {
        double paho;
        try (TelemetryLine line = new BarePaho(hub.connectionString(), hub.port(), hub.caFile())) {
          paho = rate(line);
        }
        double fairlead;
        try (TelemetryLine line = new Fairlead(hub.connectionString(), hub.port(), hub.caFile())) {
          fairlead = rate(line);
        }
        System.out.printf(
            "  round %d: fairlead %,.0f/s, bare Paho %,.0f/s, ratio %.2f%n",
            round, fairlead, paho, fairlead / paho);
      }
    }
  }

  private static double rate(TelemetryLine line) throws Exception {
    long begin = System.nanoTime();
    line.send(MESSAGES, BODY);
    return MESSAGES * 1e9 / (System.nanoTime() - begin);
  }

  private static long median(HubProcess hub, Class<?> main) throws IOException {
    List<Long> times = IntStream.range(0, STARTS).mapToObj(i -> once(hub, main)).sorted().toList();
    return times.get(times.size() / 2);
  }

  private static long once(HubProcess hub, Class<?> main) {
    try {
      return Long.parseLong(hub.run(main, "-Xmx64m").get(0));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
