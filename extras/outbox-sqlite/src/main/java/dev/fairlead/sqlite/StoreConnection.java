package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.TimeSource;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to the file, which is opened again after an error of the disk and to a new file
 * after damage, and what is done to the file between commits. Confined to the store's thread.
 */
final class StoreConnection {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteOutboxStore.class);

  /** If the log cannot be written back, nothing more is added to it from 64 MB on. */
  private static final long MOST_WAL_PAGES = 16L * Database.WAL_PAGES;

  /** Unused pages of 16 MB are given back to the file system if few pages are used. */
  private static final long UNUSED_PAGES = 4096;

  /** A second damage so soon after the first is a broken disk. */
  private static final Duration REPAIR_PAUSE = Duration.ofMinutes(10);

  private final StoreFile file;
  private final TimeSource time;
  private final Queues queues;
  private @Nullable Database database;
  private @Nullable Long repairedAt;
  private @Nullable OutboxStoreException overflow;
  private boolean distrusted;

  StoreConnection(StoreFile file, Database database, TimeSource time, Queues queues) {
    this.file = file;
    this.database = database;
    this.time = time;
    this.queues = queues;
  }

  /**
   * The open file.
   *
   * @throws OutboxStoreException if it cannot be opened again
   */
  Database database() {
    Database current = database;
    if (current == null) {
      int before = file.replacements();
      current = file.open(time.now(), queues, mayRepair());
      if (file.replacements() > before) {
        repairedAt = time.nanoTime();
      }
      try {
        if (distrusted) {
          current.emptyLog();
          distrusted = false;
        }
        database = current;
      } catch (SQLException e) {
        close(current);
        throw explain(e);
      }
    }
    return current;
  }

  /** Undoes the transaction, and prepares the statements that failed again. */
  void rollback() {
    Database current = database;
    try {
      if (current != null) {
        current.rollback();
      }
    } catch (SQLException e) {
      // SQLite has rolled back by itself.
    }
  }

  /** Prepares the statements that failed again; the transaction goes on. */
  void renew() {
    Database current = database;
    try {
      if (current != null) {
        current.renew();
      }
    } catch (SQLException e) {
      LOG.debug("Statements cannot be prepared: {}", StoreFailure.code(e));
    }
  }

  /** The connection is opened again when it is needed, so that it agrees with the file. */
  void drop() {
    Database current = database;
    database = null;
    if (current != null) {
      close(current);
    }
  }

  /**
   * After an error of the disk. A sync that failed may have lost pages of the log that can still be
   * read. What is appended to them would be lost with them, so a new log is begun.
   */
  void dropDistrusted() {
    distrusted = true;
    drop();
  }

  private void close(Database closing) {
    try {
      closing.close();
    } catch (SQLException e) {
      LOG.debug("Closing {} failed: {}", file.path(), StoreFailure.code(e));
    }
  }

  /** Replaces a damaged file; returns false if that failed, or was necessary a short time ago. */
  boolean repair(Throwable failure) {
    drop();
    if (!mayRepair()) {
      return false;
    }
    repairedAt = time.nanoTime();
    try {
      database = file.replaceDamaged(time.now(), queues, failure);
      distrusted = false;
      return true;
    } catch (OutboxStoreException e) {
      LOG.error("The outbox file {} could not be repaired.", file.path(), e);
      return false;
    }
  }

  private boolean mayRepair() {
    Long before = repairedAt;
    return before == null || time.nanoTime() - before >= REPAIR_PAUSE.toNanos();
  }

  /** After a commit, when its stages have completed. */
  void tidy() {
    try {
      Database current = database();
      if (current.walPages() >= Database.WAL_PAGES) {
        checkpoint(current);
      }
      if (overflow == null) {
        long unused = current.pages(true);
        if (unused >= UNUSED_PAGES && current.pages(false) - unused < unused / 16) {
          current.vacuum();
        }
      }
    } catch (SQLException | RuntimeException e) {
      renew();
      LOG.debug("The outbox file {} cannot be tidied: {}", file.path(), e.toString());
    }
  }

  /** Why nothing may be added to the log, or null. */
  @Nullable OutboxStoreException overflow() {
    if (overflow != null) {
      try {
        checkpoint(database());
      } catch (SQLException | RuntimeException e) {
        renew();
      }
    }
    return overflow;
  }

  private void checkpoint(Database current) throws SQLException {
    try {
      current.checkpoint();
      overflow = null;
    } catch (SQLException e) {
      current.renew();
      if (current.walPages() >= MOST_WAL_PAGES) {
        overflow = explain(e);
      }
    }
  }

  /** Commits the clocks, so that the time in which the store is closed can be told; closes. */
  void close(Counters own) {
    try {
      Database current = database;
      if (current != null) {
        current.store(Counters.STORE, own);
      }
    } catch (SQLException e) {
      LOG.debug("The clock of {} cannot be stored: {}", file.path(), StoreFailure.code(e));
    }
    drop();
  }

  OutboxStoreException explain(Throwable failure) {
    return StoreFailure.explain(file.path(), failure, file.bounded());
  }
}
