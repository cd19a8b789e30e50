package dev.fairlead.sqlite;

import static dev.fairlead.sqlite.StoreRig.DEVICE;
import static dev.fairlead.sqlite.StoreRig.HUB;
import static dev.fairlead.sqlite.StoreRig.add;
import static dev.fairlead.sqlite.StoreRig.get;
import static dev.fairlead.sqlite.StoreRig.messages;
import static dev.fairlead.sqlite.StoreRig.remove;
import static dev.fairlead.sqlite.StoreRig.sequences;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.spi.StoredQueue.Page;
import dev.fairlead.spi.StoredQueue.Stored;
import dev.fairlead.tck.FakeTime;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ages and times to live, in the time of the tests. */
class AgeTest {
  private static final Instant START = Instant.parse("2027-05-01T00:00:00Z");

  @TempDir Path folder;

  private SqliteOutboxStore store(FakeTime time) {
    return SqliteOutboxStore.builder(folder.resolve("outbox.db")).time(time).open();
  }

  @Test
  void ageSurvivesARestartAndAWrongClock() {
    FakeTime time = new FakeTime(START);
    try (SqliteOutboxStore store = store(time);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      get(queue.write(List.of(ttl(1, Duration.ofHours(5))), List.of()));
      time.advance(Duration.ofHours(1));
      time.setWallClock(START.plus(Duration.ofHours(1)));
    }
    time = new FakeTime(START.plus(Duration.ofHours(3)));
    try (SqliteOutboxStore store = store(time);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      Stored stored = messages(queue).get(0);
      assertThat(stored.age()).isEqualTo(Duration.ofHours(3));
      assertThat(stored.storedAt()).isEqualTo(START);
      assertThat(get(queue.nextExpiry())).contains(Duration.ofHours(2));
    }
    // The clock was never set since the power came back.
    time = new FakeTime(Instant.EPOCH);
    try (SqliteOutboxStore store = store(time);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      assertThat(messages(queue).get(0).age()).isEqualTo(Duration.ofHours(3));
      assertThat(get(queue.readExpired(10)).messages()).isEmpty();
      time.setWallClock(START.plus(Duration.ofDays(10_000)));
      time.advance(Duration.ofHours(2).minusMillis(1));
      assertThat(get(queue.readExpired(10)).messages()).isEmpty();
      time.advance(Duration.ofMillis(1));
      assertThat(get(queue.readExpired(10)).messages()).hasSize(1);
      assertThat(get(queue.nextExpiry())).contains(Duration.ZERO);
    }
  }

  @Test
  void expiredMessagesAreReadInPagesAndStayUntilTheyAreRemoved() {
    FakeTime time = new FakeTime(START);
    try (SqliteOutboxStore store = store(time);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      get(
          queue.write(
              List.of(
                  ttl(1, Duration.ofSeconds(30)),
                  ttl(2, Duration.ofSeconds(10)),
                  ttl(3, Duration.ofDays(200_000))),
              List.of()));
      add(queue, 4, 4);
      assertThat(get(queue.nextExpiry())).contains(Duration.ofSeconds(10));
      time.advance(Duration.ofSeconds(31));
      Page page = get(queue.readExpired(1));
      assertThat(page.messages()).extracting(Stored::sequence).containsExactly(2L);
      assertThat(page.end()).isFalse();
      page = get(queue.readExpired(2));
      assertThat(page.messages()).extracting(Stored::sequence).containsExactly(2L, 1L);
      assertThat(page.end()).isTrue();
      remove(queue, 1, 2);
      assertThat(get(queue.readExpired(2)).messages()).isEmpty();
      assertThat(get(queue.nextExpiry()).orElseThrow()).isGreaterThan(Duration.ofDays(100_000));
      remove(queue, 3, 3);
      assertThat(get(queue.nextExpiry())).isEmpty();
      assertThat(sequences(queue)).containsExactly(4L);
    }
  }

