package dev.fairlead.outbox;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * The messages in the outbox, queued or in flight, and how many the limits allow. Guarded by the
 * outbox's lock.
 */
final class Content {
  private final OutboxLimits limits;
  final ExpiryWatch expiry;
  final TreeMap<Long, Entry> waiting = new TreeMap<>();
  final Set<Entry> underWay = new HashSet<>();
  private long bytes;
  private long accepted;
  private long failed;
  private long resent;

  Content(OutboxLimits limits, ExpiryWatch expiry) {
    this.limits = limits;
    this.expiry = expiry;
  }

  boolean isEmpty() {
    return waiting.isEmpty() && underWay.isEmpty();
  }

  void add(Entry entry) {
    waiting.put(entry.sequence, entry);
    bytes += entry.cost();
    expiry.add(entry);
  }

  /** A session takes a message. */
  void take(Entry entry, LeasedEnvelope holder) {
    waiting.remove(entry.sequence, entry);
    expiry.remove(entry);
    entry.holder = holder;
    entry.maybeSent = true;
    entry.alone = underWay.isEmpty();
    if (underWay.size() == 1) {
      underWay.iterator().next().alone = false;
    }
    underWay.add(entry);
  }

  /** A message returns to its place; a repetition has none. */
  void putBack(Entry entry) {
    entry.holder = null;
    underWay.remove(entry);
    if (!entry.repetition) {
      waiting.put(entry.sequence, entry);
      expiry.add(entry);
    }
  }

  /** A message leaves permanently; returns whether it was one of the application's. */
  boolean remove(Entry entry, boolean delivered) {
    entry.done = true;
    entry.holder = null;
    if (!underWay.remove(entry)) {
      waiting.remove(entry.sequence);
      expiry.remove(entry);
    }
    if (entry.repetition) {
      return false;
    }
    bytes -= entry.cost();
    if (delivered) {
      accepted++;
    } else {
      failed++;
    }
    return true;
  }

  /** Takes all out, as failed; returns what was there. */
  List<Entry> clear() {
    List<Entry> left = new ArrayList<>(waiting.values());
    left.addAll(underWay);
    left.removeIf(entry -> entry.repetition);
    waiting.clear();
    underWay.clear();
    expiry.close();
    bytes = 0;
    for (Entry entry : left) {
      entry.done = true;
      entry.holder = null;
      failed++;
    }
    return left;
  }

  /** A message was refused before it was added. */
  void refused() {
    failed++;
  }

  /** These were in flight when their session ended. */
  void resent(List<Entry> held) {
    resent += held.stream().filter(entry -> !entry.repetition).count();
  }

  boolean fits(int cost) {
    return waiting.size() + underWay.size() < limits.maxMessages() && fitsBeside(bytes, cost);
  }

  /** A single message always fits, even if its heap cost exceeds the limit. */
  private boolean fitsBeside(long held, int cost) {
    return held == 0 || held + cost <= limits.maxBytes();
  }

  /** Whether dropping all queued messages would make room; if not, none is dropped. */
  boolean fitsBesideUnderWay(int cost) {
    long underWayBytes = underWay.stream().mapToLong(Entry::cost).sum();
    return underWay.size() < limits.maxMessages() && fitsBeside(underWayBytes, cost);
  }

  /** How full it is, in words. */
  String fill() {
    return (waiting.size() + underWay.size())
        + " of "
        + limits.maxMessages()
        + " messages, "
        + bytes
        + " of "
        + limits.maxBytes()
        + " bytes";
  }

  OutboxStatus status() {
    return new OutboxStatus(waiting.size(), underWay.size(), bytes, accepted, failed, resent);
  }
}
