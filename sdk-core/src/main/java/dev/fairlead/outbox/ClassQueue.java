package dev.fairlead.outbox;

import dev.fairlead.Priority;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The queued messages of one class, in order. Without a store all are in memory. With one, the
 * front is in memory and may be sent; behind it are messages that are only in the store, and behind
 * those the newest, which are in memory until they are stored. Guarded by the outbox's lock.
 */
final class ClassQueue {
  final Priority priority;

  /** May be sent. */
  private final TreeMap<Long, Entry> front = new TreeMap<>();

  /** Behind messages that are only in the store. */
  private final TreeMap<Long, Entry> tail = new TreeMap<>();

  private long frontCost;

  /** Every message up to this number is in memory, and so is everything if the queue is whole. */
  private long frontier;

  /** The largest number of a message that is only in the store. */
  private long lastOnDisk;

  private final ReadFilter read = new ReadFilter();

  ClassQueue(Priority priority) {
    this.priority = priority;
  }

  /** The store holds messages up to this number. */
  void recovered(long lastSequence) {
    lastOnDisk = lastSequence;
  }

  /** Whether no message is only in the store. */
  boolean isWhole() {
    return lastOnDisk <= frontier;
  }

  boolean isEmpty() {
    return front.isEmpty() && tail.isEmpty() && isWhole();
  }

  int inMemory() {
    return front.size() + tail.size();
  }

  @Nullable Entry first() {
    Map.Entry<Long, Entry> first = front.firstEntry();
    return first == null ? null : first.getValue();
  }

  @Nullable Entry after(long sequence) {
    Map.Entry<Long, Entry> next = front.higherEntry(sequence);
    return next == null ? null : next.getValue();
  }

  Collection<Entry> front() {
    return front.values();
  }

  void put(Entry entry) {
    if (isWhole() || entry.sequence <= frontier) {
      front.put(entry.sequence, entry);
      frontCost += entry.cost();
    } else {
      tail.put(entry.sequence, entry);
    }
  }

  /** A message leaves the queue; no effect if it is not in memory there. */
  void remove(Entry entry) {
    if (front.remove(entry.sequence, entry)) {
      frontCost -= entry.cost();
    } else {
      tail.remove(entry.sequence, entry);
    }
  }

  /** A message of this class left for good. */
  void finished(long sequence) {
    read.finished(sequence);
  }

  List<Entry> all() {
    List<Entry> all = new ArrayList<>(front.values());
    all.addAll(tail.values());
    return all;
  }

  void clear() {
    front.clear();
    tail.clear();
    frontCost = 0;
    frontier = Long.MAX_VALUE;
  }

  /**
   * Drops stored messages from memory, from the back, as far as the queue has more than it may.
   *
   * @param dropped receives each message that is only in the store now
   */
  void trim(int most, long mostCost, Consumer<Entry> dropped) {
    int count = front.size();
    long cost = frontCost;
    Entry firstBeyond = null;
    boolean anyStored = false;
    for (Entry entry : front.descendingMap().values()) {
      if (count <= 1 || (count <= most && cost <= mostCost)) {
        break;
      }
      count--;
      cost -= entry.cost();
      firstBeyond = entry;
      anyStored |= entry.isStored();
    }
    if (firstBeyond != null && anyStored) {
      Map<Long, Entry> beyond = front.tailMap(firstBeyond.sequence, true);
      frontier = firstBeyond.sequence - 1;
      lastOnDisk = Math.max(lastOnDisk, firstBeyond.sequence);
      tail.putAll(beyond);
      beyond.clear();
      frontCost = cost;
    }
    trimTail(dropped);
  }

  private void trimTail(Consumer<Entry> dropped) {
    if (read.isReading() || tail.isEmpty()) {
      return;
    }
    tail.values()
        .removeIf(
            entry -> {
              if (entry.isStored()) {
                lastOnDisk = Math.max(lastOnDisk, entry.sequence);
                dropped.accept(entry);
                return true;
              }
              return false;
            });
    mend();
  }

  /** Whether more should be read from the store. */
  boolean hasRoom(int most, long mostCost) {
    return !read.isReading() && !isWhole() && front.size() <= most / 2 && frontCost <= mostCost / 2;
  }

  /**
   * A read begins.
   *
   * @param beingRemoved the messages whose removal is not confirmed
   */
  void beginToRead(Collection<Long> beingRemoved) {
    read.begin(beingRemoved);
  }

  long frontier() {
    return frontier;
  }

  int spaceFor(int most) {
    return Math.max(1, most - front.size());
  }

  long spaceForBytes(long mostCost) {
    return Math.max(1, mostCost - frontCost);
  }

  /** The read has failed. */
  void readFailed() {
    read.end();
  }

  /** Whether a message that the store returned is neither in memory nor finished. */
  boolean isWanted(long sequence) {
    return !read.isGone(sequence) && !holds(sequence);
  }

  /** Whether a queued message is in memory. */
  boolean holds(long sequence) {
    return front.containsKey(sequence) || tail.containsKey(sequence);
  }

  /**
   * The read has ended, and what it brought was {@linkplain #loaded added}.
   *
   * @param through every message up to this number is in memory now
   */
  void readThrough(long through, Consumer<Entry> dropped) {
    read.end();
    frontier = Math.max(frontier, through);
    mend();
    trimTail(dropped);
  }

  /** Adds a message that was read from the store. */
  void loaded(Entry entry) {
    front.put(entry.sequence, entry);
    frontCost += entry.cost();
  }

  /** Moves to the front what no message on disk precedes any more. */
  private void mend() {
    Map<Long, Entry> joined = isWhole() ? tail : tail.headMap(frontier, true);
    for (Entry entry : joined.values()) {
      front.put(entry.sequence, entry);
      frontCost += entry.cost();
    }
    joined.clear();
  }
}
