package dev.fairlead.outbox;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.outbox.Budget.Want;
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
  /** A durable outbox holds at least that many in memory, whatever its limits say. */
  private static final int LEAST_IN_MEMORY = 12;

  private final OutboxLimits limits;
  private final boolean durable;
  private final @Nullable BudgetShare share;
  final ExpiryWatch expiry;

  /** By class, the highest first. */
  final List<ClassQueue> queues = Arrays.stream(Priority.values()).map(ClassQueue::new).toList();

  private final Map<Priority, ClassQueue> byPriority = new EnumMap<>(Priority.class);

  final Set<Entry> underWay = new HashSet<>();
  private long underWayCost;
  private long underWayBytes;

  /** Queued or in flight, in memory or in the store. */
  private long messages;

  private long messageBytes;

  /** The heap that is taken. */
  private long bytes;

  /** Stored bytes that were taken of the shared budget before others were given up for them. */
  private long overdrawn;

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
   * @param share of what several outboxes may hold together, null if there is no such limit
   */
  Content(OutboxLimits limits, ExpiryWatch expiry, boolean durable, @Nullable BudgetShare share) {
    this.limits = limits;
    this.expiry = expiry;
    this.durable = durable;
    this.share = share;
    queues.forEach(queue -> byPriority.put(queue.priority, queue));
  }

  /** The store holds these messages. */
  void recovered(long count, long size, long lastSequence, @Nullable Instant oldest) {
    messages = count;
    messageBytes = size;
    countShare(0, 0, size);
    recovered = (int) Math.min(count, Integer.MAX_VALUE);
    recoveredThrough = lastSequence;
    recoveredOldest = oldest;
    if (count > 0) {
      queues.forEach(queue -> queue.recovered(lastSequence));
    }
  }

  boolean isEmpty() {
    return isWaitingEmpty() && underWay.isEmpty();
  }

  boolean isWaitingEmpty() {
    for (ClassQueue queue : queues) {
      if (!queue.isEmpty()) {
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
    Entry low = queue(Priority.LOW).first();
    if (low != null && owedToLow >= limits.liveShare() && queue(Priority.HIGH).first() == null) {
      return low;
    }
    for (ClassQueue queue : queues) {
      Entry first = queue.first();
      if (first != null) {
        return first;
      }
    }
    return null;
  }

  /** A queued message behind a given number, preferably of a high class; null if there is none. */
  @Nullable Entry after(long sequence) {
    for (ClassQueue queue : queues) {
      Entry next = queue.after(sequence);
      if (next != null) {
        return next;
      }
    }
    return null;
  }

  /** The message to give up for a new one of that class: the oldest of the lowest class. */
  @Nullable Entry droppable(Priority newcomer) {
    Entry lowest = null;
    for (ClassQueue queue : queues) {
      Entry first = queue.first();
      if (first != null && queue.priority.compareTo(newcomer) >= 0) {
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
    boolean droppable =
        queues.stream()
            .anyMatch(
                queue -> queue.priority.compareTo(message.priority()) >= 0 && !queue.isWhole());
    if (!droppable || !fits(message, inMemory(), bytes)) {
      return false;
    }
    int cost = Entry.costOf(message);
    if (share == null || share.take(share.want(cost, message.size()), false)) {
      return true;
    }
    boolean fits = share.take(share.want(cost, 0), false);
    overdrawn += fits ? message.size() : 0;
    return fits;
  }

  /** The message to give up because the store holds more than it may; null if it does not. */
  @Nullable Entry excess() {
    boolean over =
        durable
            && (overdrawn > 0
                || messages > limits.maxStoredMessages()
                || (messages > 1 && messageBytes > limits.maxStoredBytes()));
    return over ? droppable(Priority.HIGH) : null;
  }

  private ClassQueue queue(Priority priority) {
    return Objects.requireNonNull(byPriority.get(priority));
  }

  ClassQueue queue(Entry entry) {
    return queue(entry.message.priority());
  }

  void add(Entry entry) {
    messages++;
    messageBytes += entry.message.size();
    countShare(0, 0, durable ? entry.message.size() : 0);
    hold(entry);
    queue(entry).put(entry);
    expiry.add(entry);
  }

  /** A message of the store is in memory too. */
  void loaded(Entry entry) {
    recoveredOldest = null;
    hold(entry);
    queue(entry).loaded(entry);
    expiry.add(entry);
  }

  private void hold(Entry entry) {
    bytes += entry.cost();
    countShare(1, entry.cost(), 0);
    if (durable && !entry.isStored()) {
      unstored++;
    }
  }

  /** A message is in memory no longer, and still in the store. */
  void unloaded(Entry entry) {
    bytes -= entry.cost();
    countShare(-1, -entry.cost(), 0);
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
    countShare(0, change, 0);
  }

  private void countShare(int more, long moreBytes, long moreStored) {
    if (share != null) {
      share.change(more, moreBytes, moreStored);
    }
  }

  /** A session takes a message. */
  void take(Entry entry, LeasedEnvelope holder) {
    queue(entry).remove(entry);
    countShare(entry.message.priority());
    expiry.remove(entry);
    entry.holder = holder;
    entry.maybeSent = true;
    entry.alone = underWay.isEmpty();
    if (underWay.size() == 1) {
      underWay.iterator().next().alone = false;
    }
    underWay.add(entry);
    underWayCost += entry.cost();
    underWayBytes += entry.message.size();
  }

  private void countShare(Priority taken) {
    if (taken == Priority.LOW) {
      owedToLow = Math.max(0, owedToLow - limits.liveShare());
    } else if (queue(Priority.LOW).first() != null) {
      owedToLow = Math.min(100, owedToLow + 100 - limits.liveShare());
    } else {
      owedToLow = 0;
    }
  }

  /** A message returns to its place; a repetition has none. */
  void putBack(Entry entry) {
    entry.holder = null;
    if (underWay.remove(entry)) {
      underWayCost -= entry.cost();
      underWayBytes -= entry.message.size();
    }
    if (!entry.repetition) {
      queue(entry).put(entry);
      expiry.add(entry);
    }
  }

  /** A message leaves permanently; returns whether it was one of the application's. */
  boolean remove(Entry entry, boolean delivered) {
    entry.holder = null;
    if (underWay.remove(entry)) {
      underWayCost -= entry.cost();
      underWayBytes -= entry.message.size();
    } else {
      queue(entry).remove(entry);
      expiry.remove(entry);
    }
    if (entry.repetition) {
      entry.done = true;
      return false;
    }
    queue(entry).finished(entry.sequence);
    release(entry);
    gone(entry.sequence, entry.message.size(), delivered);
    return true;
  }

  private void release(Entry entry) {
    bytes -= entry.cost();
    countShare(-1, -entry.cost(), 0);
    if (durable
        && (entry.storing == Entry.Storing.PENDING || entry.storing == Entry.Storing.BEGUN)) {
      unstored--;
    }
    entry.done = true;
  }

  /** A message that was only in the store has left permanently. */
  void removeStored(long sequence, int size) {
    queues.forEach(queue -> queue.finished(sequence));
    gone(sequence, size, false);
  }

  private void gone(long sequence, int size, boolean delivered) {
    messages--;
    messageBytes -= size;
    countShare(0, 0, durable ? -size : 0);
    overdrawn = Math.max(0, overdrawn - size);
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
    queues.forEach(queue -> left.addAll(queue.all()));
    left.addAll(underWay);
    left.removeIf(entry -> entry.repetition);
    queues.forEach(ClassQueue::clear);
    underWay.clear();
    underWayCost = 0;
    underWayBytes = 0;
    expiry.close();
    for (Entry entry : left) {
      release(entry);
      entry.holder = null;
    }
    return left;
  }

  /** A message that {@link #clear} returned is not in the store either. */
  void lost(Entry entry) {
    gone(entry.sequence, entry.message.size(), false);
  }

  /** A message was refused before it was added. */
  void refused() {
    failed++;
  }

  /** These were in flight when their session ended. */
  void resent(List<Entry> held) {
    resent += held.stream().filter(entry -> !entry.repetition).count();
  }

  /** What a message asks of the shared budget; null if there is none. */
  @Nullable Want want(TelemetryMessage message) {
    return share == null ? null : share.want(Entry.costOf(message), durable ? message.size() : 0);
  }

  /**
   * Whether a message can be added now; then it must be.
   *
   * @param want what {@link #want} gave
   * @param queue whether it is to be queued for the shared budget if there is no room
   */
  boolean admits(TelemetryMessage message, @Nullable Want want, boolean queue) {
    return fits(message, inMemory(), bytes)
        && fitsTheDisk(message, messages, messageBytes)
        && (share == null || want == null || share.take(want, queue));
  }

  /** A message that was queued for the shared budget is not added. */
  void cancel(@Nullable Want want) {
    if (share != null && want != null) {
      share.cancel(want);
    }
  }

  /** Reports what has changed to the shared budget. */
  void settle(DeferredActions after) {
    if (share != null) {
      share.settle(after);
    }
  }

  /** Leaves the shared budget. */
  void leaveBudget(DeferredActions after) {
    if (share != null) {
      share.leave(after);
    }
  }

  private int inMemory() {
    int count = underWay.size();
    for (ClassQueue queue : queues) {
      count += queue.inMemory();
    }
    return count;
  }

  /** A single message always fits, even if its heap cost exceeds the limit. */
  private boolean fits(TelemetryMessage message, int count, long held) {
    return count < mostInMemory()
        && (held == 0 || count == 0 || held + Entry.costOf(message) <= limits.maxBytes());
  }

  private int mostInMemory() {
    return durable ? Math.max(LEAST_IN_MEMORY, limits.maxMessages()) : limits.maxMessages();
  }

  private boolean fitsTheDisk(TelemetryMessage message, long count, long size) {
    return !durable
        || (count < limits.maxStoredMessages()
            && (count == 0 || size + message.size() <= limits.maxStoredBytes()));
  }

  /** Whether dropping all queued messages would make room; if not, none is dropped. */
  boolean fitsBesideUnderWay(TelemetryMessage message, @Nullable Want want) {
    int count = underWay.size();
    long held = underWayCost;
    long stored = durable ? underWayBytes : 0;
    return fits(message, count, held)
        && fitsTheDisk(message, count, stored)
        && (share == null || want == null || share.wouldFit(want, count, held, stored));
  }

  /** Whether a quarter of every limit is free. */
  boolean hasRoom() {
    return isQuarterFree(inMemory(), mostInMemory())
        && isQuarterFree(bytes, limits.maxBytes())
        && (!durable
            || (isQuarterFree(messages, limits.maxStoredMessages())
                && isQuarterFree(messageBytes, limits.maxStoredBytes())))
        && (share == null || share.hasRoomOrWatch());
  }

  private static boolean isQuarterFree(long held, long most) {
    return held <= most - (most + 3) / 4;
  }

  /**
   * How many more messages a session may take. What is stored takes two thirds of the memory, one
   * in flight and one at the front of the queues, so that new messages always find the last one.
   */
  int roomInFlight() {
    if (!durable) {
      return Integer.MAX_VALUE;
    }
    return underWayCost >= thirdOfBytes()
        ? (underWay.isEmpty() ? 1 : 0)
        : (int) Math.max(0, thirdOfMessages() - underWay.size());
  }

  /** The most messages of a queue that are in memory although they are stored. */
  int mostOfClass() {
    return (int) Math.max(1, thirdOfMessages() / queues.size());
  }

  long mostBytesOfClass() {
    return thirdOfBytes() / queues.size();
  }

  private long thirdOfMessages() {
    long most = mostInMemory();
    if (share != null) {
      most = Math.min(most, share.guaranteed().messages());
    }
    return Math.max(1, most / 3);
  }

  private long thirdOfBytes() {
    long most = limits.maxBytes();
    if (share != null) {
      most = Math.min(most, share.guaranteed().bytes());
    }
    return most / 3;
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
    String own =
        durable
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
    return share == null ? own : own + "; the shared OutboxBudget: " + share.fill();
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
    for (ClassQueue queue : queues) {
      oldest = earlier(oldest, queue.first());
    }
    return Optional.ofNullable(oldest);
  }

  private static @Nullable Instant earlier(@Nullable Instant one, @Nullable Entry other) {
    Instant added = other == null ? null : other.addedAt;
    return added == null || (one != null && one.isBefore(added)) ? one : added;
  }
}
