package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.TimeSource;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The only queue for outgoing messages. Messages are queued in the order of their numbers; a {@link
 * Lease} takes from the front, and lost or returned messages go back to their place by number, so
 * that the order survives any failure.
 *
 * <p>Safe for any thread. Its one lock is never held while a future completes, a wake-up runs or a
 * caller waits for room.
 */
public final class Outbox {
  private final OutboxLimits limits;
  private final Environment environment;
  private final @Nullable StoreCalls store;

  private final ReentrantLock lock = new ReentrantLock();
  private final Content content;
  private final Room room;
  private final Isolation isolation;
  private Runnable whenEmpty = () -> {};
  private @Nullable Lease lease;
  private long lastSequence;

  /** The reason why telemetry is held up, as the application sees it. */
  private @Nullable String note;

  /** What the outbox needs of the client around it. */
  public interface Environment {
    /**
     * A future for a sender.
     *
     * @return a new incomplete future
     */
    CompletableFuture<Void> newFuture();

    /**
     * Where futures complete.
     *
     * @return an executor that is not the caller's thread
     */
    Executor completions();

    /**
     * Whether the calling thread may wait for room.
     *
     * @return false on the client's own threads, where waiting would block the thread that makes
     *     room
     */
    boolean mayBlock();

    /**
     * Asks for another session in place of the one that leases the outbox. Any thread.
     *
     * @param why one clause for the log
     */
    void replaceSession(String why);

    /**
     * The hub holds up telemetry, or no longer does. Any thread.
     *
     * @param note why, for a person to read; null if nothing is wrong
     */
    void heldUp(@Nullable String note);
  }

  /**
   * Creates an outbox with the messages that a store has kept.
   *
   * @param limits its bounds
   * @param strictOrder whether no message may overtake another one, not even as a probe
   * @param time for expiry and waits
   * @param environment the client around it
   * @param store keeps the content across restarts, or null
   */
  public Outbox(
      OutboxLimits limits,
      boolean strictOrder,
      TimeSource time,
      Environment environment,
      @Nullable StoreCalls store) {
    this.limits = limits;
    content = new Content(limits, new ExpiryWatch(time, this::expiryAlarm));
    room = new Room(limits.overflow(), content, lock.newCondition(), environment::mayBlock);
    this.isolation =
        new Isolation(
            time,
            new Isolation.Rule(limits.refusals(), limits.refusedOver(), !strictOrder),
            () -> locked(this::isolationDue));
    this.environment = environment;
    this.store = store;
    if (store != null) {
      for (OutboxStore.Saved saved : store.recover()) {
        lastSequence = Math.max(lastSequence, saved.sequence());
        content.add(entry(saved.sequence(), saved.message(), environment.newFuture()));
      }
    }
  }

  private Entry entry(long sequence, TelemetryMessage message, CompletableFuture<Void> outcome) {
    Duration timeToLive = message.timeToLive().or(limits::timeToLive).orElse(null);
    return new Entry(sequence, message, outcome, content.expiry.deadline(timeToLive));
  }

  /**
   * Takes a message in.
   *
   * @param message the message
   * @return completes when the hub has acknowledged it or it has failed
   */
  public CompletableFuture<Void> offer(TelemetryMessage message) {
    return offer(message, Long.MAX_VALUE);
  }

  /**
   * Takes a message in, and waits for room for at most a given time.
   *
   * @param message the message
   * @param maxWaitNanos how long to wait if the outbox is full and its policy is {@link
   *     OverflowPolicy#BLOCK}; {@link Long#MAX_VALUE} for no limit
   * @return completes when the hub has acknowledged it or it has failed
   */
  public CompletableFuture<Void> offer(TelemetryMessage message, long maxWaitNanos) {
    CompletableFuture<Void> outcome = environment.newFuture();
    DeferredActions after = new DeferredActions(environment.completions());
    @Nullable HubException refusal;
    lock.lock();
    try {
      refusal =
          room.make(
              Entry.costOf(message),
              maxWaitNanos,
              oldest -> finish(oldest, Refusals.dropped(content.fill(), oldest), after));
      if (refusal != null) {
        content.refused();
      } else {
        Entry added = entry(++lastSequence, message, outcome);
        content.add(added);
        isolation.offered();
        wakeLease(after);
        if (store != null) { // Under the lock: in the order of the numbers.
          store.save(added.sequence, message, failure -> notSaved(added, failure));
        }
      }
    } finally {
      lock.unlock();
    }
    after.run();
    if (refusal != null) { // No code is attached to it yet.
      outcome.completeExceptionally(refusal);
    }
    return outcome;
  }

  private void notSaved(Entry entry, Throwable failure) {
    locked(
        after -> {
          entry.notSaved = failure;
          failIfNotSaved(entry, after);
        });
  }

  private void failIfNotSaved(Entry entry, DeferredActions after) {
    if (entry.notSaved != null && !entry.done && entry.holder == null) {
      finish(entry, Refusals.notSaved(entry), after);
    }
  }

