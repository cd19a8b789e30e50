package dev.fairlead.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.auth.Credentials;
import dev.fairlead.policy.NoRouteException;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.tck.FakeTime;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client has its queue for itself, and gives it back however its own life ends. */
class ClientQueueTest {
  private static final DeviceIdentity DEVICE = DeviceIdentity.device("dev-1");

  /** How long a client that is closed waits for its store. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  @TempDir Path folder;
  private final FakeTime time = new FakeTime();
  private final InMemoryHub hub = new InMemoryHub(time);

  private DeviceClientBuilder builder(SqliteOutboxStore store) {
    return DeviceClient.builder()
        .host(InMemoryHub.HOST)
        .identity(DEVICE)
        .credentials(Credentials.sharedAccessKey(hub.device("dev-1").key(), Duration.ofHours(1)))
        .time(time)
        .transport(InMemoryTransport.like(hub, Protocol.MQTT))
        .outboxStore(store)
        .drainTime(Duration.ZERO);
  }

  @Test
  void aClientThatWasNeverOpenedReleasesItsQueue() {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(folder.resolve("outbox.db"))) {
      DeviceClient client = builder(store).build();
      assertThatThrownBy(() -> store.open(DEVICE, InMemoryHub.HOST));

      client.close();

      store.open(DEVICE, InMemoryHub.HOST).close();
    }
  }

  @Test
  void aClientThatCannotBeBuiltLeavesTheQueueFree() {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(folder.resolve("outbox.db"))) {
      DeviceClientBuilder impossible =
          builder(store).policy(TransportPolicy.builder().only(Protocol.AMQP).build());
      assertThatThrownBy(impossible::build).isInstanceOf(NoRouteException.class);

      store.open(DEVICE, InMemoryHub.HOST).close();
    }
  }

  /** A client waits for a store for a limited time only, and for less if it is closed. */
  @Test
  void theLongestCommitIntervalFailsNoMessage() {
    Duration interval = SqliteOutboxStore.Builder.MOST_COMMIT_INTERVAL;
    try (SqliteOutboxStore store =
            SqliteOutboxStore.builder(folder.resolve("outbox.db"))
                .time(time)
                .commitInterval(interval)
                .open();
        DeviceClient client = builder(store).build()) {
      CompletableFuture<Long> first = client.store(TelemetryMessage.text("a"));
      StoreRig.until("the store waits", () -> time.hasTaskIn(interval));
      CompletableFuture<Long> second = client.store(TelemetryMessage.text("b"));
      CompletableFuture<Void> closed = CompletableFuture.runAsync(client::close);
      StoreRig.until("the client is closing", () -> time.hasTaskIn(CLOSE_LIMIT));
      time.advance(interval);
      StoreRig.until("the store waits again", () -> time.hasTaskIn(interval));
      time.advance(interval);

      assertThat(StoreRig.get(first)).isEqualTo(1);
      assertThat(StoreRig.get(second)).isEqualTo(2);
      StoreRig.get(closed);
    }
  }

  @Test
  void aSecondClientOfTheSameIdentityIsRefused() {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(folder.resolve("outbox.db"));
        DeviceClient first = builder(store).build()) {
      assertThatThrownBy(() -> builder(store).build()).hasMessageContaining("dev-1");
      assertThat(first.outbox().waiting()).isZero();
    }
  }
}
