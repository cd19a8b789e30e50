package dev.fairlead.sqlite;

import static dev.fairlead.sqlite.StoreRig.DEVICE;
import static dev.fairlead.sqlite.StoreRig.HUB;
import static dev.fairlead.sqlite.StoreRig.add;
import static dev.fairlead.sqlite.StoreRig.added;
import static dev.fairlead.sqlite.StoreRig.get;
import static dev.fairlead.sqlite.StoreRig.messages;
import static dev.fairlead.sqlite.StoreRig.numbered;
import static dev.fairlead.sqlite.StoreRig.numbers;
import static dev.fairlead.sqlite.StoreRig.page;
import static dev.fairlead.sqlite.StoreRig.remove;
import static dev.fairlead.sqlite.StoreRig.sequences;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxStoreException;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.spi.StoredQueue.Page;
import dev.fairlead.spi.StoredQueue.Stored;
import dev.fairlead.spi.StoredQueueStatus;
import dev.fairlead.tck.FakeTime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of the store, as a client sees it. */
class SqliteOutboxStoreTest {
  @TempDir Path folder;

  private SqliteOutboxStore store() {
    return SqliteOutboxStore.open(folder.resolve("outbox.db"));
  }

  @Test
  void whatWasStoredIsThereAfterARestart() {
    TelemetryMessage whole =
        TelemetryMessage.builder()
            .body(new byte[] {0, 1, 2, -1})
            .property("plant", "Zürich")
            .property("empty", "")
            .messageId("id-1")
            .correlationId("cor")
            .userId("user")
            .contentType("application/json")
            .contentEncoding("utf-8")
            .creationTime(Instant.parse("2026-03-01T10:00:00.123Z"))
            .outputName("out")
            .component("comp")
            .timeToLive(Duration.ofNanos(5_000_000_001L))
            .priority(Priority.HIGH)
            .build();
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      get(queue.write(List.of(new Added(7, whole, Duration.ofDays(3))), List.of()));
      add(queue, 8, 10);
    }
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      assertThat(queue.status().messages()).isEqualTo(4);
      assertThat(queue.status().lastSequence()).isEqualTo(10);
      assertThat(queue.status().bytes()).isEqualTo(whole.size() + 9 + 9 + 10);
      assertThat(sequences(queue)).isEqualTo(numbers(8, 10));
      Page page = page(queue, Priority.HIGH);
      assertThat(page.end()).isTrue();
      assertThat(page.damaged()).isEmpty();
      Stored stored = page.messages().get(0);
      assertThat(stored.sequence()).isEqualTo(7);
      assertThat(stored.timeToLive()).isEqualTo(Duration.ofDays(3));
      assertThat(stored.age()).isBetween(Duration.ZERO, Duration.ofMinutes(5));
      assertThat(queue.status().oldest()).contains(stored.storedAt());
      TelemetryMessage message = stored.message();
      assertThat(message.body()).isEqualTo(whole.body());
      assertThat(message.properties()).isEqualTo(whole.properties());
      assertThat(message.systemProperties()).isEqualTo(whole.systemProperties());
      assertThat(message.timeToLive()).isEqualTo(whole.timeToLive());
      assertThat(message.priority()).isEqualTo(Priority.HIGH);
      assertThat(message.size()).isEqualTo(whole.size());
    }
  }

  @Test
  void theLargestMessageIsStored() {
    byte[] body = new byte[TelemetryMessage.MAX_BYTES];
    body[body.length - 1] = 7;
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      get(queue.write(List.of(new Added(1, TelemetryMessage.of(body), null)), List.of()));
    }
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      assertThat(messages(queue).get(0).message().body()).isEqualTo(body);
    }
  }

  @Test
  void aReadSeesEarlierWritesOfItsQueueBeforeTheyAreCommitted() {
    try (SqliteOutboxStore store =
            SqliteOutboxStore.builder(folder.resolve("outbox.db"))
                .time(new FakeTime())
                .commitInterval(Duration.ofSeconds(4))
                .open();
        StoredQueue queue = store.open(DeviceIdentity.module("dev-1", "mod"), HUB)) {
      CompletionStage<Void> first = queue.write(numbered(1, 5), List.of());
      queue.write(List.of(), List.of(2L, 4L));
      assertThat(sequences(queue)).containsExactly(1L, 3L, 5L);
      assertThat(first.toCompletableFuture()).isNotDone();
    }
  }

  @Test
  void closingTheStoreCommits() {
    List<CompletionStage<Void>> stages = new ArrayList<>();
    try (SqliteOutboxStore store =
            SqliteOutboxStore.builder(folder.resolve("outbox.db"))
                .time(new FakeTime())
                .commitInterval(Duration.ofSeconds(4))
                .open();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      stages.add(queue.write(numbered(1, 5), List.of()));
      stages.add(queue.write(List.of(), List.of(1L)));
    }
    stages.forEach(StoreRig::get);
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      assertThat(sequences(queue)).isEqualTo(numbers(2, 5));
    }
  }

  @Test
  void pagesEndAtTheirLimits() {
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      add(queue, 1, 20);
      Page page = get(queue.read(Priority.NORMAL, 3, 5, Long.MAX_VALUE));
      assertThat(page.messages()).extracting(Stored::sequence).isEqualTo(numbers(4, 8));
      assertThat(page.end()).isFalse();
      page = get(queue.read(Priority.NORMAL, 8, 12, Long.MAX_VALUE));
      assertThat(page.messages()).extracting(Stored::sequence).isEqualTo(numbers(9, 20));
      assertThat(page.end()).isTrue();
      page = get(queue.read(Priority.NORMAL, 0, 100, 10));
      assertThat(page.messages()).extracting(Stored::sequence).isEqualTo(numbers(1, 2));
      assertThat(page.end()).isFalse();
      page = get(queue.read(Priority.NORMAL, 20, 100, 1000));
      assertThat(page.messages()).isEmpty();
      assertThat(page.end()).isTrue();
      page = get(queue.read(Priority.NORMAL, Long.MAX_VALUE, 100, 1000));
      assertThat(page.messages()).isEmpty();
      assertThat(page.end()).isTrue();
      page = get(queue.read(Priority.LOW, 0, 100, 1000));
      assertThat(page.messages()).isEmpty();
      assertThat(page.end()).isTrue();
    }
  }

  @Test
  void classesAndQueuesAreApart() {
    DeviceIdentity other = DeviceIdentity.device("dev-2");
    try (SqliteOutboxStore store = store();
        StoredQueue one = store.open(DEVICE, HUB);
        StoredQueue two = store.open(other, HUB)) {
      get(
          one.write(
              List.of(
                  added(1, "low", Priority.LOW),
                  added(2, "normal"),
                  added(3, "high", Priority.HIGH)),
              List.of()));
      add(two, 1, 3);
      remove(one, 1, 2);
      assertThat(page(one, Priority.LOW).messages()).isEmpty();
      assertThat(sequences(one)).isEmpty();
      assertThat(page(one, Priority.HIGH).messages()).hasSize(1);
      assertThat(sequences(two)).isEqualTo(numbers(1, 3));
      assertThat(one.status().messages()).isEqualTo(1);
      assertThat(one.status().bytes()).isEqualTo(4);
      assertThat(store.queues())
          .extracting(StoredQueueStatus::identity)
          .containsExactly(DEVICE, other);
    }
  }

  @Test
  void removingWhatIsNotThereChangesNothing() {
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      add(queue, 5, 8);
      get(queue.write(List.of(), List.of(8L, 99L, 5L, 1L, 8L, Long.MAX_VALUE, -3L)));
      assertThat(sequences(queue)).containsExactly(6L, 7L);
      assertThat(queue.status().messages()).isEqualTo(2);
      assertThat(queue.status().lastSequence()).isEqualTo(8);
      remove(queue, 1, 8);
      assertThat(queue.status().messages()).isZero();
      assertThat(queue.status().bytes()).isZero();
      assertThat(queue.status().oldest()).isEmpty();
      assertThat(queue.status().lastSequence()).isEqualTo(8);
      assertThat(store.queues()).isEmpty();
    }
  }

  @Test
  void aWriteThatFailsChangesNothingAndOthersGoOn() {
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB);
        StoredQueue other = store.open(DeviceIdentity.device("dev-2"), HUB)) {
      add(queue, 1, 3);
      List<CompletionStage<Void>> good = new ArrayList<>();
      good.add(other.write(numbered(1, 2), List.of()));
      CompletionStage<Void> bad = queue.write(numbered(3, 4), List.of(1L));
      good.add(queue.write(numbered(5, 6), List.of(2L)));
      good.add(other.write(numbered(3, 4), List.of()));
      assertThatThrownBy(() -> get(bad))
          .isInstanceOf(OutboxStoreException.class)
          .hasMessageContaining("stored already");
      good.forEach(StoreRig::get);
      assertThat(sequences(queue)).containsExactly(1L, 3L, 5L, 6L);
      assertThat(queue.status().messages()).isEqualTo(4);
      assertThat(sequences(other)).isEqualTo(numbers(1, 4));
    }
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      for (long number : new long[] {0, -1, RowId.MAX_SEQUENCE + 1}) {
        assertThatThrownBy(() -> get(queue.write(List.of(added(number, "x")), List.of())))
            .isInstanceOf(IllegalArgumentException.class);
      }
      get(queue.write(List.of(added(RowId.MAX_SEQUENCE, "x")), List.of()));
      assertThat(sequences(queue)).containsExactly(RowId.MAX_SEQUENCE);
      remove(queue, RowId.MAX_SEQUENCE, RowId.MAX_SEQUENCE);
      assertThat(queue.status().messages()).isZero();
    }
  }

  @Test
  void aQueueIsOpenOnce() {
    try (SqliteOutboxStore store = store()) {
      StoredQueue queue = store.open(DEVICE, HUB);
      assertThatThrownBy(() -> store.open(DEVICE, HUB))
          .isInstanceOf(OutboxStoreException.class)
          .hasMessageContaining("dev-1")
          .hasMessageContaining("open already");
      assertThatThrownBy(() -> store.moveToHub(DEVICE, "hub-2.example"))
          .isInstanceOf(OutboxStoreException.class);
      assertThatThrownBy(() -> store.delete(DEVICE)).isInstanceOf(OutboxStoreException.class);
      queue.close();
      assertThatThrownBy(() -> get(queue.write(numbered(1, 1), List.of())))
          .isInstanceOf(OutboxStoreException.class);
      store.open(DEVICE, HUB).close();
    }
  }

  @Test
  void callsBeforeTheCloseOfAQueueTakeEffect() {
    try (SqliteOutboxStore store = store()) {
      StoredQueue queue = store.open(DEVICE, HUB);
      CompletionStage<Void> stage = queue.write(numbered(1, 1000), List.of());
      queue.close();
      try (StoredQueue again = store.open(DEVICE, HUB)) {
        assertThat(sequences(again)).isEqualTo(numbers(1, 1000));
        get(stage);
      }
    }
  }

  @Test
  void storedMessagesAreForOneHub() {
    try (SqliteOutboxStore store = store()) {
      store.open(DEVICE, HUB).close();
      try (StoredQueue queue = store.open(DEVICE, "hub-2.example")) {
        add(queue, 1, 1);
      }
      assertThatThrownBy(() -> store.open(DEVICE, HUB))
          .isInstanceOf(OutboxStoreException.class)
          .hasMessageContaining("hub-2.example")
          .hasMessageContaining("moveToHub");
      store.moveToHub(DeviceIdentity.device("unknown"), HUB);
      store.moveToHub(DEVICE, HUB);
    }
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB.toUpperCase(java.util.Locale.ROOT))) {
      assertThat(sequences(queue)).containsExactly(1L);
    }
  }

  @Test
  void messagesThatNobodyOpensAreListedAndDeletedOnRequest() {
    try (SqliteOutboxStore store = store()) {
      try (StoredQueue queue = store.open(DEVICE, HUB)) {
        add(queue, 1, 50);
      }
    }
    try (SqliteOutboxStore store = store()) {
      StoredQueueStatus status = store.queues().get(0);
      assertThat(status.identity()).isEqualTo(DEVICE);
      assertThat(status.hubHost()).isEqualTo(HUB);
      assertThat(status.messages()).isEqualTo(50);
      assertThat(status.oldest()).isPresent();
      assertThat(store.delete(DEVICE)).isEqualTo(50);
      assertThat(store.delete(DEVICE)).isZero();
      assertThat(store.delete(DeviceIdentity.device("unknown"))).isZero();
      assertThat(store.queues()).isEmpty();
      try (StoredQueue queue = store.open(DEVICE, HUB)) {
        assertThat(queue.status().lastSequence()).isEqualTo(50);
        assertThat(sequences(queue)).isEmpty();
      }
    }
  }

  @Test
  void callsAfterTheCloseOfTheStoreFail() {
    SqliteOutboxStore store = store();
    StoredQueue queue = store.open(DEVICE, HUB);
    store.close();
    store.close();
    assertThatThrownBy(() -> get(queue.write(numbered(1, 1), List.of())))
        .isInstanceOf(OutboxStoreException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> page(queue, Priority.NORMAL)).isInstanceOf(OutboxStoreException.class);
    assertThatThrownBy(store::queues).isInstanceOf(OutboxStoreException.class);
    assertThatThrownBy(() -> store.open(DEVICE, HUB)).isInstanceOf(OutboxStoreException.class);
    queue.close();
  }

  @Test
  void theFileIsReusedAndShrinks() throws Exception {
    Path file = folder.resolve("outbox.db");
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      byte[] body = new byte[200_000];
      for (int i = 1; i <= 200; i++) {
        get(queue.write(List.of(new Added(i, TelemetryMessage.of(body), null)), List.of()));
      }
      assertThat(Files.size(file)).isGreaterThan(30_000_000);
      assertThat(Files.size(folder.resolve("outbox.db-wal"))).isLessThan(20_000_000);
      remove(queue, 1, 199);
      add(queue, 1000, 2100);
      assertThat(queue.status().messages()).isEqualTo(1102);
    }
    assertThat(Files.size(file)).isLessThan(2_000_000);
  }
}
