package dev.fairlead.outbox;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Priority;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueueStatus;
import dev.fairlead.threads.ForeignCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls one queue of the application's store. At most one write is in progress; what is added and
 * removed during it goes into the next one. Calls run in order on a thread of the client. Any
 * thread; outcomes are delivered on the loop.
 */
public final class StoreCalls {
  private static final Logger log = LoggerFactory.getLogger(StoreCalls.class);

  /** A message that is not stored after this time counts as not stored. */
  static final Duration WRITE_LIMIT = Duration.ofSeconds(30);

  static final Duration READ_LIMIT = Duration.ofSeconds(30);
  static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
  private static final Duration ASK_AGAIN = Duration.ofMinutes(1);

  private static final int MOST_OF_WRITE = 1024;
  private static final long MOST_BYTES_OF_WRITE = 4L << 20;

  private final StoredQueue queue;
  private final StoredQueueStatus atStart;
  private final Loop loop;
  private final ForeignCalls calls;
  private final Executor inOrder;
  private Events events = new Events.None();

  private final Object lock = new Object();

  // Guarded by lock.
  private final Set<Entry> added = new LinkedHashSet<>();
  private final Set<Long> removed = new LinkedHashSet<>();
  private boolean scheduled;

  // Confined to the loop.
  private @Nullable Write current;
  private boolean failing;
  private boolean hangs;
  private long passedOn;
  private @Nullable Runnable whenClosed;
  private boolean closing;

  /** Receives what became of messages, on the loop. */
  interface Events {
    /** A restart would find these. */
    void stored(List<Entry> entries);

    /** A restart would not find these. */
    void notStored(List<Entry> entries, Throwable why);

    /** Before anything is added. */
    final class None implements Events {
      @Override
      public void stored(List<Entry> entries) {}

      @Override
      public void notStored(List<Entry> entries, Throwable why) {}
    }
  }

  /** Receives the result of a read, on the loop. */
  interface Reader {
    /**
     * The read has ended.
     *
     * @param page what was read, null if that failed
     * @param passedOn the largest number that the store could have found
     */
    void ended(StoredQueue.@Nullable Page page, long passedOn);
  }

  private record Write(List<Entry> entries, List<Long> removed) {
    List<StoredQueue.Added> added() {
      return entries.stream()
          .map(entry -> new StoredQueue.Added(entry.sequence, entry.message, entry.timeToLive))
          .toList();
    }
  }

  /**
   * Opens the queue of an identity. Blocks.
   *
   * @param inOrder runs one task at a time on threads of the client
   */
  public StoreCalls(
      OutboxStore store,
      DeviceIdentity identity,
      String hubHost,
      Loop loop,
      ForeignCalls calls,
      Executor inOrder) {
    this.loop = loop;
    this.calls = calls;
    this.inOrder = inOrder;
    this.queue = store.open(identity, hubHost);
    try {
      atStart = queue.status();
    } catch (Throwable e) {
      queue.close();
      throw e;
    }
    passedOn = atStart.lastSequence();
  }

  /** Called once, before anything else; returns what the store holds then. */
  StoredQueueStatus begin(Events receiver) {
    events = receiver;
    return atStart;
  }

  /** Stores a message. Under the outbox's lock, so that the order is that of the numbers. */
  void add(Entry entry) {
    entry.storing = Entry.Storing.PENDING;
    synchronized (lock) {
      added.add(entry);
    }
    schedule();
  }

  /** Forgets a message that left the outbox. Under the outbox's lock. */
  void remove(Entry entry) {
    synchronized (lock) {
      if (entry.storing == Entry.Storing.NONE || added.remove(entry)) {
        return; // The store never had it.
      }
    }
    remove(entry.sequence);
  }

  void remove(long sequence) {
    synchronized (lock) {
      removed.add(sequence);
    }
    schedule();
  }

  private void schedule() {
    synchronized (lock) {
      if (scheduled) {
        return;
      }
      scheduled = true;
    }
    loop.execute(this::write);
  }

  private void write() {
    synchronized (lock) {
      scheduled = false;
    }
    if (current != null || closing) {
      return;
    }
    Write next = nextWrite();
    if (next.entries.isEmpty() && next.removed.isEmpty()) {
      closeIfDone();
      return;
    }
    if (hangs) {
      notStored(next, new RejectedExecutionException("the store does not answer"));
      closeIfDone();
      return;
    }
    current = next;
    if (!next.entries.isEmpty()) {
      passedOn = next.entries.get(next.entries.size() - 1).sequence;
    }
    ask(
        WRITE_LIMIT,
        () ->
            ForeignCalls.stage("The outbox store", () -> queue.write(next.added(), next.removed))
                .handle((done, failure) -> Optional.ofNullable(failure)),
        (result, overdue) -> {
          current = null;
          hangs = overdue != null;
          written(next, result == null ? overdue : result.orElse(null));
        },
        result -> {
          hangs = false; // It may have been stored nevertheless.
          written(next, result.orElse(null));
        });
  }

