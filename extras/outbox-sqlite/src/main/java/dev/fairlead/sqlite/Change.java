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
   * it is applied, so that nobody waits for the commit.
   */
  boolean mayWait() {
    return false;
  }

  /** Whether somebody waits for this alone, so that it is committed at once. */
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
   * @param inFile whether the file may have it all the same, as after a sync that failed
   */
  void failed(OutboxStoreException failure, boolean inFile) {
    done.completeExceptionally(failure);
  }
}
