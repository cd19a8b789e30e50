package dev.fairlead.outbox;

import dev.fairlead.ClientClosedException;
import dev.fairlead.HubException;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource;
import dev.fairlead.spi.StoredQueue;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
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
  private final TimeSource time;
  private final Environment environment;
  private final @Nullable Paging paging;

  private final ReentrantLock lock = new ReentrantLock();
  private final Content content;
  private final Room room;
  private final Isolation isolation;
  private final Leasing leasing;
  private Runnable whenEmpty = () -> {};
  private long lastSequence;

  /** The reason why telemetry is held up, as the application sees it. */
  private @Nullable String note;

  /** What the outbox needs of the client around it. */
  public interface Environment {
    /**
     * A future for a sender.
     *
     * @param <T> what it completes with
     * @return a new incomplete future
     */
    <T> CompletableFuture<T> newFuture();

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
     * Receives what became of a message that has no future. Any thread; must not block.
     *
     * @param outcome the message and what became of it
     */
    void outcome(StoredOutcome outcome);

    /**
     * Runs a task when the application has received the outcomes so far. Any thread; the task must
     * not block.
     *
     * @param task runs inside this call or later, once
     */
    void whenOutcomesPassedOn(Runnable task);

    /**
     * The hub holds up telemetry, or no longer does. Any thread.
     *
     * @param note why, for a person to read; null if nothing is wrong
     */
    void heldUp(@Nullable String note);
  }

  /**
   * How an outbox works.
   *
   * @param limits its bounds
   * @param strictOrder whether no message may overtake another one, not even as a probe
   * @param budget what it may hold together with others
   * @param rates how fast it may send; each may be shared with others
   * @param batching whether messages wait for more where the session sends batches
   */
  public record Rules(
      OutboxLimits limits,
      boolean strictOrder,
      Optional<Budget> budget,
      List<RateGate> rates,
      Optional<Batching> batching) {}

  /**
   * Creates an outbox with the messages that a store has kept.
   *
   * @param rules how it works
   * @param time for expiry and waits
   * @param environment the client around it
   * @param store keeps the content across restarts, or null
   */
  public Outbox(Rules rules, TimeSource time, Environment environment, @Nullable StoreCalls store) {
    limits = rules.limits();
    this.time = time;
    content =
        new Content(
            limits,
            new ExpiryWatch(time, this::expiryAlarm),
            store != null,
            rules.budget().map(shared -> new BudgetShare(shared, this::budgetFreed)).orElse(null));
    room = new Room(limits.overflow(), content, lock.newCondition(), environment::mayBlock);
    this.isolation =
        new Isolation(
            time,
            new Isolation.Rule(limits.refusals(), limits.refusedOver(), !rules.strictOrder()),
            this::isolationAlarm);
    this.environment = environment;
    leasing = new Leasing(this, environment, content, isolation, rules, time);
    if (store == null) {
      paging = null;
    } else {
      Paging pages = new Paging(this, content, store, time);
      paging = pages;
      locked(after -> lastSequence = pages.begin());
    }
  }

  /** A message that comes from the store. */
  Entry entry(StoredQueue.Stored stored, @Nullable CompletableFuture<Void> outcome) {
    Duration timeToLive = stored.timeToLive();
    if (timeToLive == null) {
      timeToLive = limits.timeToLive().orElse(null);
    }
    Duration left = timeToLive == null ? null : timeToLive.minus(stored.age());
    Entry entry =
        new Entry(
            stored.sequence(),
            stored.message(),
            outcome,
            stored.storedAt(),
            timeToLive,
            content.expiry.deadline(left == null || !left.isNegative() ? left : Duration.ZERO));
    entry.storing = Entry.Storing.DONE;
    return entry;
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
    HubException refusal = add(message, outcome, null, maxWaitNanos);
    if (refusal != null) { // No code is attached to it yet.
      outcome.completeExceptionally(refusal);
    }
    return outcome;
  }

  /**
   * Takes a message in to be stored; its outcome goes to {@link Environment#outcome}.
   *
   * @param message the message
   * @param maxWaitNanos as for {@link #offer}
   * @return completes with the message's number when it is stored
   */
  public CompletableFuture<Long> store(TelemetryMessage message, long maxWaitNanos) {
    CompletableFuture<Long> stored = environment.newFuture();
    HubException refusal =
        paging == null ? Refusals.notDurable() : add(message, null, stored, maxWaitNanos);
    if (refusal != null) {
      stored.completeExceptionally(refusal);
    }
    return stored;
  }

  /**
   * Whether there is room, without waiting for it.
   *
   * @return completes as soon as a quarter of each limit is free
   */
  public CompletableFuture<Void> whenRoom() {
    CompletableFuture<Void> future = environment.newFuture();
    locked(after -> room.whenRoom(future));
    return future;
  }

  private @Nullable HubException add(
      TelemetryMessage message,
      @Nullable CompletableFuture<Void> outcome,
      @Nullable CompletableFuture<Long> kept,
      long maxWaitNanos) {
    DeferredActions after = new DeferredActions(environment.completions());
    @Nullable HubException refusal;
    lock.lock();
    try {
      refusal = room.make(message, maxWaitNanos, oldest -> drop(oldest, after));
      if (refusal != null) {
        content.refused();
      } else {
        Duration timeToLive = message.timeToLive().or(limits::timeToLive).orElse(null);
        Entry added =
            new Entry(
                ++lastSequence,
                message,
                outcome,
                paging == null ? null : time.now(),
                timeToLive,
                content.expiry.deadline(timeToLive));
        added.kept = kept;
        if (paging != null) { // Under the lock: in the order of the numbers.
          paging.added(added);
        }
        leasing.adding(added);
        content.add(added);
        isolation.offered();
        leasing.wake(after);
        if (paging != null) {
          paging.refill(); // Something may have been dropped.
        }
      }
      content.settle(after);
    } finally {
      lock.unlock();
    }
    after.run();
    return refusal;
  }

  /** Fails a message that could not be stored, unless a session has it. */
  void failIfNotSaved(Entry entry, DeferredActions after) {
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
    return new Lease(leasing);
  }

  /**
   * Begins a reserved lease; the one before must be revoked. No effect if the given lease is
   * revoked itself.
   *
   * @param next what {@link #reserve} gave
   */
  public void begin(Lease next) {
    leasing.begin(next);
  }

  /** Removes a message, queued or in flight. */
  void finish(Entry entry, @Nullable HubException failure, DeferredActions after) {
    boolean delivered = failure == null;
    if (delivered) {
      isolation.accepted(entry);
    } else {
      isolation.gone(entry);
    }
    if (!content.remove(entry, delivered)) {
      return;
    }
    if (paging != null) {
      paging.finished(entry);
    }
    tell(entry, failure, after);
    if (entry.kept != null) { // What the hub has need not be stored.
      if (failure == null) {
        after.complete(entry.kept, entry.sequence);
      } else {
        after.fail(entry.kept, failure);
      }
    }
    room.freed(after);
    whenEmptyIsDue(after);
  }

  private void tell(Entry entry, @Nullable HubException failure, DeferredActions after) {
    if (entry.outcome == null) {
      report(
          new StoredOutcome(
              entry.sequence,
              Optional.of(entry.message),
              Optional.ofNullable(entry.addedAt),
              Optional.ofNullable(failure)),
          after);
    } else if (failure == null) {
      after.accept(entry.outcome);
    } else {
      after.fail(entry.outcome, failure);
    }
  }

  void report(StoredOutcome outcome, DeferredActions after) {
    after.add(() -> environment.outcome(outcome));
  }

  /** The application decides how fast messages expire: their outcomes must not fill the heap. */
  void whenReported(Consumer<DeferredActions> then, DeferredActions after) {
    after.add(() -> environment.whenOutcomesPassedOn(() -> locked(then)));
  }

  /** A message that was only in the store has expired, and is no longer counted. */
  void expired(Entry entry, DeferredActions after) {
    tell(entry, Refusals.expired(entry), after);
    room.freed(after);
  }

  private void drop(Entry oldest, DeferredActions after) {
    finish(oldest, Refusals.dropped(content.fill(), oldest), after);
  }

  /** There is more to be taken, or more room. */
  void changed(DeferredActions after) {
    room.dropExcess(oldest -> drop(oldest, after));
    room.freed(after);
    if (content.isReadable()) {
      leasing.wake(after);
    }
    whenEmptyIsDue(after);
  }

  private void whenEmptyIsDue(DeferredActions after) {
    if (room.isClosed() && content.isEmpty()) {
      after.add(whenEmpty);
      whenEmpty = () -> {};
    }
  }

  /**
   * Fails messages that have waited too long. Messages in flight stay, because the hub may already
   * have them.
   */
  void expire(DeferredActions after) {
    for (Entry entry : content.expiry.due()) {
      finish(entry, Refusals.expired(entry), after);
    }
  }

  /** Others hold less of the shared budget. */
  private void budgetFreed() {
    locked(after -> room.freed(after));
  }

  private void isolationAlarm() {
    locked(leasing::isolationDue);
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
    return read(content::status);
  }

  <T> T read(Supplier<T> what) {
    lock.lock();
    try {
      return what.get();
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
          room.close(after);
          leasing.sendWhatWaits(after);
          whenEmptyIsDue(after);
        });
  }

  /**
   * Fails the futures of all remaining messages; those that are stored stay stored.
   *
   * @param then runs when the rest is stored and the store's queue is closed, or its time limit has
   *     passed: on the loop, or inside this call if there is no store
   */
  public void close(Runnable then) {
    locked(
        after -> {
          room.close(after);
          isolation.close();
          leasing.close();
          for (Entry entry : content.clear()) {
            if (entry.storing == Entry.Storing.PENDING || entry.storing == Entry.Storing.BEGUN) {
              entry.leftOver = true;
            } else {
              leftOver(entry, entry.isStored(), after);
            }
          }
          if (paging != null) {
            paging.close(after);
          }
          content.leaveBudget(after);
        });
    if (paging == null) {
      then.run();
    } else {
      paging.closeStore(then);
    }
  }

  /** The client was closed, and by now it is known whether the message is stored. */
  void leftOver(Entry entry, boolean stored, DeferredActions after) {
    if (!stored) {
      content.lost(entry);
    }
    ClientClosedException why = Refusals.clientClosed(entry, stored);
    if (entry.outcome != null) {
      after.fail(entry.outcome, why);
    }
    if (entry.kept != null && !stored) {
      after.fail(entry.kept, why);
    }
  }

  void locked(Consumer<DeferredActions> action) {
    DeferredActions after = new DeferredActions(environment.completions());
    lock.lock();
    try {
      action.accept(after);
      String now = isolation.note();
      if (!Objects.equals(now, note)) {
        note = now;
        after.add(() -> environment.heldUp(now));
      }
      if (paging != null) {
        paging.refill();
      }
      content.settle(after);
    } finally {
      lock.unlock();
    }
    after.run();
  }
}
