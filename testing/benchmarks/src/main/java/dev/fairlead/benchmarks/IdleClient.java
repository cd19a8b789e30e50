package dev.fairlead.benchmarks;

import dev.fairlead.Protocol;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Prints the threads and the heap of one client that has sent a message and is idle. */
final class IdleClient {
  private IdleClient() {}

  public static void main(String[] args) throws Exception {
    Protocol protocol = Protocol.valueOf(args[3]);
    try (TelemetryPeer line =
        new Fairlead(protocol, args[0], Integer.parseInt(args[1]), Path.of(args[2]))) {
      line.send(1, new byte[100]);
      // Longer than the life of an idle callback thread.
      TimeUnit.SECONDS.sleep(7);
      System.gc();
      System.out.println(
          "threads "
              + Thread.getAllStackTraces().keySet().stream()
                  .map(Thread::getName)
                  .filter(name -> name.matches(".*(fairlead|MQTT|AMQP|HTTPS|OkHttp).*"))
                  .sorted()
                  .collect(Collectors.joining(", ")));
      System.out.println(
          "heap of the whole JVM "
              + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1024
              + " KiB");
    }
  }
}
