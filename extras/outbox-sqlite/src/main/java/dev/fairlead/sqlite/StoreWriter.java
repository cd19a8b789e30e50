package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.TimeSource;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store's thread: it alone uses the file. It takes what has been handed over, applies all of it
 * in one transaction, commits, and completes the stages; what is handed over during a commit goes
 * into the next one. It sleeps without a limit if there is nothing to do.
 */
final class StoreWriter {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteOutboxStore.class);

  /** Work that reads, or does something with the whole store. */
  @FunctionalInterface
  interface Work<T> {
    T run(Database database) throws SQLException, Damage;
  }

  private final Path file;
  private final GroupCommit group;
  private final Runnable whenEnded;
  private final Thread thread;
  private final CountDownLatch ended = new CountDownLatch(1);

  private final Object lock = new Object();

  // Guarded by lock.
  private ArrayDeque<Runnable> incoming = new ArrayDeque<>();
  private boolean rung;
  private boolean closing;

  StoreWriter(
      StoreFile storeFile,
      Database database,
      TimeSource time,
      StoreClock clock,
      Duration commitInterval,
      Queues queues,
      Runnable whenEnded) {
    file = storeFile.path();
    group =
        new GroupCommit(
            new StoreConnection(storeFile, database, time, queues),
            new CommitTimer(time, this::ring),
            clock,
            commitInterval,
            queues);
    this.whenEnded = whenEnded;
    thread = new Thread(this::work, "fairlead-outbox-" + file.getFileName());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Hands a change over. Its stage completes when it is committed, or has failed. */
  void write(Change change) {
    hand(() -> group.apply(change), change.done);
  }

  /** Applies a change. On the store's thread only. */
  void apply(Change change) {
    group.apply(change);
  }

  /** Hands over what reads; it sees all that was handed over before. */
  <T> CompletableFuture<T> read(Work<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    hand(() -> group.run(work, result), result);
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
        new OutboxStoreException("The outbox store " + file + " is closed.", null));
  }

  private void ring() {
    synchronized (lock) {
      rung = true;
      lock.notifyAll();
    }
  }

  /** Ends the thread after all that was handed over; returns whether it ended in time. */
  boolean close(Duration limit) {
    synchronized (lock) {
      closing = true;
      lock.notifyAll();
    }
    if (Thread.currentThread() == thread) {
      return true; // It ends when this callback returns.
    }
    try {
      return ended.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void work() {
    try {
      while (!takeAndCommit()) {
        // Until the store is closed.
      }
    } finally {
      whenEnded.run();
      ended.countDown();
    }
  }

  /** Returns whether this was the last time. */
  private boolean takeAndCommit() {
    ArrayDeque<Runnable> batch;
    boolean last;
    synchronized (lock) {
      while (incoming.isEmpty() && !closing && !rung) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          // No other code has this thread, so the interrupt has no meaning.
        }
      }
      batch = incoming;
      incoming = new ArrayDeque<>();
      rung = false;
      last = closing;
    }
    batch.forEach(this::safely);
    safely(last ? group::close : group::commitIfDue);
    return last;
  }

  private void safely(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      LOG.error("The outbox store {} failed in an unexpected way.", file, e);
    }
  }
}
