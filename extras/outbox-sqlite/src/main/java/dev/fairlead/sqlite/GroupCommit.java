package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Applies changes in one transaction until it is committed, and finds out which of them is the
 * cause if that fails. Confined to the store's thread.
 */
final class GroupCommit {
  /** How long a removal waits for a commit that is needed anyway, unless the interval is longer. */
  static final Duration REMOVAL_DELAY = Duration.ofSeconds(1);

  private static final Duration MOST_RETRY_DELAY = Duration.ofMinutes(1);
  private static final long MOST_BYTES = 8 << 20;

  /** How often a group is tried again without those of its changes that failed. */
  private static final int MOST_ATTEMPTS = 8;

  private final StoreConnection connection;
  private final CommitTimer timer;
  private final StoreClock clock;
  private final Duration interval;
  private final Duration removalDelay;
  private final Queues queues;
  private final Set<QueueState> changed = new LinkedHashSet<>();

  /** Queues with removals that failed. */
  private final Set<QueueState> owing = new LinkedHashSet<>();

  private List<Change> applied = new ArrayList<>();
  private long bytes;
  private long revision;
  private Duration retryDelay = REMOVAL_DELAY;

  GroupCommit(
      StoreConnection connection,
      CommitTimer timer,
      StoreClock clock,
      Duration interval,
      Queues queues) {
    this.connection = connection;
    this.timer = timer;
    this.clock = clock;
    this.interval = interval;
    this.removalDelay = interval.compareTo(REMOVAL_DELAY) > 0 ? interval : REMOVAL_DELAY;
    this.queues = queues;
  }

  /** Applies a change, which is committed with those that follow. */
  void apply(Change change) {
    OutboxStoreException overflow = change.mayWait() ? null : connection.overflow();
    if (overflow != null) {
      change.failed(overflow, false);
      return;
    }
    try {
      begin();
      note(change);
      change.apply(connection.database());
      if (change.mayWait()) {
        change.queue.refresh(connection.database());
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
      timer.within(removalDelay);
    } else {
      timer.within(change.urgent() ? Duration.ZERO : interval);
    }
    if (bytes >= MOST_BYTES) {
      commit();
    }
  }

  /**
   * Runs what reads, which sees all that was applied; once more, if the file had to be repaired.
   */
  <T> void run(StoreWriter.Work<T> work, CompletableFuture<T> result) {
    try {
      try {
        result.complete(work.run(connection.database()));
      } catch (SQLException | Damage e) {
        StoreFailure kind = StoreFailure.of(e);
        if (kind == StoreFailure.DAMAGED || kind == StoreFailure.DISK) {
          // SQLite undoes the transaction in which a read fails because of the disk.
          again(e);
        }
        if (kind != StoreFailure.DAMAGED) {
          throw e;
        }
        result.complete(work.run(connection.database()));
      }
    } catch (SQLException | Damage | RuntimeException | Error e) {
      connection.renew();
      result.completeExceptionally(connection.explain(e));
    }
  }

  void commitIfDue() {
    if (timer.isDue()) {
      commit();
    }
  }

  void commit() {
    timer.clear();
    if (applied.isEmpty() && owing.isEmpty()) {
      return;
    }
    try {
      begin();
      commitTransaction();
    } catch (SQLException | Damage | RuntimeException | Error e) {
      again(e);
      return;
    }
    completed();
  }

  /** Commits and closes the file. */
  void close() {
    try {
      commit();
    } finally {
      closeConnection();
    }
  }

  private void closeConnection() {
    Counters own = new Counters();
    own.clock = clock.now();
    own.wall = clock.wall();
    own.revision = nextRevision();
    connection.close(own);
    timer.clear();
  }

  private void begin() throws SQLException {
    Database current = connection.database();
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

  private void note(Change change) {
    applied.add(change);
    changed.add(change.queue);
    bytes += change.bytes();
  }

  private void commitTransaction() throws SQLException, Damage {
    Database current = connection.database();
    long number = nextRevision();
    for (QueueState queue : changed) {
      queue.refresh(current);
      queue.counters.revision = number;
      queue.counters.clock = clock.now();
      queue.counters.wall = clock.wall();
      current.store(queue.id(), queue.counters);
    }
    current.commit();
  }

  private long nextRevision() {
    revision = Math.max(revision, queues.revision()) + 1;
    return revision;
  }

  private void completed() {
    List<Change> done = applied;
    changed.forEach(QueueState::committed);
    owing.clear();
    clear();
    retryDelay = REMOVAL_DELAY;
    done.forEach(change -> change.done.complete(null));
    connection.tidy();
  }

  private void clear() {
    applied = new ArrayList<>();
    bytes = 0;
    changed.clear();
    timer.clear();
  }

  private void rollBack() {
    connection.rollback();
    queues.all().forEach(QueueState::rolledBack);
    clear();
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
        connection.dropDistrusted();
        fail(changes, failure, kind == StoreFailure.DISK);
        return;
      }
      case DAMAGED -> {
        if (!connection.repair(failure)) {
          fail(changes, failure, true);
          return;
        }
      }
      case FULL, CHANGE -> {
        if (changes.size() == 1) {
          fail(changes, failure, false);
          return;
        }
      }
    }
    oneByOne(changes);
  }