  @Test
  void aRemovalAloneIsCommittedWithinASecondAndNothingTicksAfterwards() {
    FakeTime time = new FakeTime(START);
    try (SqliteOutboxStore store = store(time);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      add(queue, 1, 2);
      assertThat(time.pending()).isZero();
      remove(queue, 1, 1);
      assertThat(sequences(queue)).containsExactly(2L);
      assertThat(time.hasTaskIn(GroupCommit.REMOVAL_DELAY)).isTrue();
      time.advance(GroupCommit.REMOVAL_DELAY);
      assertThat(sequences(queue)).containsExactly(2L);
      assertThat(time.pending()).isZero();
    }
  }

  @Test
  void aCommitIntervalCollectsMessages() {
    FakeTime time = new FakeTime(START);
    try (SqliteOutboxStore store =
        SqliteOutboxStore.builder(folder.resolve("outbox.db"))
            .time(time)
            .commitInterval(Duration.ofSeconds(4))
            .open()) {
      StoredQueue queue = opened(store, time);
      CompletionStage<Void> first = queue.write(List.of(ttl(1, Duration.ofDays(1))), List.of());
      assertThat(sequences(queue)).containsExactly(1L);
      time.advance(Duration.ofSeconds(3));
      CompletionStage<Void> second = queue.write(List.of(ttl(2, Duration.ofDays(1))), List.of());
      assertThat(sequences(queue)).containsExactly(1L, 2L);
      assertThat(first.toCompletableFuture()).isNotDone();
      time.advance(Duration.ofSeconds(1));
      get(first);
      get(second);
      assertThat(queue.status().messages()).isEqualTo(2);
    }
  }

  /** Online, each message is acknowledged and removed soon after it was added. */
  @Test
  void removalsDoNotShortenACommitInterval() {
    FakeTime time = new FakeTime(START);
    try (SqliteOutboxStore store =
        SqliteOutboxStore.builder(folder.resolve("outbox.db"))
            .time(time)
            .commitInterval(Duration.ofSeconds(4))
            .open()) {
      StoredQueue queue = opened(store, time);
      CompletionStage<Void> first = queue.write(List.of(ttl(1, Duration.ofDays(1))), List.of());
      remove(queue, 1, 1);
      time.advance(Duration.ofSeconds(3));
      for (int i = 0; i < 2; i++) { // A commit would run between two reads.
        assertThat(sequences(queue)).isEmpty();
      }
      assertThat(first.toCompletableFuture()).isNotDone();
      time.advance(Duration.ofSeconds(1));
      get(first);
    }
  }

  /** The clock is read in each commit; memory can be short at any moment. */
  @Test
  void anErrorInACommitFailsItsMessages() {
    AtomicBoolean fails = new AtomicBoolean();
    FakeTime time = new FakeTime(START);
    TimeSource failing =
        new TimeSource() {
          @Override
          public Instant now() {
            if (fails.compareAndSet(true, false)) {
              throw new OutOfMemoryError("by the test");
            }
            return time.now();
          }

          @Override
          public long nanoTime() {
            return time.nanoTime();
          }

          @Override
          public Alarm schedule(Duration delay, Runnable task) {
            return time.schedule(delay, task);
          }
        };
    try (SqliteOutboxStore store =
            SqliteOutboxStore.builder(folder.resolve("outbox.db"))
                .time(failing)
                .commitInterval(Duration.ofSeconds(4))
                .open();
        StoredQueue queue = opened(store, time)) {
      CompletionStage<Void> stage = queue.write(List.of(ttl(1, Duration.ofDays(1))), List.of());
      assertThat(sequences(queue)).containsExactly(1L);
      fails.set(true);
      time.advance(Duration.ofSeconds(4));
      assertThatThrownBy(() -> get(stage)).hasMessageContaining("by the test");
      assertThat(sequences(queue)).isEmpty();
      CompletionStage<Void> next = queue.write(List.of(ttl(2, Duration.ofDays(1))), List.of());
      assertThat(sequences(queue)).containsExactly(2L);
      time.advance(Duration.ofSeconds(4));
      get(next);
    }
  }

  /** A new queue is committed at once, whatever the interval. */
  private static StoredQueue opened(SqliteOutboxStore store, FakeTime time) {
    StoredQueue queue = store.open(DEVICE, HUB);
    assertThat(time.pending()).isZero();
    return queue;
  }

  private static Added ttl(long sequence, Duration timeToLive) {
    return new Added(sequence, TelemetryMessage.text("x"), timeToLive);
  }
}
