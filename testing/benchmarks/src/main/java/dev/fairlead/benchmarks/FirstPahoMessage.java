package dev.fairlead.benchmarks;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/** As {@link FirstMessage}, with Paho alone. */
final class FirstPahoMessage {
  private FirstPahoMessage() {}

  public static void main(String[] args) throws Exception {
    try (TelemetryPeer line = new BarePaho(args[0], Integer.parseInt(args[1]), Path.of(args[2]))) {
      line.send(1, new byte[100]);
      System.out.println(
          System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime());
    }
  }
}