  private void oneByOne(List<Change> changes) {
    Map<Change, OutboxStoreException> failures = new LinkedHashMap<>();
    try {
      for (int attempt = 1; !committed(changes, failures); attempt++) {
        if (attempt == MOST_ATTEMPTS) {
          // Removals make room, so they have a last attempt without the rest.
          OutboxStoreException reason = last(failures);
          changes.stream().filter(c -> !c.mayWait()).forEach(c -> failures.putIfAbsent(c, reason));
        } else if (attempt > MOST_ATTEMPTS) {
          throw last(failures);
        }
      }
    } catch (SQLException | Damage | RuntimeException | Error e) {
      boolean disk = StoreFailure.of(e) == StoreFailure.DISK;
      rollBack();
      if (disk) {
        connection.dropDistrusted();
      }
      fail(changes, e, disk);
      return;
    }
    completed();
    failures.forEach((change, reason) -> fail(change, reason, false));
    retryLater();
  }

  private static OutboxStoreException last(Map<Change, OutboxStoreException> failures) {
    return List.copyOf(failures.values()).get(failures.size() - 1);
  }

  /**
   * Applies what has not failed yet, each change with a savepoint of its own, and commits.
   *
   * @return false if SQLite has undone the whole transaction because of one change, which is among
   *     the failures then
   */
  private boolean committed(List<Change> changes, Map<Change, OutboxStoreException> failures)
      throws SQLException, Damage {
    begin();
    for (Change change : changes) {
      if (failures.containsKey(change)) {
        continue;
      }
      Counters before = change.queue.counters.copy();
      connection.database().savepoint();
      try {
        change.apply(connection.database());
        connection.database().release();
        note(change);
      } catch (SQLException | RuntimeException e) {
        OutboxStoreException reason = connection.explain(e);
        failures.put(change, reason);
        try {
          connection.database().rollbackToSavepoint();
          change.queue.restore(before);
        } catch (SQLException gone) {
          rollBack();
          if (StoreFailure.of(e) == StoreFailure.FULL && !change.mayWait()) {
            // Where this did not fit, what is larger and comes later does not fit either.
            changes.stream()
                .dropWhile(other -> other != change)
                .filter(other -> other.bytes() >= change.bytes())
                .forEach(other -> failures.putIfAbsent(other, reason));
          }
          return false;
        }
      }
    }
    commitTransaction();
    return true;
  }

  private void fail(Collection<Change> changes, Throwable failure, boolean inFile) {
    OutboxStoreException reason = connection.explain(failure);
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
      timer.within(retryDelay);
      Duration twice = retryDelay.multipliedBy(2);
      retryDelay = twice.compareTo(MOST_RETRY_DELAY) < 0 ? twice : MOST_RETRY_DELAY;
    }
  }
}
