package dev.fairlead.sqlite;

import java.sql.SQLException;

/** All messages of a queue are given up. */
final class Deletion extends Change {
  Deletion(QueueState queue) {
    super(queue);
  }

  @Override
  void apply(Database database) throws SQLException {
    Ranges all = new Ranges();
    all.add(1, RowId.MAX_SEQUENCE);
    queue.removed(database, all);
  }

  @Override
  boolean urgent() {
    return true;
  }
}
