package dev.fairlead.benchmarks;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.policy.TransportPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Telemetry through Fairlead. */
final class Fairlead implements TelemetryPeer {
  private final DeviceClient client;

  Fairlead(Protocol protocol, String connectionString, int port, Path caFile) {
    client =
        DeviceClient.builder(connectionString)
            .policy(TransportPolicy.builder().only(protocol).build())
            .endpoint(protocol, new Endpoint("localhost", port, Trust.pem(caFile)))
            .outbox(OutboxLimits.builder().overflow(OverflowPolicy.BLOCK).build())
            .build();
    client.blocking(Duration.ofSeconds(30)).open();
  }

  @Override
  public void send(int count, byte[] body) throws InterruptedException {
    CountDownLatch acknowledged = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      client
          .send(TelemetryMessage.of(body))
          .thenRun(acknowledged::countDown)
          .exceptionally(
              failure -> {
                throw new IllegalStateException("A message was lost", failure);
              });
    }
    acknowledged.await();
  }

  @Override
  public void close() {
    client.close();
  }
}
