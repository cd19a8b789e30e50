package dev.fairlead.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Priority;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.auth.Credentials;
import dev.fairlead.tck.FakeTime;
import dev.fairlead.tck.memory.InMemoryDevice;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three days without a network, in virtual time, and what follows when it is back. */
class OutageTest {
  private static final int MESSAGES = 3 * 24 * 360; // One every ten seconds.
  private static final int AT_A_TIME = 60;
  private static final int BOUND = 20_000;
  private static final int BODY = 1_000;

  @TempDir Path folder;
  private final FakeTime time = new FakeTime();
  private final InMemoryHub hub = new InMemoryHub(time);
  private final InMemoryDevice device = hub.device("dev-1");
  private final AtomicInteger dropped = new AtomicInteger();

  @Test
  @Timeout(120)
  void aBoundedOutboxKeepsTheNewestAndDeliversThemBesideLiveData() {
    hub.setReachable(false);
    try (SqliteOutboxStore store =
            SqliteOutboxStore.builder(folder.resolve("outbox.db")).time(time).open();
        DeviceClient client = client(store)) {
      assertThat(client.open()).isNotNull();
      store(client, 0, AT_A_TIME);
      long before = usedHeap();

      for (int next = AT_A_TIME; next < MESSAGES; next += AT_A_TIME) {
        time.advance(Duration.ofSeconds(10 * AT_A_TIME));
        store(client, next, next + AT_A_TIME);
      }
      long grown = usedHeap() - before;
      System.out.printf(
          "three days: %d messages of %d bytes, %d stored, heap grown by %d KB%n",
          MESSAGES, BODY, client.outbox().waiting(), grown / 1024);

      assertThat(client.outbox().waiting()).isEqualTo(BOUND);
      StoreRig.until("the rest was dropped", () -> dropped.get() == MESSAGES - BOUND);
      assertThat(grown).as("of %d bytes stored", BOUND * BODY).isLessThan(10L << 20);

      hub.setReachable(true);
      List<CompletableFuture<Long>> live = new ArrayList<>();
      live.add(client.store(message("alarm", Priority.HIGH)));
      for (int i = 0; i < 100; i++) {
        live.add(client.store(message("live " + i, Priority.NORMAL)));
      }
      StoreRig.until(
          "everything has arrived",
          () -> {
            time.advance(Duration.ofMillis(50)); // Slowly: the disk works in real time.
            OutboxStatus status = client.outbox();
            return status.waiting() + status.underWay() == 0;
          });

      assertThat(live).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
      List<String> arrived = device.telemetry().stream().map(each -> text(each.body())).toList();
      assertThat(arrived.indexOf("alarm")).as("the alarm's place").isLessThan(2_000);
      assertThat(arrived.stream().filter(text -> !text.equals("alarm")))
          .containsExactlyElementsOf(
              Stream.concat(
                      IntStream.range(dropped.get(), MESSAGES).mapToObj(Integer::toString),
                      IntStream.range(0, 100).mapToObj(i -> "live " + i))
                  .toList());
    }
  }

  private DeviceClient client(SqliteOutboxStore store) {
    return DeviceClient.builder()
        .host(InMemoryHub.HOST)
        .identity(DeviceIdentity.device("dev-1"))
        .credentials(Credentials.sharedAccessKey(device.key(), Duration.ofDays(300)))
        .time(time)
        .transport(InMemoryTransport.like(hub, Protocol.MQTT))
        .retry(RetryPolicy.eager())
        .outbox(
            OutboxLimits.builder()
                .maxStoredMessages(BOUND)
                .overflow(OverflowPolicy.DROP_OLDEST)
                .build())
        .outboxStore(store)
        .onStoredOutcome(outcome -> outcome.failure().ifPresent(why -> dropped.incrementAndGet()))
        .drainTime(Duration.ZERO)
        .build();
  }

  /** Stores messages, and returns when they are stored, because virtual time must not overtake. */
  private static void store(DeviceClient client, int from, int to) {
    List<CompletableFuture<Long>> stored = new ArrayList<>();
    for (int i = from; i < to; i++) {
      stored.add(client.store(message(Integer.toString(i), Priority.NORMAL)));
    }
    stored.forEach(StoreRig::get);
  }

  private static TelemetryMessage message(String text, Priority priority) {
    byte[] body = new byte[BODY];
    byte[] start = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(start, 0, body, 0, start.length);
    return TelemetryMessage.builder().body(body).priority(priority).build();
  }

  private static String text(byte[] body) {
    return new String(body, StandardCharsets.US_ASCII).trim();
  }

  private static long usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
