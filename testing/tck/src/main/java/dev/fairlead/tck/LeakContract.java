package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Capability;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.MethodResponse;
import dev.fairlead.RetryPolicy;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** After many reconnects, threads, connections and heap are the same as after a few. */
public abstract class LeakContract extends ContractCase {
  private static final int WARM_UP = 20;

  /** Called by subclasses. */
  protected LeakContract() {}

  @Test
  final void aHundredReconnectsLeaveNothing() {
    reconnect(100);
  }

  @Test
  @Tag("long")
  final void aThousandReconnectsLeaveNothing() {
    reconnect(1000);
  }

  @Test
  final void manyClientsLeaveNothing() {
    for (int i = 0; i < 30; i++) {
      DeviceClient client = harness().client().build();
      Await.result(client.open());
      Await.result(client.send(message(i)));
      client.close();
    }
    assertNothingLeft();
    assertComplete(30);
  }

  private void reconnect(int times) {
    DeviceClient client = open(busyClient());
    int sent = 0;
    for (; sent < WARM_UP; sent++) {
      again(client, sent);
    }
    int threads = liveThreads();
    long heap = usedHeap();
    for (; sent < WARM_UP + times; sent++) {
      again(client, sent);
    }
    Await.until("no more threads than before", () -> liveThreads() <= threads + 1);
    assertThat(hub().openConnections()).isLessThanOrEqualTo(2);
    // A leaked session is several kilobytes, and its buffers more.
    assertThat(usedHeap() - heap).isLessThan(4_000L * times + 2_000_000L);
    assertComplete(sent);
  }

  private DeviceClientBuilder busyClient() {
    DeviceClientBuilder builder =
        harness()
            .client()
            .retry(
                RetryPolicy.builder()
                    .firstSpread(Duration.ofMillis(1))
                    .base(Duration.ofMillis(1))
                    .cap(Duration.ofMillis(5))
                    .stableAfter(Duration.ofSeconds(10))
                    .unauthorizedMin(Duration.ofMillis(1))
                    .unauthorizedMax(Duration.ofMillis(5))
                    .build());
    if (harness().capabilities().contains(Capability.CLOUD_MESSAGES)) {
      builder.onCloudMessage(message -> message.complete());
    }
    if (harness().capabilities().contains(Capability.DIRECT_METHODS)) {
      builder.onMethod("m", request -> MethodResponse.of(200));
    }
    return builder;
  }

  private void again(DeviceClient client, int number) {
    long before = hub().connectionsSoFar();
    hub().cut();
    Await.until("a new connection", () -> hub().connectionsSoFar() > before);
    Await.result(client.send(message(number)));
    Await.until("connected", () -> client.state() instanceof ConnectionState.Connected);
  }

  private static int liveThreads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !thread.getName().startsWith("awaitility"))
            .count();
  }

  private static long usedHeap() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }
}
