package dev.fairlead.outbox;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages in the outbox, queued or in flight, and how many the limits allow. Guarded by the
 * outbox's lock.
 */
final class Content {
  private final OutboxLimits limits;
  private final boolean durable;
  final ExpiryWatch expiry;

  /** By class, the highest first. */
  final List<Lane> lanes = Arrays.stream(Priority.values()).map(Lane::new).toList();

  private final Map<Priority, Lane> byPriority = new EnumMap<>(Priority.class);

  final Set<Entry> underWay = new HashSet<>();

  /** Queued or in flight, in memory or in the store. */
  private long messages;

  private long messageBytes;

  /** The heap that is taken. */
  private long bytes;

  private int unstored;
  private long recoveredThrough;
  private int recovered;
  private @Nullable Instant recoveredOldest;
  private long accepted;
  private long failed;
  private long resent;

  /** What messages of the lowest class are owed, in percent of a message. */
  private int owedToLow;

  /**
   * @param durable whether there is a store
   */
  Content(OutboxLimits limits, ExpiryWatch expiry, boolean durable) {
    this.limits = limits;
    this.expiry = expiry;
    this.durable = durable;
    lanes.forEach(lane -> byPriority.put(lane.priority, lane));
  }

  /** The store holds these messages. */
  void recovered(long count, long size, long lastSequence, @Nullable Instant oldest) {
    messages = count;
    messageBytes = size;
    recovered = (int) Math.min(count, Integer.MAX_VALUE);
    recoveredThrough = lastSequence;
    recoveredOldest = oldest;
    if (count > 0) {
      lanes.forEach(lane -> lane.recovered(lastSequence));
    }
  }

  boolean isEmpty() {
    return isWaitingEmpty() && underWay.isEmpty();
  }

