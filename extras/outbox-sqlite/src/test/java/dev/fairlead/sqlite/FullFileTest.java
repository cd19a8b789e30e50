package dev.fairlead.sqlite;

import static dev.fairlead.sqlite.StoreRig.DEVICE;
import static dev.fairlead.sqlite.StoreRig.HUB;
import static dev.fairlead.sqlite.StoreRig.get;
import static dev.fairlead.sqlite.StoreRig.numbers;
import static dev.fairlead.sqlite.StoreRig.remove;
import static dev.fairlead.sqlite.StoreRig.sequences;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxStoreException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that may not grow any more. */
class FullFileTest {
  private static final int LIMIT = 2 << 20;

  @TempDir Path folder;

  private SqliteOutboxStore store() {
    return SqliteOutboxStore.builder(folder.resolve("outbox.db")).maxBytes(LIMIT).open();
  }

  @Test
  void whatDoesNotFitFailsAndRemovalsMakeRoom() throws Exception {
    long stored = 0;
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      OutboxStoreException full = null;
      while (full == null) {
        try {
          get(queue.write(List.of(added(stored + 1, 10_000)), List.of()));
          stored++;
        } catch (OutboxStoreException e) {
          full = e;
        }
      }
      assertThat(full).hasMessageContaining("maxBytes").hasMessageContaining("outbox.db");
      assertThat(stored).isGreaterThan(100);
      assertThat(queue.status().messages()).isEqualTo(stored);
      assertThat(sequences(queue)).isEqualTo(numbers(1, stored));
      remove(queue, 1, 10);
      get(queue.write(List.of(added(stored + 1, 10_000)), List.of()));
      get(queue.write(List.of(added(stored + 2, 50_000)), numbers(11, 30)));
      assertThat(sequences(queue)).isEqualTo(numbers(31, stored + 2));
    }
    assertThat(Files.size(folder.resolve("outbox.db"))).isLessThanOrEqualTo(LIMIT);
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB)) {
      assertThat(sequences(queue)).isEqualTo(numbers(31, stored + 2));
      assertThat(queue.status().messages()).isEqualTo(stored + 2 - 30);
    }
  }

  @Test
  void inAGroupOnlyWhatDoesNotFitFails() {
    try (SqliteOutboxStore store = store();
        StoredQueue queue = store.open(DEVICE, HUB);
        StoredQueue other = store.open(DeviceIdentity.device("dev-2"), HUB)) {
      List<CompletionStage<Void>> large = new ArrayList<>();
      List<CompletionStage<Void>> small = new ArrayList<>();
      for (int i = 1; i <= 12; i++) {
        large.add(queue.write(List.of(added(i, 250_000)), List.of()));
        small.add(other.write(List.of(added(i, 10)), List.of()));
      }
      small.forEach(StoreRig::get);
      long failed =
          large.stream()
              .filter(
                  stage -> {
                    try {
                      get(stage);
                      return false;
                    } catch (OutboxStoreException e) {
                      return true;
                    }
                  })
              .count();
      assertThat(failed).isBetween(3L, 6L);
      assertThat(sequences(other)).isEqualTo(numbers(1, 12));
      assertThat(sequences(queue)).hasSize((int) (12 - failed));
      assertThat(queue.status().messages()).isEqualTo(12 - failed);
    }
  }

  @Test
  void limitsAreChecked() {
    SqliteOutboxStore.Builder builder = SqliteOutboxStore.builder(folder.resolve("outbox.db"));
    assertThatThrownBy(() -> builder.maxBytes(1000)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.commitInterval(Duration.ofSeconds(5)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SqliteOutboxStore.builder(folder.resolve("a?b")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Added added(long sequence, int bytes) {
    return new Added(sequence, TelemetryMessage.of(new byte[bytes]), null);
  }
}
