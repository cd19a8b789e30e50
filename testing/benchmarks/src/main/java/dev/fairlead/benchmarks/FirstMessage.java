package dev.fairlead.benchmarks;

import dev.fairlead.Protocol;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/** Prints the milliseconds from the JVM's start to the first acknowledged message. */
final class FirstMessage {
  private FirstMessage() {}

  public static void main(String[] args) throws Exception {
    try (TelemetryPeer line =
        new Fairlead(
            Protocol.valueOf(args[3]), args[0], Integer.parseInt(args[1]), Path.of(args[2]))) {
      line.send(1, new byte[100]);
      System.out.println(
          System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime());
    }
  }
}