  private Write nextWrite() {
    synchronized (lock) {
      List<Long> gone = List.copyOf(removed);
      List<Entry> entries = new ArrayList<>();
      if (!failing || gone.isEmpty()) { // Otherwise room is made first.
        long bytes = 0;
        for (Iterator<Entry> each = added.iterator(); each.hasNext(); ) {
          Entry entry = each.next();
          bytes += entry.message.size();
          if (!entries.isEmpty()
              && (entries.size() >= MOST_OF_WRITE || bytes > MOST_BYTES_OF_WRITE)) {
            break;
          }
          entry.storing = Entry.Storing.BEGUN;
          entries.add(entry);
          each.remove();
        }
      }
      return new Write(entries, gone);
    }
  }

  private void written(Write write, @Nullable Throwable failure) {
    failing = failure != null;
    if (failure == null) {
      confirmRemoved(write);
      events.stored(write.entries);
    } else {
      if (!hangs && write.entries.isEmpty()) {
        log.warn("The outbox store could not remove messages; that is tried again later", failure);
        failing = false; // Or nothing would ever be added again.
      }
      notStored(write, ForeignCalls.unwrapped(failure));
      if (!hangs && hasNothingNew()) {
        closeIfDone();
        return; // What could not be removed goes with the next write.
      }
    }
    write();
  }

  private void notStored(Write write, Throwable why) {
    if (!write.entries.isEmpty()) {
      events.notStored(write.entries, why);
    }
  }

  private boolean hasNothingNew() {
    synchronized (lock) {
      return added.isEmpty();
    }
  }

  /** The messages that the store may still return although they were removed. */
  List<Long> beingRemoved() {
    synchronized (lock) {
      return List.copyOf(removed);
    }
  }

  private void confirmRemoved(Write write) {
    synchronized (lock) {
      write.removed.forEach(removed::remove);
    }
  }

  /**
   * Reads messages in order; finds all that were added before, apart from those that wait for a
   * write in progress.
   *
   * @param then receives the result
   */
  void read(Priority priority, long after, int maxMessages, long maxBytes, Reader then) {
    read(() -> queue.read(priority, after, maxMessages, maxBytes), then);
  }

  /** Reads messages whose time to live has passed. */
  void readExpired(int maxMessages, Reader then) {
    read(() -> queue.readExpired(maxMessages), then);
  }

  private void read(Callable<CompletionStage<StoredQueue.Page>> code, Reader then) {
    loop.execute(
        () -> {
          write();
          long found = passedOn;
          if (hangs) { // Or calls would pile up behind the one that does not return.
            then.ended(null, found);
            return;
          }
          ask(
              READ_LIMIT,
              code,
              (page, failure) -> {
                if (failure != null) {
                  log.warn("The outbox store could not be read; that is tried again", failure);
                }
                then.ended(page, found);
              },
              late -> {});
        });
  }

  /** When the next message in the store expires; it is asked again if it does not answer. */
  void nextExpiry(Consumer<Optional<Duration>> then) {
    loop.execute(
        () -> {
          if (hangs) {
            then.accept(Optional.of(ASK_AGAIN));
            return;
          }
          ask(
              READ_LIMIT,
              queue::nextExpiry,
              (next, failure) -> then.accept(next == null ? Optional.of(ASK_AGAIN) : next),
              late -> {});
        });
  }

  private <T> void ask(
      Duration limit,
      Callable<? extends CompletionStage<T>> code,
      ForeignCalls.Outcome<T> then,
      Consumer<T> late) {
    calls.ask(inOrder, "The outbox store", limit, code, then, late);
  }

  /**
   * Closes the queue after all earlier calls, and after what was added is stored.
   *
   * @param then runs on the loop when it is closed, or has not closed within its limit
   */
  void close(Runnable then) {
    loop.execute(
        () -> {
          Alarm alarm =
              loop.schedule(
                  CLOSE_LIMIT,
                  () -> {
                    log.error("The outbox store was not closed within {}", CLOSE_LIMIT);
                    closed();
                  });
          whenClosed =
              () -> {
                alarm.cancel();
                then.run();
              };
          write();
        });
  }

  private void closeIfDone() {
    if (whenClosed == null || closing || current != null) {
      return;
    }
    closing = true;
    this.<Boolean>ask(
        CLOSE_LIMIT,
        () -> {
          queue.close();
          return CompletableFuture.completedFuture(true);
        },
        (done, failure) -> {
          if (failure != null) {
            log.error("The outbox store was not closed", failure);
          }
          closed();
        },
        late -> {});
  }

  private void closed() {
    Runnable then = whenClosed;
    whenClosed = null;
    closing = true;
    if (then != null) {
      List<Entry> left = new ArrayList<>(current == null ? List.of() : current.entries);
      synchronized (lock) {
        left.addAll(added);
        added.clear();
      }
      events.notStored(left, new TimeoutException("The store did not answer in time."));
      then.run();
    }
  }
}
