package dev.fairlead.outbox;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueueStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store of one queue in memory, whose answers a test may hold back or turn into failures. */
class MemoryStore implements OutboxStore, StoredQueue {
  record Kept(TelemetryMessage message, @Nullable Duration timeToLive, long atNanos) {}

  private final TimeSource time;
  final TreeMap<Long, Kept> kept = new TreeMap<>();
  final Set<Long> damaged = new HashSet<>();
  final List<String> log = new ArrayList<>();
  private final ArrayDeque<Runnable> heldBack = new ArrayDeque<>();
  private long lastSequence;

  /** Why every further write fails; null if none does. */
  @Nullable Throwable full;

  /** Whether reads fail. */
  boolean unreadable;

  /** Whether answers wait for {@link #answerOne()}. */
  boolean holds;

  int reads;

  /** The most messages that were ever read by one call. */
  int mostRead;

  MemoryStore(TimeSource time) {
    this.time = time;
  }

  /** What an earlier run left. */
  void left(long sequence, TelemetryMessage message) {
    kept.put(sequence, new Kept(message, message.timeToLive().orElse(null), time.nanoTime()));
    lastSequence = Math.max(lastSequence, sequence);
  }

  /** The largest number that an earlier run gave to a message. */
  void lastUsed(long sequence) {
    lastSequence = Math.max(lastSequence, sequence);
  }

  /** Gives the oldest answer that is held back; returns whether there was one. */
  boolean answerOne() {
    Runnable answer = heldBack.poll();
    if (answer != null) {
      answer.run();
    }
    return answer != null;
  }

  private <T> CompletionStage<T> answer(@Nullable T value, @Nullable Throwable failure) {
    CompletableFuture<T> stage = new CompletableFuture<>();
    Runnable answer =
        () -> {
          if (failure == null) {
            stage.complete(value);
          } else {
            stage.completeExceptionally(failure);
          }
        };
    if (holds) {
      heldBack.add(answer);
    } else {
      answer.run();
    }
    return stage;
  }

  @Override
  public StoredQueue open(DeviceIdentity identity, String hubHost) {
    log.add("open");
    return this;
  }

  @Override
  public StoredQueueStatus status() {
    return new StoredQueueStatus(
        DeviceIdentity.device("d"),
        "hub",
        kept.size(),
        kept.values().stream().mapToLong(each -> each.message.size()).sum(),
        lastSequence,
        kept.isEmpty() ? Optional.empty() : Optional.of(Instant.EPOCH));
  }

  @Override
  public CompletionStage<Void> write(List<Added> added, List<Long> removed) {
    if (full != null) {
      log.add("full");
      return answer(null, full);
    }
    for (Added each : added) {
      log.add("+" + each.sequence());
      if (each.sequence() <= lastSequence) {
        throw new AssertionError(each.sequence() + " is not larger than " + lastSequence);
      }
      lastSequence = each.sequence();
      kept.put(each.sequence(), new Kept(each.message(), each.timeToLive(), time.nanoTime()));
    }
    for (long each : removed) {
      log.add("-" + each);
      kept.remove(each);
    }
    return answer(null, null);
  }

  @Override
  public CompletionStage<Page> read(Priority priority, long after, int maxMessages, long maxBytes) {
    reads++;
    if (unreadable) {
      return answer(null, new java.io.IOException("the disk cannot be read"));
    }
    List<Stored> found = new ArrayList<>();
    List<Long> bad = new ArrayList<>();
    long bytes = 0;
    boolean end = true;
    for (long sequence : kept.tailMap(after, false).keySet()) {
      Kept each = Objects.requireNonNull(kept.get(sequence));
      if (each.message.priority() != priority) {
        continue;
      }
      if (found.size() + bad.size() >= maxMessages || bytes >= maxBytes) {
        end = false;
        break;
      }
      bytes += each.message.size();
      if (damaged.contains(sequence)) {
        bad.add(sequence);
      } else {
        found.add(stored(sequence, each));
      }
    }
    mostRead = Math.max(mostRead, found.size());
    return answer(new Page(found, bad, end), null);
  }

  private Stored stored(long sequence, Kept each) {
    return new Stored(
        sequence, each.message, Instant.EPOCH, Duration.ofNanos(age(each)), each.timeToLive);
  }

  private long age(Kept each) {
    return time.nanoTime() - each.atNanos;
  }

  private Optional<Duration> left(Kept each) {
    return Optional.ofNullable(each.timeToLive).map(limit -> limit.minusNanos(age(each)));
  }

  private boolean isExpired(Kept each) {
    return left(each).filter(left -> left.isNegative() || left.isZero()).isPresent();
  }

  @Override
  public CompletionStage<Page> readExpired(int maxMessages) {
    List<Stored> all =
        kept.entrySet().stream()
            .filter(each -> isExpired(each.getValue()))
            .map(each -> stored(each.getKey(), each.getValue()))
            .toList();
    return answer(
        new Page(
            all.subList(0, Math.min(maxMessages, all.size())),
            List.of(),
            all.size() <= maxMessages),
        null);
  }

  @Override
  public CompletionStage<Optional<Duration>> nextExpiry() {
    return answer(
        kept.values().stream()
            .flatMap(each -> left(each).stream())
            .min(Duration::compareTo)
            .map(left -> left.isNegative() ? Duration.ZERO : left),
        null);
  }

  @Override
  public void close() {
    log.add("close");
  }

  @Override
  public List<StoredQueueStatus> queues() {
    return List.of(status());
  }

  @Override
  public void moveToHub(DeviceIdentity identity, String hubHost) {}

  @Override
  public long delete(DeviceIdentity identity) {
    return 0;
  }
}
