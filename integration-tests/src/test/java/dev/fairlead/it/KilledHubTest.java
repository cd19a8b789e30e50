package dev.fairlead.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The hub's process is killed and started again in the middle of 10,000 sends; its own log is the
 * judge.
 */
class KilledHubTest {
  private static final int MESSAGES = 10_000;
  private static final int KILLS = 5;

  /** The transport's window: at most so many can be sent twice for each kill. */
  private static final int WINDOW = 256;

  private static final Pattern BODY = Pattern.compile("\"body\":\"([A-Za-z0-9+/=]*)\"");

  @Test
  void losesNothingAndKeepsTheOrder(@TempDir Path directory) throws Exception {
    AtomicInteger acknowledged = new AtomicInteger();
    BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    CountDownLatch all = new CountDownLatch(MESSAGES);
    try (HubProcess hub = HubProcess.in(directory);
        DeviceClient client =
            DeviceClient.fromConnectionString(hub.connectionString())
                .endpoint(
                    Protocol.MQTT, new Endpoint("localhost", hub.port(), Trust.pem(hub.caFile())))
                .retry(RetryPolicy.eager())
                .outbox(
                    OutboxLimits.defaults()
                        .withMaxMessages(1000)
                        .withOverflow(OverflowPolicy.BLOCK))
                .build()) {
      client.blocking(Duration.ofMinutes(1)).open();
      Thread killer = new Thread(() -> killWhileItSends(hub, acknowledged, failures), "killer");
      killer.start();
      for (int i = 0; i < MESSAGES; i++) {
        client
            .send(TelemetryMessage.of(Integer.toString(i).getBytes(StandardCharsets.UTF_8)))
            .whenComplete(
                (done, failure) -> {
                  if (failure != null) {
                    failures.add(failure);
                  }
                  acknowledged.incrementAndGet();
                  all.countDown();
                });
      }
      assertThat(all.await(3, TimeUnit.MINUTES)).as("every future completes").isTrue();
      killer.join();
    }
    assertThat(failures).isEmpty();
    List<Integer> logged = loggedNumbers(directory.resolve("telemetry.jsonl"));
    assertThat(logged.stream().distinct().toList())
        .as("each number, first arrivals in order")
        .isEqualTo(IntStream.range(0, MESSAGES).boxed().toList());
    assertThat(logged.size() - MESSAGES).as("sent twice").isLessThanOrEqualTo(KILLS * WINDOW);
  }

  /** Kills the hub each time a further part of the messages has been acknowledged. */
  private static void killWhileItSends(
      HubProcess hub, AtomicInteger acknowledged, BlockingQueue<Throwable> failures) {
    try {
      for (int kill = 1; kill <= KILLS; kill++) {
        awaitProgress(acknowledged, kill * MESSAGES / (KILLS + 1));
        hub.kill();
        hub.start();
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      failures.add(e);
    }
  }

  private static void awaitProgress(AtomicInteger acknowledged, int count) {
    org.awaitility.Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(() -> acknowledged.get() >= count);
  }

  private static List<Integer> loggedNumbers(Path log) throws IOException {
    return Files.readAllLines(log).stream()
        .map(BODY::matcher)
        .filter(Matcher::find)
        .map(
            found -> new String(Base64.getDecoder().decode(found.group(1)), StandardCharsets.UTF_8))
        .map(Integer::valueOf)
        .toList();
  }
}