  /**
   * Begins a lease; the one before must be revoked.
   *
   * @return the lease
   */
  public Lease lease() {
    Lease next = reserve();
    begin(next);
    return next;
  }

  /**
   * A lease that returns no messages before it begins: for a session that is opened beside the one
   * that leases the outbox.
   *
   * @return the lease, to be begun or revoked
   */
  public Lease reserve() {
    return new Lease(this);
  }

  /**
   * Begins a reserved lease; the one before must be revoked. No effect if the given lease is
   * revoked itself.
   *
   * @param next what {@link #reserve} gave
   */
  public void begin(Lease next) {
    locked(
        after -> {
          if (lease != null) {
            throw new IllegalStateException("The outbox is leased already.");
          }
          if (!next.revoked) {
            lease = next;
            if (!content.waiting.isEmpty()) {
              wakeLease(after);
            }
          }
        });
  }

  List<Envelope> take(
      Lease by, int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize) {
    Taking taking = new Taking(by, maxMessages, maxBytes);
    try {
      do {
        // The transport's code runs outside of the lock; a size is asked for once in a lease.
        taking.measure(wireSize);
        locked(after -> take(taking, after));
      } while (!taking.unmeasured.isEmpty());
    } catch (Throwable e) {
      taking.taken.forEach(Envelope::giveBack);
      throw e;
    }
    return taking.taken;
  }

  private void take(Taking taking, DeferredActions after) {
    taking.keepSizes();
    Lease by = taking.by;
    if (by != lease) {
      by.hungry = true; // It may begin later.
      return;
    }
    if (taking.maxMessages <= 0) {
      return;
    }
    expire(after);
    by.hungry = true;
    if (isolation.isWaiting()) {
      return;
    }
    if (isolation.isTrying()) {
      takeTrial(taking, after);
      return;
    }
    int room = isolation.room(content.underWay.size());
    int most = (int) Math.min(taking.maxMessages, (long) taking.taken.size() + room);
    while (taking.taken.size() < most && !content.waiting.isEmpty()) {
      Entry next = content.waiting.firstEntry().getValue();
      if (next.measuredBy != by) {
        taking.askFor(content.waiting.values(), most);
        return;
      }
      if (!taking.fits(next)) {
        break;
      }
      take(next, taking);
    }
    by.hungry = taking.taken.size() < taking.maxMessages;
  }

  /** Takes the one message that is to be tried alone, if the session is fresh. */
  private void takeTrial(Taking taking, DeferredActions after) {
    Lease by = taking.by;
    if (!content.underWay.isEmpty()) {
      return;
    }
    if (by.taken > 0) {
      replaceSession(by, after);
      return;
    }
    Entry next = isolation.trial(content.waiting);
    if (next == null) {
      return;
    }
    if (next.measuredBy != by) {
      taking.unmeasured.add(next);
      return;
    }
    take(next, taking);
    by.trial = next;
    isolation.sent();
  }

  private void take(Entry next, Taking taking) {
    LeasedEnvelope handle = new LeasedEnvelope(this, next);
    content.take(next, handle);
    isolation.taken(next);
    taking.by.taken++;
    taking.add(next, handle);
  }

  /** A trial is the first message of its session. */
  private void replaceSession(Lease used, DeferredActions after) {
    if (!used.replaced) {
      used.replaced = true;
      after.add(() -> environment.replaceSession("a message has to be tried alone"));
    }
  }

  /** The hub may be sent messages again. */
  private void isolationDue(DeferredActions after) {
    isolation.alarmRang();
    if (lease != null && isolation.isTrying() && content.underWay.isEmpty() && lease.taken > 0) {
      replaceSession(lease, after);
    } else {
      wakeLease(after);
    }
  }

  /** Whether the next message has to be alone on its connection. */
  boolean isolates() {
    lock.lock();
    try {
      return isolation.isTrying() || isolation.isOne();
    } finally {
      lock.unlock();
    }
  }

  void whenReadable(Lease by, Runnable callback) {
    locked(
        after -> {
          by.wakeup = callback;
          by.hungry = true;
          if (!content.waiting.isEmpty()) {
            wakeLease(after);
          }
        });
  }

  void settle(LeasedEnvelope handle, Entry entry, @Nullable HubException failure) {
    locked(
        after -> {
          if (entry.holder == handle) {
            finish(entry, failure, after);
            if (isolation.isLimited()) { // There may be room for more than was asked for.
              wakeLease(after);
            }
          }
        });
  }

  void giveBack(LeasedEnvelope handle, Entry entry) {
    locked(
        after -> {
          if (entry.holder == handle) {
            if (lease != null) {
              lease.taken--;
            }
            putBack(entry, after);
            expire(after);
          }
        });
  }

