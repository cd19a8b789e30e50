package dev.fairlead.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.sqlite.SQLiteConfig;

/**
 * The statements on the file, over one connection. Used by one thread at a time. A reader may stop
 * at any row: nothing is loaded that is not asked for.
 */
final class Database implements AutoCloseable {
  /** The write-ahead log is written back into the file when it has this many pages: 4 MB. */
  static final int WAL_PAGES = 1024;

  /** How many damaged records are kept for inspection. */
  static final int MOST_DAMAGED = 1000;

  private final Connection connection;
  private Statements sql;
  private boolean inTransaction;

  private Database(Connection connection) throws SQLException {
    this.connection = connection;
    this.sql = new Statements(connection);
  }

  /**
   * Opens a file, and creates its tables if it is new.
   *
   * @throws Damage if it is not an outbox, or its structure is damaged
   */
  static Database open(Path file, long maxPages) throws SQLException, Damage {
    SQLiteConfig config = new SQLiteConfig();
    config.setGetGeneratedKeys(false);
    config.setBusyTimeout(500);
    Connection connection = config.createConnection("jdbc:sqlite:" + file);
    try {
      Schema.prepare(file, connection);
      if (maxPages > 0) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("PRAGMA max_page_count=" + maxPages);
        }
      }
      return new Database(connection);
    } catch (Throwable e) {
      connection.close();
      throw e;
    }
  }

  boolean inTransaction() {
    return inTransaction;
  }

  void begin() throws SQLException {
    sql.begin.execute();
    inTransaction = true;
  }

  void commit() throws SQLException {
    sql.commit.execute();
    inTransaction = false;
  }

  /** Undoes the transaction, if there is one, after whatever failed. */
  void rollback() throws SQLException {
    boolean open = inTransaction;
    inTransaction = false;
    try {
      if (open) {
        execute("ROLLBACK");
      }
    } finally {
      renew();
    }
  }

  /** The driver closes a statement that has failed. */
  void renew() throws SQLException {
    sql.close();
    sql = new Statements(connection);
  }

  void savepoint() throws SQLException {
    execute("SAVEPOINT change");
  }

  void release() throws SQLException {
    execute("RELEASE change");
  }

  /** Fails if SQLite has rolled back the whole transaction. */
  void rollbackToSavepoint() throws SQLException {
    execute("ROLLBACK TO change");
    release();
    renew();
  }

  void insert(long id, int size, long due, byte[] record) throws SQLException {
    sql.insert.setLong(1, id);
    sql.insert.setInt(2, size);
    if (due == Long.MAX_VALUE) {
      sql.insert.setNull(3, Types.INTEGER);
    } else {
      sql.insert.setLong(3, due);
    }
    sql.insert.setBytes(4, record);
    sql.insert.executeUpdate();
  }

  /**
   * Messages that were deleted, or are stored.
   *
   * @param count how many
   * @param bytes their size in all
   */
  record Amount(long count, long bytes) {
    static final Amount NONE = new Amount(0, 0);
  }

  Amount measure(long from, long through) throws SQLException {
    sql.measure.setLong(1, from);
    sql.measure.setLong(2, through);
    try (ResultSet result = sql.measure.executeQuery()) {
      return result.next() ? new Amount(result.getLong(1), result.getLong(2)) : Amount.NONE;
    }
  }

  Amount delete(long from, long through) throws SQLException {
    Amount amount = measure(from, through);
    if (amount.count() > 0) {
      sql.delete.setLong(1, from);
      sql.delete.setLong(2, through);
      sql.delete.executeUpdate();
    }
    return amount;
  }

  /** The largest key of a range, 0 if it has none. */
  long lastId(long from, long through) throws SQLException {
    try (PreparedStatement last =
        connection.prepareStatement("SELECT max(id) FROM message WHERE id BETWEEN ? AND ?")) {
      last.setLong(1, from);
      last.setLong(2, through);
      try (ResultSet result = last.executeQuery()) {
        return result.next() ? result.getLong(1) : 0;
      }
    }
  }

  /** Receives rows until it has enough. */
  @FunctionalInterface
  interface Rows {
    /** Returns whether to go on. */
    boolean row(long id, byte[] record) throws SQLException, Damage;
  }

  /** Passes on the messages of a range of keys in order; returns whether it came to their end. */
  boolean scan(long from, long through, Rows rows) throws SQLException, Damage {
    sql.scan.setLong(1, from);
    sql.scan.setLong(2, through);
    return read(sql.scan, rows);
  }

  /** Passes on the messages that were due at this time. */
  boolean expired(int queue, long now, Rows rows) throws SQLException, Damage {
    sql.expired.setInt(1, queue);
    sql.expired.setLong(2, now);
    return read(sql.expired, rows);
  }

  private static boolean read(PreparedStatement query, Rows rows) throws SQLException, Damage {
    try (ResultSet result = query.executeQuery()) {
      while (result.next()) {
        byte[] record = result.getBytes(2);
        if (!rows.row(result.getLong(1), record == null ? new byte[0] : record)) {
          return false;
        }
      }
      return true;
    }
  }

  /** When the first message of a queue is due; {@link Long#MAX_VALUE} for never. */
  long firstDue(int queue) throws SQLException {
    sql.firstDue.setInt(1, queue);
    try (ResultSet result = sql.firstDue.executeQuery()) {
      return result.next() ? result.getLong(1) : Long.MAX_VALUE;
    }
  }

  void reindex() throws SQLException {
    execute("REINDEX expiry");
  }

  void store(int queue, Counters values) throws SQLException {
    sql.counters.setInt(1, queue);
    sql.counters.setBytes(2, values.encode(queue));
    sql.counters.executeUpdate();
  }

  void store(QueueOwner owner) throws SQLException {
    for (String table : List.of("owner", "owner_copy")) {
      try (PreparedStatement store =
          connection.prepareStatement("INSERT OR REPLACE INTO " + table + " VALUES(?,?)")) {
        store.setInt(1, owner.queue());
        store.setBytes(2, owner.encode());
        store.executeUpdate();
      }
    }
  }

  /** The rows of a small table. */
  List<byte[]> all(String table) throws SQLException {
    List<byte[]> records = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SELECT record FROM " + table)) {
      while (result.next()) {
        records.add(Objects.requireNonNullElse(result.getBytes(1), new byte[0]));
      }
    }
    return records;
  }

  /** Moves a damaged record to where nothing reads it; the oldest of those are deleted. */
  void setAside(long id, byte[] record) throws SQLException {
    try (PreparedStatement copy =
            connection.prepareStatement("INSERT INTO damaged(id, record) VALUES(?,?)");
        PreparedStatement bound =
            connection.prepareStatement(
                "DELETE FROM damaged WHERE number <= (SELECT max(number) FROM damaged) - ?")) {
      copy.setLong(1, id);
      copy.setBytes(2, record);
      copy.executeUpdate();
      bound.setInt(1, MOST_DAMAGED);
      bound.executeUpdate();
    }
  }

  /** How many pages the write-ahead log has that are not in the file yet. */
  long walPages() throws SQLException {
    try (ResultSet result = sql.walSize.executeQuery()) {
      return result.next() ? result.getLong(2) - result.getLong(3) : 0;
    }
  }

  void checkpoint() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA wal_checkpoint(PASSIVE)")) {
      result.next();
    }
  }

  /** Writes all of the log back, syncs the file, and begins an empty log. */
  void emptyLog() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA wal_checkpoint(TRUNCATE)")) {
      result.next();
    }
  }

  long pages(boolean unused) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery(unused ? "PRAGMA freelist_count" : "PRAGMA page_count")) {
      return result.next() ? result.getLong(1) : 0;
    }
  }

  /** Rewrites the file without its unused pages. Not inside a transaction. */
  void vacuum() throws SQLException {
    execute("VACUUM");
  }

  private void execute(String command) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(command);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
