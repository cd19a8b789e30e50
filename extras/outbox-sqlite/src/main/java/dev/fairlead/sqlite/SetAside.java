package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.sql.SQLException;
import java.util.Map;

/** Damaged records leave the queue. They are kept where nothing reads them. */
final class SetAside extends Change {
  private final Map<Long, byte[]> records;

  /**
   * Moves records.
   *
   * @param queue their queue
   * @param records their bytes by the key under which they are stored
   */
  SetAside(QueueState queue, Map<Long, byte[]> records) {
    super(queue);
    this.records = Map.copyOf(records);
  }

  @Override
  void apply(Database database) throws SQLException {
    for (Map.Entry<Long, byte[]> record : records.entrySet()) {
      database.setAside(record.getKey(), record.getValue());
      queue.removed(database, sequences(record.getKey()));
    }
  }

  @Override
  boolean mayWait() {
    return true;
  }

  @Override
  void failed(OutboxStoreException failure, boolean inFile) {
    records.keySet().forEach(id -> queue.unremoved.addAll(sequences(id)));
    super.failed(failure, inFile);
  }

  private static Ranges sequences(long id) {
    Ranges one = new Ranges();
    one.add(RowId.sequence(id), RowId.sequence(id));
    return one;
  }
}
