package dev.fairlead.outbox;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Tells which messages of a read have left the outbox although the store still returned them: their
 * removal was not carried out when the read began, or they left during it. Guarded by the outbox's
 * lock.
 */
final class ReadFilter {
  private final Set<Long> gone = new HashSet<>();
  private boolean reading;

  boolean isReading() {
    return reading;
  }

  /**
   * A read begins.
   *
   * @param beingRemoved the messages whose removal is not confirmed
   */
  void begin(Collection<Long> beingRemoved) {
    reading = true;
    gone.addAll(beingRemoved);
  }

  void finished(long sequence) {
    if (reading) {
      gone.add(sequence);
    }
  }

  boolean isGone(long sequence) {
    return gone.contains(sequence);
  }

  void end() {
    reading = false;
    gone.clear();
  }
}
