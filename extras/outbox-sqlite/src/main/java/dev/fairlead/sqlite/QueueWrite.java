package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.sql.SQLException;
import java.util.List;

/** Messages that are added to a queue and removed from it, together. */
final class QueueWrite extends Change {
  /** A message in the form in which it is stored. */
  static final class Encoded {
    private final long id;
    private final int size;
    private final long due;
    private final byte[] record;

    /**
     * A message with what its columns need.
     *
     * @param id its key
     * @param size what it counts in the queue's size
     * @param due when its time to live has passed, on the store's clock
     * @param record the message
     */
    Encoded(long id, int size, long due, byte[] record) {
      this.id = id;
      this.size = size;
      this.due = due;
      this.record = record;
    }
  }

  private final List<Encoded> added;
  private final Ranges removed;
  private final long bytes;

  QueueWrite(QueueState queue, List<Encoded> added, Ranges removed) {
    super(queue);
    this.added = added;
    this.removed = removed;
    this.bytes = added.stream().mapToLong(message -> message.record.length).sum();
  }

  @Override
  void apply(Database database) throws SQLException {
    queue.removed(database, removed);
    for (Encoded message : added) {
      queue.added(database, message.id, message.size, message.due, message.record);
    }
  }

  @Override
  boolean mayWait() {
    return added.isEmpty();
  }

  @Override
  long bytes() {
    return bytes;
  }

  @Override
  void failed(OutboxStoreException failure, boolean inFile) {
    if (added.isEmpty()) {
      queue.unremoved.addAll(removed);
    } else if (inFile) {
      // The stage fails, so the message must not appear after a restart.
      added.forEach(
          message -> {
            long sequence = RowId.sequence(message.id);
            queue.unremoved.add(sequence, sequence);
          });
    }
    super.failed(failure, inFile);
  }
}
