package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;

/** Something that one queue wants written, all of it or nothing. */
abstract class Change {
  final QueueState queue;
  final CompletableFuture<Void> done = new CompletableFuture<>();

  Change(QueueState queue) {
    this.queue = queue;
  }

  abstract void apply(Database database) throws SQLException;

  /**
   * Whether nothing is lost if this is committed a little later, or never. Its stage completes when
   * it is applied, so that no caller waits for the commit.
   */
  boolean mayWait() {
    return false;
  }

  /** Whether a caller is blocked until this is committed, so that it does not wait for others. */
  boolean urgent() {
    return false;
  }

  /** How much this adds to the transaction. */
  long bytes() {
    return 0;
  }

  /**
   * It was not committed.
   *
   * @param inFile whether the file may have it nevertheless, as after a sync that failed
   */
  void failed(OutboxStoreException failure, boolean inFile) {
    done.completeExceptionally(failure);
  }
}
