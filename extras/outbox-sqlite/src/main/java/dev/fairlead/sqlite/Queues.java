package dev.fairlead.sqlite;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxStoreException;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All queues of a store. Confined to the store's thread, once that runs. */
final class Queues {
  private final Map<DeviceIdentity, QueueState> byIdentity = new LinkedHashMap<>();
  private int lastId;
  private long revision;
  private long clock;
  private long wall;

  /** Reads the queues from the file, which was opened or opened again. */
  void load(Database database) throws SQLException, Damage {
    Map<Integer, Counters> counters = new HashMap<>();
    for (byte[] record : database.all("counters")) {
      Counters.OfQueue found = decodeCounters(record);
      if (found != null) {
        counters.put(found.queue(), found.counters());
        revision = Math.max(revision, found.counters().revision);
        if (found.counters().clock >= clock) {
          clock = found.counters().clock;
          wall = found.counters().wall;
        }
      }
    }
    Map<Integer, QueueOwner> owners = new HashMap<>();
    for (String table : List.of("owner", "owner_copy")) {
      for (byte[] record : database.all(table)) {
        QueueOwner owner = decodeOwner(record);
        if (owner != null) {
          owners.merge(owner.queue(), owner, (a, b) -> a.revision() >= b.revision() ? a : b);
        }
      }
    }
    lastId = Math.max(lastId, RowId.queue(database.lastId(0, Long.MAX_VALUE)));
    for (Map.Entry<Integer, Counters> found : counters.entrySet()) {
      lastId = Math.max(lastId, found.getKey());
      if (found.getValue().messages() > 0 && !owners.containsKey(found.getKey())) {
        throw new Damage("the identity of some messages is missing");
      }
    }
    for (QueueOwner owner : owners.values()) {
      Counters found = counters.get(owner.queue());
      boolean count = found == null;
      if (found == null) {
        found = counted(database, owner.queue());
      }
      QueueState queue = byIdentity.get(owner.identity());
      if (queue == null) {
        queue = new QueueState(owner, found);
        byIdentity.put(owner.identity(), queue);
      } else {
        queue.reloaded(owner, found);
      }
      if (count) {
        database.store(owner.queue(), found);
      }
      lastId = Math.max(lastId, owner.queue());
      queue.refresh(database);
      queue.committed();
    }
  }

  /** Counts the messages of a queue whose counters are damaged. */
  private static Counters counted(Database database, int queue) throws SQLException, Damage {
    Counters counters = new Counters();
    for (int code = 0; code < RowId.CLASSES.size(); code++) {
      long first = RowId.of(queue, RowId.CLASSES.get(code), 0);
      long last = RowId.of(queue, RowId.CLASSES.get(code), RowId.MAX_SEQUENCE);
      Database.Amount amount = database.measure(first, last);
      counters.counts[code] = amount.count();
      counters.bytes += amount.bytes();
      counters.last = Math.max(counters.last, RowId.sequence(database.lastId(first, last)));
    }
    return counters;
  }

  private static Counters.@Nullable OfQueue decodeCounters(byte[] record) {
    try {
      return Counters.decode(record);
    } catch (Damage e) {
      return null;
    }
  }

  private static @Nullable QueueOwner decodeOwner(byte[] record) {
    try {
      return QueueOwner.decode(record);
    } catch (Damage e) {
      return null;
    }
  }

  /** The queue of an identity, or null. */
  @Nullable QueueState find(DeviceIdentity identity) {
    return byIdentity.get(identity);
  }

  /** A new queue, which is not stored yet. */
  QueueState create(DeviceIdentity identity, String hubHost) {
    if (lastId >= RowId.MAX_QUEUE) {
      throw new OutboxStoreException(
          "The outbox file has had "
              + RowId.MAX_QUEUE
              + " identities, and cannot have more. Use another file for new ones.",
          null);
    }
    QueueState queue =
        new QueueState(new QueueOwner(++lastId, 1, identity, hubHost), new Counters());
    byIdentity.put(identity, queue);
    return queue;
  }

  Collection<QueueState> all() {
    return byIdentity.values();
  }

  List<QueueOwner> owners() {
    return byIdentity.values().stream().map(QueueState::owner).toList();
  }

  long revision() {
    return revision;
  }

  /** What the store's clock showed last. */
  long clock() {
    return clock;
  }

  /** What the wall clock showed then. */
  long wall() {
    return wall;
  }
}
