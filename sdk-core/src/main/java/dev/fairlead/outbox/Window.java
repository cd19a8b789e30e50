package dev.fairlead.outbox;

import java.util.List;

/**
 * How many messages may be in flight: normally any number. After a cut or a refusal that names no
 * message it is one, and it grows with acknowledgements as TCP's window does (RFC 5681), so that a
 * message that the hub does not accept is soon alone. A refused batch is halved instead. Guarded by
 * the outbox's lock.
 */
final class Window {
  /** No transport has this many in flight; from here on the window is unlimited. */
  private static final int WIDEST = 1 << 14;

  private int size = Integer.MAX_VALUE;

  /** Above it the window grows by one for a whole window of acknowledgements. */
  private int threshold = Integer.MAX_VALUE;

  private int acknowledged;

  /** Counts what was taken, and how much of it was taken before the window last shrank. */
  private long taken;

  private long stale;

  /** The last message of a refused batch, up to which what is left is halved. */
  private long through = -1;

  /** How many more may be taken. */
  int room(int underWay) {
    return Math.max(0, size - underWay);
  }

  boolean isLimited() {
    return size != Integer.MAX_VALUE;
  }

  /** Whether a message has to be alone, also among those of others on its connection. */
  boolean isOne() {
    return size == 1;
  }

  void taken(Entry entry) {
    entry.takenAs = ++taken;
  }

  void accepted(Entry entry) {
    if (!isLimited() || entry.takenAs <= stale) {
      return;
    }
    long left = through - entry.sequence;
    if (left > 0) { // It is among these.
      size = (int) Math.min(size, Math.max(1, left / 2));
      return;
    }
    if (through >= 0) {
      through = -1;
      threshold = Integer.MAX_VALUE;
    }
    acknowledged++;
    if (size < threshold || acknowledged >= size) {
      acknowledged = 0;
      size = size >= WIDEST ? Integer.MAX_VALUE : size + 1;
    }
  }

  /** A message in flight was lost or refused: one at a time again. */
  void restart(int underWay) {
    size = 1;
    if (underWay > 1) {
      threshold = Math.max(2, underWay / 2);
    }
    acknowledged = 0;
    through = -1;
    stale = taken;
  }

  /** The hub refused these together. */
  void halve(List<Entry> batch) {
    size = Math.max(1, batch.size() / 2);
    acknowledged = 0;
    stale = taken;
    through = batch.get(batch.size() - 1).sequence;
  }

  /** The message that was the reason has left; there is no evidence against the others. */
  void freed() {
    threshold = Integer.MAX_VALUE;
    through = -1;
  }
}
