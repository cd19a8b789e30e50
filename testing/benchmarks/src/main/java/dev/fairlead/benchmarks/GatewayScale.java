package dev.fairlead.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayDeviceBuilder;
import dev.fairlead.MethodResponse;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.policy.TransportPolicy;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Prints the costs of a gateway with a given number of devices: time to open all, heap for each,
 * threads, idle CPU, telemetry of all together. On AMQP a device has two links with telemetry only,
 * four with the twin, and six or more with everything.
 */
final class GatewayScale {
  private static final int MESSAGES = 100_000;

  private GatewayScale() {}

  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[4]);
    Protocol protocol = Protocol.valueOf(args[3]);
    Endpoint endpoint =
        new Endpoint("localhost", Integer.parseInt(args[1]), Trust.pem(Path.of(args[2])));
    try (Gateway gateway =
        Gateway.builder()
            .policy(TransportPolicy.gateway(Math.max(2, count)).toBuilder().only(protocol).build())
            .endpoint(protocol, endpoint)
            .build()) {
      long bare = heap();
      long begin = System.nanoTime();
      List<DeviceClient> devices = new ArrayList<>();
      List<CompletableFuture<Void>> opening = new ArrayList<>();
      for (int i = 1; i <= count; i++) {
        DeviceClient device = device(gateway, args[0], i, args[5]).build();
        devices.add(device);
        opening.add(device.open());
      }
      opening.forEach(CompletableFuture::join);
      System.out.printf("open after %,d ms%n", (System.nanoTime() - begin) / 1_000_000);
      System.out.printf("heap %,d bytes a device%n", (heap() - bare) / count);
      System.out.printf(
          "threads %s%n",
          Thread.getAllStackTraces().keySet().stream()
              .map(Thread::getName)
              .filter(name -> name.matches(".*(fairlead|AMQP).*"))
              .sorted()
              .toList());
      System.out.printf("idle CPU %.2f %% of one core%n", idleCpu());
      send(devices, MESSAGES);
      long sending = System.nanoTime();
      send(devices, MESSAGES);
      System.out.printf(
          "telemetry %,.0f messages/s in all%n", MESSAGES * 1e9 / (System.nanoTime() - sending));
    }
  }

  private static GatewayDeviceBuilder device(Gateway gateway, String first, int i, String feeds) {
    GatewayDeviceBuilder builder =
        gateway
            .device(first.replace("DeviceId=dev-1;", "DeviceId=dev-" + i + ";"))
            .outbox(OutboxLimits.builder().overflow(OverflowPolicy.BLOCK).build());
    if (!feeds.equals("telemetry")) {
      builder.onDesiredProperties(change -> {});
    }
    if (feeds.equals("all")) {
      builder
          .onMethod("blink", request -> MethodResponse.ok("{}"))
          .onCloudMessage(dev.fairlead.CloudMessage::complete);
    }
    return builder;
  }

  private static void send(List<DeviceClient> devices, int messages) throws InterruptedException {
    CountDownLatch acknowledged = new CountDownLatch(messages);
    byte[] body = new byte[100];
    for (int i = 0; i < messages; i++) {
      devices
          .get(i % devices.size())
          .send(TelemetryMessage.of(body))
          .thenRun(acknowledged::countDown)
          .exceptionally(
              failure -> {
                throw new IllegalStateException("A message was lost", failure);
              });
    }
    acknowledged.await();
  }

  private static double idleCpu() throws InterruptedException {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime();
    TimeUnit.SECONDS.sleep(5);
    return (system.getProcessCpuTime() - cpu) / 5e9 * 100;
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
