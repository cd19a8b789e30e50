package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.policy.TransportPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The delivery promise when the hub process is killed in the middle of its work. The hub's log,
 * written before each acknowledgement, decides.
 */
class KilledHubTest {
  private static final int MESSAGES = 10_000;
  private static final int KILLS = 5;

  /** The maximum number of waiting messages, so that the client is always sending. */
  private static final int WAITING = 500;

  /** MQTT's default window: the maximum number of messages that one kill can leave in doubt. */
  private static final int WINDOW = 256;

  @TempDir Path directory;

  @Test
  @Timeout(300)
  void everyMessageArrivesInOrderThoughTheHubIsKilledAgainAndAgain() throws Exception {
    DeviceAuth.SymmetricKeys keys = (DeviceAuth.SymmetricKeys) DeviceAuth.randomKeys();
    Count accepted = new Count();
    try (HubProcess hub = HubProcess.start(directory, List.of("survivor"), keys.primary());
        DeviceClient client =
            DeviceClient.builder(
                    "HostName=localhost;DeviceId=survivor;SharedAccessKey=" + keys.primary())
                .policy(TransportPolicy.builder().only(Protocol.MQTT).build())
                .endpoint(Protocol.MQTT, new Endpoint("localhost", hub.port(), hub.trust()))
                .retry(RetryPolicy.eager())
                .outbox(
                    OutboxLimits.builder()
                        .maxMessages(WAITING)
                        .overflow(OverflowPolicy.BLOCK)
                        .build())
                .build()) {
      client.blocking(Duration.ofMinutes(1)).open();
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(
              () -> sendAll(client, accepted), task -> startDaemon("sender", task));
      for (int kill = 1; kill <= KILLS; kill++) {
        accepted.reached(kill * MESSAGES / (KILLS + 1)).get(2, TimeUnit.MINUTES);
        hub.killAndRestart();
      }
      sending.get(2, TimeUnit.MINUTES);
      assertThat(client.outbox().failed()).isZero();
      assertThat(accepted.now()).isEqualTo(MESSAGES);

      List<Integer> arrived = numbers(hub.telemetry());
      Set<Integer> firsts = new LinkedHashSet<>(arrived);
      assertThat(firsts).containsExactlyElementsOf(IntStream.range(0, MESSAGES).boxed().toList());
      int twice = arrived.size() - firsts.size();
      long resent = client.outbox().resent();
      System.out.printf(
          "%d messages, %d kills: %d sent again, %d twice in the hub's log%n",
          MESSAGES, KILLS, resent, twice);
      assertThat(twice).isLessThanOrEqualTo(KILLS * WINDOW);
      // The kills have struck messages in flight, and only such a message can be in the log twice.
      assertThat(resent).isBetween(Math.max(1L, twice), (long) KILLS * WINDOW);
      assertDuplicatesOnlyAtCuts(arrived);
    }
  }

  /** Sends without pause, and returns when all are acknowledged. */
  private static void sendAll(DeviceClient client, Count accepted) {
    List<CompletableFuture<Void>> sent = new ArrayList<>(MESSAGES);
    for (int i = 0; i < MESSAGES; i++) {
      byte[] number = Integer.toString(i).getBytes(StandardCharsets.US_ASCII);
      CompletableFuture<Void> one = client.send(TelemetryMessage.of(number));
      sent.add(one.thenRun(accepted::oneMore));
    }
    CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).join();
  }

  private static void startDaemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static List<Integer> numbers(List<String> log) {
    return log.stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .map(KilledHubTest::body)
        .map(Integer::valueOf)
        .toList();
  }

  private static String body(JsonObject line) {
    byte[] bytes = Base64.getDecoder().decode(line.get("body").getAsString());
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  /**
   * The numbers ascend by one, except for at most one step back, of at most the window, at each
   * kill.
   */
  private static void assertDuplicatesOnlyAtCuts(List<Integer> arrived) {
    int stepsBack = 0;
    for (int i = 1; i < arrived.size(); i++) {
      int step = arrived.get(i) - arrived.get(i - 1);
      if (step != 1) {
        assertThat(step).as("after line " + i).isBetween(-WINDOW, 0);
        stepsBack++;
      }
    }
    assertThat(stepsBack).isLessThanOrEqualTo(KILLS);
  }

  /** Counts, and completes a future as soon as a number is reached. */
  private static final class Count {
    private final Map<Integer, CompletableFuture<Void>> awaited = new HashMap<>();
    private int now;

    void oneMore() {
      CompletableFuture<Void> there;
      synchronized (this) {
        there = awaited.computeIfAbsent(++now, number -> new CompletableFuture<>());
      }
      there.complete(null);
    }

    synchronized CompletableFuture<Void> reached(int number) {
      CompletableFuture<Void> there =
          awaited.computeIfAbsent(number, any -> new CompletableFuture<>());
      if (now >= number) {
        there.complete(null);
      }
      return there;
    }

    synchronized int now() {
      return now;
    }
  }
}
