package dev.fairlead.benchmarks;

import dev.fairlead.Protocol;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The figures of one run: size, start-up, idle clients, bytes on the wire, telemetry in turns with
 * the peers, and gateways. Compare ratios; absolute figures depend on the machine.
 */
final class Benchmarks {
  private static final int STARTS = 7;
  private static final int ROUNDS = 5;
  private static final int MESSAGES = 100_000;
  private static final int MOST_DEVICES = 1000;
  private static final byte[] BODY = new byte[100];

  private Benchmarks() {}

  public static void main(String[] args) throws Exception {
    System.out.println("What an application on MQTT has on its class path");
    Footprint.lines().forEach(line -> System.out.println("  " + line));
    try (HubProcess hub = HubProcess.start(MOST_DEVICES)) {
      System.out.println("JVM start to first acknowledged message, -Xmx64m, median of " + STARTS);
      for (Protocol route : Protocol.values()) {
        System.out.printf("  %-8s  %d ms%n", route, median(hub, FirstMessage.class, route));
      }
      System.out.println(
          "  bare Paho " + median(hub, FirstPahoMessage.class, Protocol.MQTT) + " ms");

      for (Protocol route : Protocol.values()) {
        System.out.println("One idle client, " + route);
        print(hub.run(IdleClient.class, route, "-Xmx64m"));
      }

      System.out.println(
          "Bytes on the wire per message of " + BODY.length + " bytes, TLS included");
      for (Protocol route : Protocol.values()) {
        System.out.println(
            "  "
                + WireBytes.of(route, hub.connectionString(), hub.port(route), hub.caFile(), BODY));
      }

      System.out.println(MESSAGES + " messages of " + BODY.length + " bytes, in turns");
      String device = hub.connectionString();
      for (int round = 1; round <= ROUNDS; round++) {
        beside(
            "MQTT, bare Paho",
            () -> new Fairlead(Protocol.MQTT, device, hub.port(Protocol.MQTT), hub.caFile()),
            () -> new BarePaho(device, hub.port(Protocol.MQTT), hub.caFile()));
        beside(
            "AMQP, bare vertx-proton",
            () -> new Fairlead(Protocol.AMQP, device, hub.port(Protocol.AMQP), hub.caFile()),
            () -> new BareVertxProton(device, hub.port(Protocol.AMQP), hub.caFile()));
      }

      for (String feeds : List.of("telemetry", "twin", "all")) {
        for (int devices = 1; devices <= MOST_DEVICES; devices *= 10) {
          System.out.println("A gateway of " + devices + " devices with " + feeds);
          print(
              hub.run(
                  GatewayScale.class,
                  Protocol.AMQP,
                  List.of(Integer.toString(devices), feeds),
                  "-Xmx256m"));
        }
      }
    }
  }

  private static void print(List<String> lines) {
    lines.forEach(line -> System.out.println("  " + line));
  }

  private interface Opening {
    TelemetryPeer open() throws Exception;
  }

  private static void beside(String what, Opening ours, Opening peers) throws Exception {
    double peer = rate(peers);
    double fairlead = rate(ours);
    System.out.printf(
        "  %-24s fairlead %,.0f/s, peer %,.0f/s, ratio %.2f%n",
        what, fairlead, peer, fairlead / peer);
  }

  private static double rate(Opening opening) throws Exception {
    try (TelemetryPeer line = opening.open()) {
      long begin = System.nanoTime();
      line.send(MESSAGES, BODY);
      return MESSAGES * 1e9 / (System.nanoTime() - begin);
    }
  }

  private static long median(HubProcess hub, Class<?> main, Protocol route) {
    List<Long> times =
        IntStream.range(0, STARTS).mapToObj(i -> once(hub, main, route)).sorted().toList();
    return times.get(times.size() / 2);
  }

  private static long once(HubProcess hub, Class<?> main, Protocol route) {
    try {
      return Long.parseLong(hub.run(main, route, "-Xmx64m").get(0));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
