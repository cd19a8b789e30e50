package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.sql.SQLException;

/** A new queue, or a queue that is directed to another hub. */
final class OwnerChange extends Change {
  private final QueueOwner before;
  private final QueueOwner after;

  OwnerChange(QueueState queue, QueueOwner after) {
    super(queue);
    this.before = queue.owner();
    this.after = after;
  }

  @Override
  void apply(Database database) throws SQLException {
    database.store(after);
    queue.owner(after);
  }

  @Override
  boolean urgent() {
    return true;
  }

  @Override
  void failed(OutboxStoreException failure, boolean inFile) {
    queue.owner(before);
    super.failed(failure, inFile);
  }
}
