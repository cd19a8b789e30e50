package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.TimeSource;
import dev.fairlead.TimeSource.Alarm;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store's thread: it alone uses the file. It takes what has been handed over, applies all of it
 * in one transaction, commits, and completes the stages; what is handed over during a commit goes
 * into the next one. It sleeps without a limit if there is nothing to do.
 */
final class StoreWriter {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteOutboxStore.class);

  /** How long a removal waits for a commit that is needed anyway. */
  static final Duration REMOVAL_DELAY = Duration.ofSeconds(1);

  private static final Duration MOST_RETRY_DELAY = Duration.ofMinutes(1);
  private static final long MOST_TRANSACTION_BYTES = 8 << 20;

  /** If the log cannot be written back, nothing more is added to it from 64 MB on. */
  private static final long MOST_WAL_PAGES = 16L * Database.WAL_PAGES;

  /** Unused pages of 16 MB are given back to the file system if few pages are used. */
  private static final long UNUSED_PAGES = 4096;

  /** A second damage so soon after the first is a broken disk. */
  private static final Duration REPAIR_PAUSE = Duration.ofMinutes(10);

  /** Work that reads, or does something with the whole store. */
  @FunctionalInterface
  interface Work<T> {
    T run(Database database) throws SQLException, Damage;
  }

  private final StoreFile file;
  private final TimeSource time;
  private final StoreClock clock;
  private final Duration commitInterval;
  private final Queues queues;
  private final Runnable whenEnded;
  private final Thread thread;
  private final CountDownLatch ended = new CountDownLatch(1);

  private final Object lock = new Object();
  private ArrayDeque<Runnable> incoming = new ArrayDeque<>();
  private boolean rung;
  private boolean closing;

  // Only the store's thread uses what follows.
  private @Nullable Database database;
  private List<Change> applied = new ArrayList<>();
  private final Set<QueueState> changed = new LinkedHashSet<>();

  /** Queues with removals that failed. */
  private final Set<QueueState> owing = new LinkedHashSet<>();

  private long appliedBytes;
  private long revision;
  private @Nullable Long commitAt;
  private @Nullable Alarm alarm;
  private Duration retryDelay = REMOVAL_DELAY;
  private @Nullable Long repairedAt;
  private @Nullable OutboxStoreException checkpointFailure;

  StoreWriter(
      StoreFile file,
      Database database,
      TimeSource time,
      StoreClock clock,
      Duration commitInterval,
      Queues queues,
      Runnable whenEnded) {
    this.file = file;
    this.whenEnded = whenEnded;
    this.database = database;
    this.time = time;
    this.clock = clock;
    this.commitInterval = commitInterval;
    this.queues = queues;
    this.revision = queues.revision();
    this.thread = new Thread(this::work, "fairlead-outbox-" + file.path().getFileName());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void work() {
    try {
      loop();
    } finally {
      whenEnded.run();
      ended.countDown();
    }
  }

  /** Hands a change over. Its stage completes when it is committed, or has failed. */
  void write(Change change) {
    hand(() -> apply(change), change.done);
  }

  /** Hands over what reads; it sees all that was handed over before. */
  <T> CompletableFuture<T> read(Work<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    hand(() -> run(work, result), result);
    return result;
  }

  private void hand(Runnable work, CompletableFuture<?> result) {
    synchronized (lock) {
      if (!closing) {
        incoming.add(work);
        lock.notifyAll();
        return;
      }
    }
    result.completeExceptionally(
        new OutboxStoreException("The outbox store " + file.path() + " is closed.", null));
  }

  /** Ends the thread after all that was handed over; returns whether it ended in time. */
  boolean close(Duration limit) {
    synchronized (lock) {
      closing = true;
      lock.notifyAll();
    }
    if (Thread.currentThread() == thread) {
      return true;
    }
    try {
      return ended.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void loop() {
    while (true) {
      ArrayDeque<Runnable> batch;
      boolean last;
      synchronized (lock) {
        while (incoming.isEmpty() && !closing && !rung) {
          try {
            lock.wait();
          } catch (InterruptedException e) {
            // Nobody has this thread, so nobody means this.
          }
        }
        batch = incoming;
        incoming = new ArrayDeque<>();
        rung = false;
        last = closing;
      }
      for (Runnable work : batch) {
        try {
          work.run();
          if (appliedBytes >= MOST_TRANSACTION_BYTES) {
            commit();
          }
        } catch (RuntimeException | Error e) {
          LOG.error("The outbox store {} failed in an unexpected way.", file.path(), e);
        }
      }
      if (last || (commitAt != null && time.nanoTime() - commitAt >= 0)) {
        commit();
      }
      if (last) {
        end();
        return;
      }
    }
  }

  /** Applies a change. On the store's thread only. */
  void apply(Change change) {
    if (checkpointFailure != null && !change.mayWait()) {
      checkpoint();
      OutboxStoreException failure = checkpointFailure;
      if (failure != null) {
        change.failed(failure, false);
        return;
      }
    }
    try {
      begin();
      note(change);
      change.apply(database());
      if (change.mayWait()) {
        change.queue.refresh(database());
        change.queue.publish();
      }
    } catch (SQLException | Damage | RuntimeException | Error e) {
      if (!applied.contains(change)) {
        note(change);
      }
      again(e);
      return;
    }
    if (change.mayWait()) {
      change.done.complete(null);
    }
    if (change.urgent()) {
      commitWithin(Duration.ZERO);
    } else {
      commitWithin(change.mayWait() ? REMOVAL_DELAY : commitInterval);
    }
  }

  private void note(Change change) {
    applied.add(change);
    changed.add(change.queue);
    appliedBytes += change.bytes();
  }

  private <T> void run(Work<T> work, CompletableFuture<T> result) {
    try {
      result.complete(work.run(database()));
    } catch (SQLException | Damage | RuntimeException | Error e) {
      if (StoreFailure.of(e) != StoreFailure.DAMAGED) {
        result.completeExceptionally(StoreFailure.explain(file.path(), e, file.bounded()));
        return;
      }
      again(e);
      try {
        result.complete(work.run(database()));
      } catch (SQLException | Damage | RuntimeException | Error second) {
        result.completeExceptionally(StoreFailure.explain(file.path(), second, file.bounded()));
      }
    }
  }

  private Database database() {
    Database current = database;
    if (current == null) {
      current = file.open(time.now(), queues, mayRepair());
      database = current;
      revision = Math.max(revision, queues.revision());
    }
    return current;
  }

  private boolean mayRepair() {
    Long before = repairedAt;
    return before == null || time.nanoTime() - before >= REPAIR_PAUSE.toNanos();
  }

  private void begin() throws SQLException {
    Database current = database();
    if (current.inTransaction()) {
      return;
    }
    current.begin();
    for (QueueState queue : owing) {
      changed.add(queue);
      queue.retried.addAll(queue.unremoved);
      queue.unremoved.clear();
      queue.removed(current, queue.retried);
    }
  }

  private void commitWithin(Duration delay) {
    long at = time.nanoTime() + delay.toNanos();
    if (commitAt == null || at - commitAt < 0) {
      commitAt = at;
      if (!delay.isZero()) {
        cancelAlarm();
        alarm = time.schedule(delay, this::ring);
      }
    }
  }

  private void ring() {
    synchronized (lock) {
      rung = true;
      lock.notifyAll();
    }
  }

  private void commit() {
    commitAt = null;
    try {
      if (applied.isEmpty() && owing.isEmpty()) {
        return;
      }
      begin();
      commitTransaction();
    } catch (SQLException | Damage | RuntimeException e) {
      again(e);
      return;
    }
    completed();
  }

  private void commitTransaction() throws SQLException, Damage {
    Database current = database();
    revision++;
    for (QueueState queue : changed) {
      queue.refresh(current);
      queue.counters.revision = revision;
      queue.counters.clock = clock.now();
      queue.counters.wall = clock.wall();
      current.store(queue.id(), queue.counters);
    }
    current.commit();
  }

  private void completed() {
    List<Change> done = applied;
    changed.forEach(QueueState::committed);
    owing.clear();
    clear();
    retryDelay = REMOVAL_DELAY;
    done.forEach(change -> change.done.complete(null));
    tidy();
  }

  private void clear() {
    applied = new ArrayList<>();
    appliedBytes = 0;
    changed.clear();
    commitAt = null;
    cancelAlarm();
  }

  private void cancelAlarm() {
    Alarm set = alarm;
    alarm = null;
    if (set != null) {
      set.cancel();
    }
  }

  /**
   * The transaction failed: forgets it, and if one change may be the cause, applies the changes
   * again one by one, so that only the cause fails.
   */
  private void again(Throwable failure) {
    StoreFailure kind = StoreFailure.of(failure);
    List<Change> changes = applied;
    rollBack();
    if (failure instanceof OutboxStoreException) {
      // The file could not be opened again.
      fail(changes, failure, false);
      return;
    }
    switch (kind) {
      case DISK, IN_USE -> {
        // After a failed sync the file may have what SQLite takes for undone.
        drop();
        fail(changes, failure, kind == StoreFailure.DISK);
        return;
      }
      case DAMAGED -> {
        if (!repair(failure)) {
          fail(changes, failure, true);
          return;
        }
      }
      case FULL, CHANGE -> {}
    }
    oneByOne(changes);
  }

  private void oneByOne(List<Change> changes) {
    List<Change> failed = new ArrayList<>();
    List<OutboxStoreException> reasons = new ArrayList<>();
    try {
      if (!changes.isEmpty()) {
        begin();
      }
      for (Change change : changes) {
        Counters before = change.queue.counters.copy();
        database().savepoint();
        try {
          change.apply(database());
          database().release();
          applied.add(change);
          changed.add(change.queue);
        } catch (SQLException | RuntimeException e) {
          database().rollbackToSavepoint();
          change.queue.restore(before);
          failed.add(change);
          reasons.add(StoreFailure.explain(file.path(), e, file.bounded()));
        }
      }
      if (database().inTransaction()) {
        commitTransaction();
      }
    } catch (SQLException | Damage | RuntimeException e) {
      boolean disk = StoreFailure.of(e) != StoreFailure.FULL;
      rollBack();
      if (disk) {
        drop();
      }
      fail(changes, e, disk);
      return;
    }
    completed();
    for (int i = 0; i < failed.size(); i++) {
      fail(failed.get(i), reasons.get(i), false);
    }
    retryLater();
  }

  private void fail(Collection<Change> changes, Throwable failure, boolean inFile) {
    OutboxStoreException reason = StoreFailure.explain(file.path(), failure, file.bounded());
    changes.forEach(change -> fail(change, reason, inFile));
    retryLater();
  }

  private void fail(Change change, OutboxStoreException reason, boolean inFile) {
    change.failed(reason, inFile);
    if (!change.queue.unremoved.isEmpty()) {
      owing.add(change.queue);
    }
  }

  private void retryLater() {
    if (!owing.isEmpty()) {
      commitWithin(retryDelay);
      Duration twice = retryDelay.multipliedBy(2);
      retryDelay = twice.compareTo(MOST_RETRY_DELAY) < 0 ? twice : MOST_RETRY_DELAY;
    }
  }

  private void rollBack() {
    Database current = database;
    if (current != null && current.inTransaction()) {
      try {
        current.rollback();
      } catch (SQLException e) {
        // SQLite has rolled back by itself.
      }
    }
    queues.all().forEach(QueueState::rolledBack);
    clear();
  }

  /** The connection is opened again when it is needed, so that it agrees with the file. */
  private void drop() {
    Database current = database;
    database = null;
    if (current != null) {
      try {
        current.close();
      } catch (SQLException e) {
        LOG.debug("Closing {} failed: {}", file.path(), StoreFailure.code(e));
      }
    }
  }

  private boolean repair(Throwable failure) {
    drop();
    if (!mayRepair()) {
      return false;
    }
    repairedAt = time.nanoTime();
    try {
      database = file.replaceDamaged(time.now(), queues, failure);
      return true;
    } catch (OutboxStoreException e) {
      LOG.error("The outbox file {} could not be repaired.", file.path(), e);
      return false;
    }
  }

  /** After a commit, when nobody waits for it. */
  private void tidy() {
    try {
      Database current = database();
      if (current.walPages() >= Database.WAL_PAGES) {
        checkpoint();
      }
      if (checkpointFailure == null) {
        long unused = current.pages(true);
        if (unused >= UNUSED_PAGES && current.pages(false) - unused < unused / 16) {
          current.vacuum();
        }
      }
    } catch (SQLException | RuntimeException e) {
      LOG.debug("The outbox file {} cannot be tidied: {}", file.path(), e.toString());
    }
  }

  private void checkpoint() {
    try {
      Database current = database();
      current.checkpoint();
      checkpointFailure = null;
    } catch (SQLException | RuntimeException e) {
      try {
        if (database != null && database.walPages() >= MOST_WAL_PAGES) {
          checkpointFailure = StoreFailure.explain(file.path(), e, file.bounded());
        }
      } catch (SQLException second) {
        drop();
      }
    }
  }

  private void end() {
    try {
      Database current = database;
      if (current != null) {
        Counters own = new Counters();
        own.revision = ++revision;
        own.clock = clock.now();
        own.wall = clock.wall();
        current.store(Counters.STORE, own);
      }
    } catch (SQLException | RuntimeException e) {
      LOG.debug("The clock of {} cannot be stored: {}", file.path(), e.toString());
    }
    drop();
    fail(applied, new OutboxStoreException("The outbox store was closed.", null), false);
  }
}
