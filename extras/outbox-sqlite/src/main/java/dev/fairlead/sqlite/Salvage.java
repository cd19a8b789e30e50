package dev.fairlead.sqlite;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Copies what can be read of a damaged file into a new one. */
final class Salvage {
  private static final int GROUP = 10_000;

  private final Map<Integer, QueueOwner> owners = new HashMap<>();
  private final Map<Integer, Counters> found = new HashMap<>();
  private final Map<Integer, Counters> recovered = new HashMap<>();
  private final Map<Integer, byte[]> salts = new HashMap<>();
  private long unreadable;

  /**
   * What was copied.
   *
   * @param messages how many messages
   * @param queues of how many identities
   * @param missing how many more messages there were by the counters, or were seen and cannot be
   *     read
   */
  record Report(long messages, int queues, long missing) {}

  /** Copies from {@code file} and its log into {@code target}, which does not exist yet. */
  static Report copy(Path file, Path wal, Path target, Collection<QueueOwner> known)
      throws IOException, SQLException, Damage {
    Salvage salvage = new Salvage();
    known.forEach(owner -> salvage.owners.put(owner.queue(), owner));
    try (PageFile pages = new PageFile(file, wal);
        Database database = Database.open(target, 0)) {
      BlobScan scan = new BlobScan(pages);
      scan.each(true, salvage::index);
      scan.each(false, salvage::index);
      salvage.owners.forEach(
          (queue, owner) -> salvage.salts.put(queue, QueueOwner.salt(owner.identity())));
      try {
        database.begin();
        scan.each(true, blob -> salvage.copy(blob, database));
        if (salvage.misses()) {
          // The list of unused pages may be what is damaged.
          scan.each(false, blob -> salvage.copy(blob, database));
        }
        salvage.finish(database);
        database.commit();
        // Closing does that too, but reports no failure, and the log would stay behind.
        database.emptyLog();
      } catch (WriteFailed e) {
        throw e.cause;
      }
    }
    return salvage.report();
  }

  private void index(byte[] blob) {
    try {
      if (blob[2] == Blob.IDENTITY) {
        QueueOwner owner = QueueOwner.decode(blob);
        owners.merge(owner.queue(), owner, (a, b) -> a.revision() >= b.revision() ? a : b);
      } else if (blob[2] == Blob.COUNTERS) {
        Counters.OfQueue counters = Counters.decode(blob);
        found.merge(
            counters.queue(), counters.counters(), (a, b) -> a.revision >= b.revision ? a : b);
      }
    } catch (Damage e) {
      // There is a second copy of the one, and the other is counted again.
    }
  }

  private void copy(byte[] blob, Database database) throws WriteFailed {
    if (blob[2] != Blob.MESSAGE) {
      return;
    }
    MessageRecord record;
    int queue;
    try {
      queue = RowId.queue(MessageRecord.idOf(blob));
      byte[] salt = salts.get(queue);
      if (salt == null) {
        throw new Damage("the identity of a message is missing");
      }
      record = MessageRecord.decode(blob, salt);
    } catch (Damage e) {
      unreadable++;
      return;
    }
    long sequence = RowId.sequence(record.id());
    int code = RowId.code(record.priority());
    Counters before = found.get(queue);
    if (before != null && sequence < before.lowest[code]) {
      return;
    }
    Counters counters = recovered.computeIfAbsent(queue, any -> new Counters());
    try {
      if (database.measure(record.id(), record.id()).count() > 0) {
        return;
      }
      database.insert(record.id(), record.message().size(), record.due(), blob);
      if (counters.messages() % GROUP == GROUP - 1) {
        database.commit();
        database.begin();
      }
    } catch (SQLException e) {
      throw new WriteFailed(e);
    }
    counters.lowest[code] =
        counters.counts[code] == 0 ? sequence : Math.min(sequence, counters.lowest[code]);
    counters.counts[code]++;
    counters.bytes += record.message().size();
    counters.last = Math.max(counters.last, sequence);
    counters.clock = Math.max(counters.clock, record.clock());
  }

  /** Whether there are fewer messages than the counters say. */
  private boolean misses() {
    for (int queue : owners.keySet()) {
      Counters before = found.get(queue);
      Counters now = recovered.get(queue);
      if (before == null || (now == null ? 0 : now.messages()) < before.messages()) {
        return true;
      }
    }
    return false;
  }

  private void finish(Database database) throws SQLException {
    for (Map.Entry<Integer, QueueOwner> owner : owners.entrySet()) {
      Counters counters = recovered.computeIfAbsent(owner.getKey(), any -> new Counters());
      Counters before = found.get(owner.getKey());
      if (before != null) {
        counters.last = Math.max(counters.last, before.last);
        counters.clock = Math.max(counters.clock, before.clock);
        counters.wall = before.wall;
        counters.revision = before.revision;
        for (int i = 0; i < counters.counts.length; i++) {
          if (counters.counts[i] == 0) {
            counters.lowest[i] = before.lowest[i];
          }
        }
      }
      database.store(owner.getValue());
      database.store(owner.getKey(), counters);
    }
    Counters store = found.get(Counters.STORE);
    if (store != null) {
      database.store(Counters.STORE, store);
    }
  }

  private Report report() {
    long messages = recovered.values().stream().mapToLong(Counters::messages).sum();
    long expected = found.values().stream().mapToLong(Counters::messages).sum();
    int queues =
        (int) recovered.values().stream().filter(counters -> counters.messages() > 0).count();
    return new Report(messages, queues, Math.max(unreadable, expected - messages));
  }

  /** Carries a failure of the new file through the scan of the old one. */
  private static final class WriteFailed extends IOException {
    private static final long serialVersionUID = 1L;
    private final SQLException cause;

    WriteFailed(SQLException cause) {
      super(cause);
      this.cause = cause;
    }
  }
}
