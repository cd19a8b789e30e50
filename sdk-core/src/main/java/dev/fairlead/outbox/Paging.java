package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Stored;
import dev.fairlead.spi.StoredQueueStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Moves messages between memory and the store: passes on what is added and removed, drops stored
 * messages from memory where there are too many, and reads them again when their turn comes.
 * Guarded by the outbox's lock; answers of the store arrive on the loop.
 */
final class Paging implements StoreCalls.Events {
  /** The heap of a future whose message is only in the store. */
  private static final int COST_OF_FUTURE = 200;

  /** The heap of a message without its content, see {@link Entry#costOf}. */
  private static final int LEAST_COST = 600;

  private static final int EXPIRED_AT_A_TIME = 32;
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LAST_PAUSE = Duration.ofMinutes(1);

  private final Outbox outbox;
  private final Content content;
  private final StoreCalls store;
  private final TimeSource time;

  /** The futures of messages that are only in the store. */
  private final Map<Long, CompletableFuture<Void>> futures = new HashMap<>();

  private @Nullable Alarm readAlarm;
  private Duration pause = FIRST_PAUSE;

  private final ReadFilter expiring = new ReadFilter();
  private @Nullable Alarm expiryAlarm;
  private long expiryNanos;

  /** Whether the application has not received the outcomes of the last ones that expired. */
  private boolean reporting;

  private boolean closed;

  Paging(Outbox outbox, Content content, StoreCalls store, TimeSource time) {
    this.outbox = outbox;
    this.content = content;
    this.store = store;
    this.time = time;
  }

  /**
   * Takes over what the store holds.
   *
   * @return the largest number that a message of this queue ever had
   */
  long begin() {
    StoredQueueStatus status = store.begin(this);
    content.recovered(
        status.messages(), status.bytes(), status.lastSequence(), status.oldest().orElse(null));
    if (status.messages() > 0) {
      askForExpiry();
    }
    return status.lastSequence();
  }

  void added(Entry entry) {
    store.add(entry);
  }

  void finished(Entry entry) {
    expiring.finished(entry.sequence);
    store.remove(entry);
  }

  /** Reads from the store what there is room for in memory. */
  void refill() {
    if (closed || readAlarm != null) {
      return;
    }
    int most = content.mostOfClass();
    long mostBytes = content.mostBytesOfClass();
    for (ClassQueue queue : content.queues) {
      if (queue.hasRoom(most, mostBytes)) {
        queue.beginToRead(store.beingRemoved());
        long bytes = queue.spaceForBytes(mostBytes);
        store.read(
            queue.priority,
            queue.frontier(),
            (int) Math.min(queue.spaceFor(most), bytes / LEAST_COST + 1),
            bytes,
            (page, passedOn) -> outbox.locked(after -> loaded(queue, page, passedOn, after)));
      }
    }
  }

  private void loaded(
      ClassQueue queue, StoredQueue.@Nullable Page page, long passedOn, DeferredActions after) {
    if (closed) {
      return;
    }
    if (page == null || (isEmpty(page) && !page.end())) {
      queue.readFailed();
      readAlarm = time.schedule(pause, () -> outbox.locked(later -> readAlarm = null));
      Duration doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(LAST_PAUSE) < 0 ? doubled : LAST_PAUSE;
      return;
    }
    pause = FIRST_PAUSE;
    long last = 0;
    Set<Long> underWay = underWay();
    for (Stored stored : page.messages()) {
      last = Math.max(last, stored.sequence());
      if (isExpired(stored)) {
        expireAfter(Duration.ZERO); // At the pace of the listener; this read must not wait for it.
      } else if (queue.isWanted(stored.sequence()) && !underWay.contains(stored.sequence())) {
        content.loaded(outbox.entry(stored, takeFuture(stored.sequence())));
      }
    }
    for (long damaged : page.damaged()) {
      last = Math.max(last, damaged);
      if (queue.isWanted(damaged)) {
        failDamaged(damaged, after);
      }
    }
    queue.readThrough(page.end() ? Math.max(last, passedOn) : last, this::dropped);
    outbox.changed(after);
  }

  /** Whether {@link StoredQueue#readExpired} will find it. */
  private static boolean isExpired(Stored stored) {
    Duration limit = stored.timeToLive();
    return limit != null && stored.age().compareTo(limit) >= 0;
  }

  private static boolean isEmpty(StoredQueue.Page page) {
    return page.messages().isEmpty() && page.damaged().isEmpty();
  }

  private Set<Long> underWay() {
    Set<Long> sequences = new HashSet<>();
    content.underWay.forEach(entry -> sequences.add(entry.sequence));
    return sequences;
  }

  private void failDamaged(long sequence, DeferredActions after) {
    HubException failure = Refusals.damaged(sequence);
    content.removeStored(sequence, 0);
    CompletableFuture<Void> future = takeFuture(sequence);
    if (future != null) {
      after.fail(future, failure);
    } else {
      outbox.report(
          new StoredOutcome(sequence, Optional.empty(), Optional.empty(), Optional.of(failure)),
          after);
    }
  }