  void refused(Lease by, List<Envelope> messages, HubException why, boolean namesMessage) {
    locked(
        after -> {
          List<Entry> held = held(by, messages);
          if (held.isEmpty()) {
            return;
          }
          if (why instanceof ThrottledException throttled) {
            isolation.throttled(content.underWay.size(), throttled);
            putBack(held, after);
          } else if (namesMessage && held.size() == 1) {
            finish(held.get(0), why, after);
          } else {
            suspect(by, held, false, why, after);
          }
          wakeLease(after);
        });
  }

  void lost(Lease by, List<Envelope> messages, HubException why) {
    locked(after -> suspect(by, held(by, messages), true, why, after));
  }

  private List<Entry> held(Lease by, List<Envelope> messages) {
    List<Entry> held = new ArrayList<>(messages.size());
    for (Envelope each : messages) {
      if (!by.revoked && each instanceof LeasedEnvelope handle && handle.isHeld()) {
        held.add(handle.entry());
      }
    }
    return held;
  }

  void revoke(Lease by, SessionEnd end, @Nullable HubException why) {
    locked(
        after -> {
          if (by.revoked) {
            return;
          }
          by.revoked = true;
          by.wakeup = null;
          if (lease != by) {
            return; // It never began.
          }
          lease = null;
          List<Entry> held = List.copyOf(content.underWay);
          content.resent(held);
          if (end == SessionEnd.UNEXPLAINED && why != null) {
            suspect(by, held, true, why, after);
          } else {
            if (end != SessionEnd.PLANNED) {
              isolation.slowDown(held.size());
            }
            putBack(held, after);
          }
          expire(after);
        });
  }

  /**
   * One of these messages may be why they were refused or lost; fails the one that is proved to be.
   */
  private void suspect(
      Lease by, List<Entry> held, boolean lost, HubException why, DeferredActions after) {
    boolean trial = held.size() == 1 && held.get(0) == by.trial;
    Entry culprit = isolation.refused(held, content.underWay.size(), trial, lost, why);
    putBack(held, after);
    if (culprit != null) {
      finish(culprit, Refusals.refusedAlone(culprit, isolation.rule(), why), after);
    }
  }

  private void putBack(List<Entry> held, DeferredActions after) {
    held.forEach(entry -> putBack(entry, after));
  }

  private void putBack(Entry entry, DeferredActions after) {
    content.putBack(entry);
    failIfNotSaved(entry, after);
  }

  /** Removes a message, queued or in flight. */
  private void finish(Entry entry, @Nullable HubException failure, DeferredActions after) {
    boolean delivered = failure == null;
    if (delivered) {
      isolation.accepted(entry);
    } else {
      isolation.gone(entry);
    }
    if (!content.remove(entry, delivered)) {
      return;
    }
    if (store != null) {
      store.remove(entry.sequence);
    }
    if (failure == null) {
      after.accept(entry.outcome);
    } else {
      after.fail(entry.outcome, failure);
    }
    room.freed();
    if (room.isClosed() && content.isEmpty()) {
      after.add(whenEmpty);
    }
  }

  private void wakeLease(DeferredActions after) {
    if (lease != null && lease.hungry && lease.wakeup != null) {
      lease.hungry = false;
      after.wake(lease.wakeup);
    }
  }

  /**
   * Fails messages that have waited too long. Messages in flight stay, because the hub may already
   * have them.
   */
  private void expire(DeferredActions after) {
    for (Entry entry : content.expiry.due()) {
      finish(entry, Refusals.expired(entry), after);
    }
  }

  private void expiryAlarm() {
    locked(
        after -> {
          content.expiry.alarmCame();
          expire(after);
        });
  }

  /**
   * The counts.
   *
   * @return taken together
   */
  public OutboxStatus status() {
    lock.lock();
    try {
      return content.status();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes no message in from now on; queued messages may still be sent.
   *
   * @param then called once when the outbox is empty, on the completions executor
   */
  public void drain(Runnable then) {
    locked(
        after -> {
          whenEmpty = then;
          room.close();
          if (content.isEmpty()) {
            after.add(then);
          }
        });
  }

  /**
   * Fails all remaining messages, and closes the store, which keeps those that were not delivered.
   *
   * @param then runs when the store is closed or its time limit has passed: on the loop, or inside
   *     this call if there is no store
   */
  public void close(Runnable then) {
    locked(
        after -> {
          room.close();
          isolation.close();
          for (Entry entry : content.clear()) {
            after.fail(entry.outcome, Refusals.clientClosed(entry, store != null));
          }
        });
    if (store == null) {
      then.run();
    } else {
      store.close(then);
    }
  }

  private void locked(Consumer<DeferredActions> action) {
    DeferredActions after = new DeferredActions(environment.completions());
    lock.lock();
    try {
      action.accept(after);
      String now = isolation.note();
      if (!Objects.equals(now, note)) {
        note = now;
        after.add(() -> environment.heldUp(now));
      }
    } finally {
      lock.unlock();
    }
    after.run();
  }
}
