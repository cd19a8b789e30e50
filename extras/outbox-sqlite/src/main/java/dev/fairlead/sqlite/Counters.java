package dev.fairlead.sqlite;

/**
 * What is known of a queue without reading its messages. It is stored in the same transaction as
 * the messages. Not safe for several threads.
 */
final class Counters {
  /** The counters of the store itself, of which only the clocks are used. */
  static final int STORE = 0;

  private static final byte[] NO_SALT = {};

  /** Grows with every transaction of the store; tells a newer copy from an older one. */
  long revision;

  /** The store's clock at the last commit, in milliseconds. */
  long clock;

  /** The wall clock at the last commit, in milliseconds since 1970. */
  long wall;

  long bytes;

  /** The largest number that a message of the queue ever had. */
  long last;

  /** How many messages each class has. */
  final long[] counts = new long[RowId.CLASSES.size()];

  /** No message of the class has a lower number. What a damaged file holds below was removed. */
  final long[] lowest = new long[RowId.CLASSES.size()];

  Counters copy() {
    Counters copy = new Counters();
    copy.set(this);
    return copy;
  }

  void set(Counters other) {
    revision = other.revision;
    clock = other.clock;
    wall = other.wall;
    bytes = other.bytes;
    last = other.last;
    System.arraycopy(other.counts, 0, counts, 0, counts.length);
    System.arraycopy(other.lowest, 0, lowest, 0, lowest.length);
  }

  long messages() {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }

  byte[] encode(int queue) {
    Blob.Writer writer =
        new Blob.Writer(80)
            .number(queue)
            .number(revision)
            .number(clock)
            .number(wall)
            .number(bytes)
            .number(last);
    for (int i = 0; i < counts.length; i++) {
      writer.number(counts[i]).number(lowest[i]);
    }
    return writer.seal(Blob.COUNTERS, NO_SALT);
  }

  /**
   * Counters with the queue that they belong to.
   *
   * @param queue the queue's number
   * @param counters its counters
   */
  record OfQueue(int queue, Counters counters) {}

  static OfQueue decode(byte[] blob) throws Damage {
    Blob.Reader reader = Blob.open(Blob.COUNTERS, blob, NO_SALT);
    int queue = (int) reader.number();
    Counters counters = new Counters();
    counters.revision = reader.number();
    counters.clock = reader.number();
    counters.wall = reader.number();
    counters.bytes = reader.number();
    counters.last = reader.number();
    for (int i = 0; i < counters.counts.length; i++) {
      counters.counts[i] = reader.number();
      counters.lowest[i] = reader.number();
    }
    return new OfQueue(queue, counters);
  }
}
