package dev.fairlead.sqlite;

import dev.fairlead.Priority;
import java.util.List;

/**
 * The key of a stored message: queue, class and number in one 64-bit integer, so that a class of a
 * queue is one range of keys, appended to at its end and deleted from at its beginning.
 */
final class RowId {
  /** 55 years at 10,000 messages a second. */
  static final long MAX_SEQUENCE = (1L << 44) - 1;

  /** The number of identities that one file can hold in its life. */
  static final int MAX_QUEUE = (1 << 17) - 1;

  /** The code in the file is the place in this list, whatever the order of the enum. */
  static final List<Priority> CLASSES = List.of(Priority.HIGH, Priority.NORMAL, Priority.LOW);

  private static final int CLASS_SHIFT = 44;
  private static final int QUEUE_SHIFT = 46;

  private RowId() {}

  static long of(int queue, Priority priority, long sequence) {
    return (long) queue << QUEUE_SHIFT | (long) code(priority) << CLASS_SHIFT | sequence;
  }

  static int code(Priority priority) {
    return CLASSES.indexOf(priority);
  }

  static int queue(long id) {
    return (int) (id >> QUEUE_SHIFT);
  }

  static int code(long id) {
    return (int) (id >> CLASS_SHIFT & 3);
  }

  static Priority priority(long id) throws Damage {
    int code = code(id);
    if (code >= CLASSES.size()) {
      throw new Damage("the class is unknown");
    }
    return CLASSES.get(code);
  }

  static long sequence(long id) {
    return id & MAX_SEQUENCE;
  }
}