  private @Nullable CompletableFuture<Void> takeFuture(long sequence) {
    CompletableFuture<Void> future = futures.remove(sequence);
    if (future != null) {
      content.holdBytes(-COST_OF_FUTURE);
    }
    return future;
  }

  /** A message is only in the store from now on. */
  private void dropped(Entry entry) {
    content.unloaded(entry);
    if (entry.outcome != null) {
      futures.put(entry.sequence, entry.outcome);
      content.holdBytes(COST_OF_FUTURE);
    }
    if (entry.timeToLive != null) {
      expireAfter(content.expiry.left(entry));
    }
  }

  @Override
  public void stored(List<Entry> entries) {
    outbox.locked(
        after -> {
          for (Entry entry : entries) {
            stored(entry, after);
          }
          int most = content.mostOfClass();
          long mostBytes = content.mostBytesOfClass();
          content.queues.forEach(queue -> queue.trim(most, mostBytes, this::dropped));
          outbox.changed(after);
        });
  }

  private void stored(Entry entry, DeferredActions after) {
    boolean late = entry.storing == Entry.Storing.NONE;
    entry.storing = Entry.Storing.DONE;
    if (entry.leftOver) {
      outbox.leftOver(entry, true, after);
    } else if (!entry.done) {
      if (!late) {
        content.storingEnded(entry);
      }
      entry.notSaved = null;
    } else if (late) {
      store.remove(entry.sequence); // Its sender was notified that it is not stored.
    }
    if (entry.kept != null) {
      after.complete(entry.kept, entry.sequence);
    }
  }

  @Override
  public void notStored(List<Entry> entries, Throwable why) {
    outbox.locked(
        after -> {
          for (Entry entry : entries) {
            boolean counted = entry.storing != Entry.Storing.NONE;
            if (entry.storing == Entry.Storing.BEGUN && why instanceof TimeoutException) {
              entry.maybeSent = true; // The next run may find it, and send it.
            }
            entry.storing = Entry.Storing.NONE;
            entry.notSaved = why;
            if (entry.leftOver) {
              outbox.leftOver(entry, false, after);
            } else if (!entry.done) {
              if (counted) {
                content.storingEnded(entry);
              }
              outbox.failIfNotSaved(entry, after);
            }
          }
        });
  }

  // ---- time to live of messages that are only in the store

  private void askForExpiry() {
    store.nextExpiry(next -> outbox.locked(after -> next.ifPresent(this::expireAfter)));
  }

  private void expireAfter(Duration left) {
    if (closed) {
      return;
    }
    Duration delay = left.compareTo(FIRST_PAUSE) < 0 ? FIRST_PAUSE : left;
    long due = time.nanoTime() + delay.toNanos();
    if (expiryAlarm != null) {
      if (expiryNanos - due <= 0) {
        return;
      }
      expiryAlarm.cancel();
    }
    expiryNanos = due;
    expiryAlarm = time.schedule(delay, () -> outbox.locked(after -> expiryDue()));
  }

  private void expiryDue() {
    expiryAlarm = null;
    if (!closed && !reporting && !expiring.isReading()) {
      expiring.begin(store.beingRemoved());
      store.readExpired(
          EXPIRED_AT_A_TIME, (page, passedOn) -> outbox.locked(after -> expired(page, after)));
    }
  }

  private void expired(StoredQueue.@Nullable Page page, DeferredActions after) {
    boolean any = false;
    if (page != null && !closed) {
      Set<Long> underWay = underWay();
      for (Stored stored : page.messages()) {
        long sequence = stored.sequence();
        if (!expiring.isGone(sequence)
            && !underWay.contains(sequence)
            && content.queues.stream().noneMatch(queue -> queue.holds(sequence))) {
          any = true;
          expire(stored, after);
        }
      }
    }
    expiring.end();
    if (any && page != null) {
      reporting = true;
      boolean more = !page.end();
      outbox.whenReported(later -> reported(more), after);
    } else {
      reported(false);
    }
  }

  private void reported(boolean more) {
    reporting = false;
    if (more) {
      expiryDue();
    } else if (!closed) {
      askForExpiry();
    }
  }

  private void expire(Stored stored, DeferredActions after) {
    TelemetryMessage message = stored.message();
    content.removeStored(stored.sequence(), message.size());
    store.remove(stored.sequence());
    outbox.expired(outbox.entry(stored, takeFuture(stored.sequence())), after);
  }

  // ---- the end

  /** Nothing is read any more; futures of messages that are only in the store fail. */
  void close(DeferredActions after) {
    closed = true;
    if (readAlarm != null) {
      readAlarm.cancel();
    }
    if (expiryAlarm != null) {
      expiryAlarm.cancel();
    }
    futures.values().forEach(future -> after.fail(future, Refusals.keptAtClose()));
    futures.clear();
  }

  void closeStore(Runnable then) {
    store.close(then);
  }
}