  boolean isWaitingEmpty() {
    for (Lane lane : lanes) {
      if (!lane.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** Whether a message can be taken; messages in the store have to be read first. */
  boolean isReadable() {
    return next() != null;
  }

  /** The message to be taken next, null if none is in memory. */
  @Nullable Entry next() {
    Entry low = lane(Priority.LOW).first();
    if (low != null && owedToLow >= limits.liveShare() && lane(Priority.HIGH).first() == null) {
      return low;
    }
    for (Lane lane : lanes) {
      Entry first = lane.first();
      if (first != null) {
        return first;
      }
    }
    return null;
  }

  /** A queued message behind a given number, preferably of a high class; null if there is none. */
  @Nullable Entry after(long sequence) {
    for (Lane lane : lanes) {
      Entry next = lane.after(sequence);
      if (next != null) {
        return next;
      }
    }
    return null;
  }

  /** The message to give up for a new one of that class: the oldest of the lowest class. */
  @Nullable Entry droppable(Priority newcomer) {
    Entry lowest = null;
    for (Lane lane : lanes) {
      Entry first = lane.first();
      if (first != null && lane.priority.compareTo(newcomer) >= 0) {
        lowest = first;
      }
    }
    return lowest;
  }

  /**
   * Whether there is room in memory for a message, and those that could be given up for it are only
   * in the store, and will be read.
   */
  boolean mayDropLater(TelemetryMessage message) {
    return fits(message, inMemory(), bytes)
        && lanes.stream()
            .anyMatch(lane -> lane.priority.compareTo(message.priority()) >= 0 && !lane.isWhole());
  }

  /** The message to give up because the store holds more than it may; null if it does not. */
  @Nullable Entry excess() {
    boolean over =
        durable
            && (messages > limits.maxStoredMessages()
                || (messages > 1 && messageBytes > limits.maxStoredBytes()));
    return over ? droppable(Priority.HIGH) : null;
  }

  private Lane lane(Priority priority) {
    return Objects.requireNonNull(byPriority.get(priority));
  }

  Lane lane(Entry entry) {
    return lane(entry.message.priority());
  }

  void add(Entry entry) {
    messages++;
    messageBytes += entry.message.size();
    hold(entry);
    lane(entry).put(entry);
    expiry.add(entry);
  }

  /** A message of the store is in memory too. */
  void loaded(Entry entry) {
    recoveredOldest = null;
    hold(entry);
    lane(entry).loaded(entry);
    expiry.add(entry);
  }

  private void hold(Entry entry) {
    bytes += entry.cost();
    if (durable && !entry.isStored()) {
      unstored++;
    }
  }

  /** A message is in memory no longer, and still in the store. */
  void unloaded(Entry entry) {
    bytes -= entry.cost();
    expiry.remove(entry);
  }

  /** A message in memory is stored, or never will be. */
  void storingEnded(Entry entry) {
    if (!entry.done) {
      unstored--;
    }
  }

  /** Something else takes heap, or no longer does. */
  void holdBytes(long change) {
    bytes += change;
  }

  /** A session takes a message. */
  void take(Entry entry, LeasedEnvelope holder) {
    lane(entry).remove(entry);
    countShare(entry.message.priority());
    expiry.remove(entry);
    entry.holder = holder;
    entry.maybeSent = true;
    entry.alone = underWay.isEmpty();
    if (underWay.size() == 1) {
      underWay.iterator().next().alone = false;
    }
    underWay.add(entry);
  }

  private void countShare(Priority taken) {
    if (taken == Priority.LOW) {
      owedToLow = Math.max(0, owedToLow - limits.liveShare());
    } else if (lane(Priority.LOW).first() != null) {
      owedToLow = Math.min(100, owedToLow + 100 - limits.liveShare());
    } else {
      owedToLow = 0;
    }
  }

  /** A message returns to its place; a repetition has none. */
  void putBack(Entry entry) {
    entry.holder = null;
    underWay.remove(entry);
    if (!entry.repetition) {
      lane(entry).put(entry);
      expiry.add(entry);
    }
  }

  /** A message leaves permanently; returns whether it was one of the application's. */
  boolean remove(Entry entry, boolean delivered) {
    entry.holder = null;
    if (!underWay.remove(entry)) {
      lane(entry).remove(entry);
      expiry.remove(entry);
    }
    if (entry.repetition) {
      entry.done = true;
      return false;
    }
    lane(entry).finished(entry.sequence);
    release(entry);
    gone(entry.sequence, entry.message.size(), delivered);
    return true;
  }

  private void release(Entry entry) {
    bytes -= entry.cost();
    if (durable
        && (entry.storing == Entry.Storing.PENDING || entry.storing == Entry.Storing.BEGUN)) {
      unstored--;
    }
    entry.done = true;
  }

  /** A message that was only in the store has left permanently. */
  void removeStored(long sequence, int size) {
    lanes.forEach(lane -> lane.finished(sequence));
    gone(sequence, size, false);
  }

  private void gone(long sequence, int size, boolean delivered) {
    messages--;
    messageBytes -= size;
    if (sequence <= recoveredThrough) {
      recovered--;
    }
    if (delivered) {
      accepted++;
    } else {
      failed++;
    }
  }

  /** Takes everything out of memory; returns the application's messages that were there. */
  List<Entry> clear() {
    List<Entry> left = new ArrayList<>();
    lanes.forEach(lane -> left.addAll(lane.all()));
    left.addAll(underWay);
    left.removeIf(entry -> entry.repetition);
    lanes.forEach(Lane::clear);
    underWay.clear();
    expiry.close();
    for (Entry entry : left) {
      release(entry);
      entry.holder = null;
    }
    if (!durable) {
      failed += left.size();
      messages = 0;
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

  boolean fits(TelemetryMessage message) {
    return fits(message, inMemory(), bytes) && fitsTheDisk(message);
  }

  private int inMemory() {
    int count = underWay.size();
    for (Lane lane : lanes) {
      count += lane.inMemory();
    }
    return count;
  }

  /** A single message always fits, even if its heap cost exceeds the limit. */
  private boolean fits(TelemetryMessage message, int count, long held) {
    int most = durable ? Math.max(2, limits.maxMessages()) : limits.maxMessages();
    return count < most
        && (held == 0 || count == 0 || held + Entry.costOf(message) <= limits.maxBytes());
  }

  private boolean fitsTheDisk(TelemetryMessage message) {
    return !durable
        || (messages < limits.maxStoredMessages()
            && (messages == 0 || messageBytes + message.size() <= limits.maxStoredBytes()));
  }

  /** Whether dropping all queued messages would make room; if not, none is dropped. */
  boolean fitsBesideUnderWay(TelemetryMessage message) {
    return fits(message, underWay.size(), underWay.stream().mapToLong(Entry::cost).sum());
  }

  /** The most messages of a lane that are in memory although they are stored. */
  int mostOfLane() {
    return Math.max(1, limits.maxMessages() / (2 * lanes.size()));
  }

  long mostBytesOfLane() {
    return limits.maxBytes() / (2L * lanes.size());
  }

  /** How full it is, in words. */
  String fill() {
    String memory =
        inMemory()
            + " of "
            + limits.maxMessages()
            + " messages, "
            + bytes
            + " of "
            + limits.maxBytes()
            + " bytes";
    return durable
        ? "in memory "
            + memory
            + "; on disk "
            + messages
            + " of "
            + limits.maxStoredMessages()
            + " messages, "
            + messageBytes
            + " of "
            + limits.maxStoredBytes()
            + " bytes"
        : memory;
  }

  OutboxStatus status() {
    long under = underWay.stream().filter(entry -> !entry.repetition).count();
    return new OutboxStatus(
        (int) Math.min(messages - under, Integer.MAX_VALUE),
        underWay.size(),
        bytes,
        accepted,
        failed,
        resent,
        durable
            ? Optional.of(new OutboxStatus.Durable(messageBytes, unstored, recovered, oldest()))
            : Optional.empty());
  }

  private Optional<Instant> oldest() {
    Instant oldest = recovered > 0 ? recoveredOldest : null;
    for (Entry entry : underWay) {
      oldest = earlier(oldest, entry);
    }
    for (Lane lane : lanes) {
      oldest = earlier(oldest, lane.first());
    }
    return Optional.ofNullable(oldest);
  }

  private static @Nullable Instant earlier(@Nullable Instant one, @Nullable Entry other) {
    return other == null || (one != null && one.isBefore(other.addedAt)) ? one : other.addedAt;
  }
}
