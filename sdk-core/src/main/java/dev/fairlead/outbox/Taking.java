package dev.fairlead.outbox;

import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * One call of {@link Lease#take}: what it may take, what it has taken, and which sizes it still
 * needs. Used by one thread; touches entries under the outbox's lock, but for {@link #measure}.
 */
final class Taking {
  /** The most sizes that are computed each time the lock is released. */
  private static final int MOST_MEASURED = 256;

  final Lease by;
  final int maxMessages;
  final List<Envelope> taken = new ArrayList<>();
  final List<Entry> unmeasured = new ArrayList<>();

  private final long maxBytes;
  private long[] sizes = {};
  private long bytes;

  Taking(Lease by, int maxMessages, long maxBytes) {
    this.by = by;
    this.maxMessages = maxMessages;
    this.maxBytes = maxBytes;
  }

  /** Asks for the sizes that are missing. Without the lock: this is the transport's code. */
  void measure(ToLongFunction<TelemetryMessage> wireSize) {
    sizes = new long[unmeasured.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = wireSize.applyAsLong(unmeasured.get(i).message);
    }
  }

  void keepSizes() {
    for (int i = 0; i < sizes.length; i++) {
      Entry entry = unmeasured.get(i);
      entry.measuredBy = by;
      entry.wireSize = sizes[i];
    }
    unmeasured.clear();
    sizes = new long[0];
  }

  /** Notes whose size is missing among those that may be taken, the next one first. */
  void askFor(Entry next, List<ClassQueue> queues, int most) {
    unmeasured.add(next);
    int room = Math.min(most - taken.size(), MOST_MEASURED) - 1;
    for (ClassQueue queue : queues) {
      for (Entry entry : queue.front()) {
        if (room-- <= 0) {
          return;
        }
        if (entry.measuredBy != by && entry != next) {
          unmeasured.add(entry);
        }
      }
    }
  }

  /** The first is taken even if it alone is larger. */
  boolean fits(Entry entry) {
    return taken.isEmpty() || bytes + entry.wireSize <= maxBytes;
  }

  void add(Entry entry, Envelope envelope) {
    bytes += entry.wireSize;
    taken.add(envelope);
  }
}
