package dev.fairlead.sqlite;

import dev.fairlead.Priority;
import dev.fairlead.spi.StoredQueueStatus;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * One queue of the store, apart from its messages. Confined to the store's thread but for {@link
 * #status}, {@link #salt} and the owner.
 */
final class QueueState {
  /** When the first message of a class was added, on both clocks. */
  private record Stamp(long clock, long wall) {}

  final byte[] salt;

  /** Includes what is not committed yet. */
  final Counters counters;

  /** Numbers that the client no longer needs, whose removal failed. It is tried again. */
  final Ranges unremoved = new Ranges();

  /** Those that the current transaction removes. */
  final Ranges retried = new Ranges();

  private final Counters committed;
  private final Stamp[] first = new Stamp[RowId.CLASSES.size()];
  private final boolean[] stale = {true, true, true};
  private volatile QueueOwner owner;
  private volatile boolean stored;
  private volatile StoredQueueStatus status;

  QueueState(QueueOwner owner, Counters counters) {
    this.owner = owner;
    this.salt = QueueOwner.salt(owner.identity());
    this.counters = counters;
    this.committed = counters.copy();
    this.status = status(Optional.empty());
  }

  int id() {
    return owner.queue();
  }

  QueueOwner owner() {
    return owner;
  }

  void owner(QueueOwner changed) {
    owner = changed;
  }

  /** Whether the file has the queue. */
  boolean stored() {
    return stored;
  }

  /** As of the last commit or removal, whichever came later. Any thread. */
  StoredQueueStatus status() {
    return status;
  }

  /** Whether the file has a message that must not be returned. */
  boolean hidden(long sequence) {
    return unremoved.contains(sequence);
  }

  void added(Database database, long id, int size, long due, byte[] record) throws SQLException {
    database.insert(id, size, due, record);
    long sequence = RowId.sequence(id);
    int code = RowId.code(id);
    if (counters.counts[code]++ == 0) {
      counters.lowest[code] = sequence;
      stale[code] = true;
    } else if (sequence < counters.lowest[code]) {
      counters.lowest[code] = sequence;
      stale[code] = true;
    }
    counters.bytes += size;
    counters.last = Math.max(counters.last, sequence);
  }

  void removed(Database database, Ranges numbers) throws SQLException {
    for (Map.Entry<Long, Long> range : numbers.each()) {
      for (Priority priority : RowId.CLASSES) {
        removed(database, priority, range.getKey(), range.getValue());
      }
    }
  }

  private void removed(Database database, Priority priority, long from, long through)
      throws SQLException {
    int code = RowId.code(priority);
    long first = Math.max(from, counters.lowest[code]);
    long last = Math.min(through, counters.last);
    if (counters.counts[code] == 0 || first > last) {
      return;
    }
    Database.Amount amount =
        database.delete(RowId.of(id(), priority, first), RowId.of(id(), priority, last));
    counters.counts[code] = Math.max(0, counters.counts[code] - amount.count());
    counters.bytes = counters.messages() == 0 ? 0 : Math.max(0, counters.bytes - amount.bytes());
    if (amount.count() > 0 && first <= counters.lowest[code]) {
      counters.lowest[code] = last + 1;
      stale[code] = true;
    }
  }

  /** Makes the counters and the stamps of the first messages true; before a commit. */
  void refresh(Database database) throws SQLException, Damage {
    for (Priority priority : RowId.CLASSES) {
      int code = RowId.code(priority);
      if (!stale[code]) {
        continue;
      }
      Stamp[] found = new Stamp[1];
      boolean none =
          counters.counts[code] == 0
              || database.scan(
                  RowId.of(id(), priority, Math.min(counters.lowest[code], RowId.MAX_SEQUENCE)),
                  RowId.of(id(), priority, RowId.MAX_SEQUENCE),
                  (id, record) -> {
                    counters.lowest[code] = RowId.sequence(id);
                    found[0] = stamp(record);
                    return false;
                  });
      if (none && counters.counts[code] > 0) {
        throw new Damage("messages are missing");
      }
      first[code] = found[0];
      stale[code] = false;
    }
  }

  private Stamp stamp(byte[] record) {
    try {
      MessageRecord message = MessageRecord.decode(record, salt);
      return new Stamp(message.clock(), message.wall());
    } catch (Damage e) {
      return new Stamp(Long.MAX_VALUE, 0);
    }
  }

  /** Notes that what the counters say is in the file. */
  void committed() {
    stored = true;
    committed.set(counters);
    retried.clear();
    publish();
  }

  /** Shows what the counters say. */
  void publish() {
    Stamp oldest = null;
    for (int code = 0; code < first.length; code++) {
      Stamp stamp = first[code];
      if (counters.counts[code] > 0
          && stamp != null
          && (oldest == null || stamp.clock() < oldest.clock())) {
        oldest = stamp;
      }
    }
    status = status(Optional.ofNullable(oldest).map(stamp -> Instant.ofEpochMilli(stamp.wall())));
  }

  /** Forgets what was not committed. */
  void rolledBack() {
    restore(committed);
    publish();
    unremoved.addAll(retried);
    retried.clear();
  }

  /** Goes back to a savepoint. */
  void restore(Counters before) {
    counters.set(before);
    Arrays.fill(stale, true);
  }

  /** The file was opened again. */
  void reloaded(QueueOwner newOwner, Counters found) {
    owner = newOwner;
    committed.set(found);
    rolledBack();
  }

  private StoredQueueStatus status(Optional<Instant> oldest) {
    return new StoredQueueStatus(
        owner.identity(),
        owner.hubHost(),
        counters.messages(),
        counters.bytes,
        counters.last,
        oldest);
  }
}
