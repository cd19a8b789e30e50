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
  private final PreparedStatement begin;
  private final PreparedStatement commit;
  private final PreparedStatement insert;
  private final PreparedStatement measure;
  private final PreparedStatement delete;
  private final PreparedStatement scan;
  private final PreparedStatement expired;
  private final PreparedStatement firstDue;
  private final PreparedStatement counters;
  private final PreparedStatement walSize;
  private boolean inTransaction;

  private Database(Connection connection) throws SQLException {
    this.connection = connection;
    begin = connection.prepareStatement("BEGIN IMMEDIATE");
    commit = connection.prepareStatement("COMMIT");
    insert = connection.prepareStatement("INSERT INTO message VALUES(?,?,?,?)");
    measure =
        connection.prepareStatement(
            "SELECT count(*), total(size) FROM message WHERE id BETWEEN ? AND ?");
    delete = connection.prepareStatement("DELETE FROM message WHERE id BETWEEN ? AND ?");
    scan =
        connection.prepareStatement(
            "SELECT id, record FROM message WHERE id BETWEEN ? AND ? ORDER BY id");
    expired =
        connection.prepareStatement(
            "SELECT id, record FROM message INDEXED BY expiry"
                + " WHERE id >> 46 = ? AND due <= ? ORDER BY due");
    firstDue =
        connection.prepareStatement(
            "SELECT due FROM message INDEXED BY expiry"
                + " WHERE id >> 46 = ? AND due IS NOT NULL ORDER BY due LIMIT 1");
    counters = connection.prepareStatement("INSERT OR REPLACE INTO counters VALUES(?,?)");
    walSize = connection.prepareStatement("PRAGMA wal_checkpoint(NOOP)");
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
    begin.execute();
    inTransaction = true;
  }

  void commit() throws SQLException {
    commit.execute();
    inTransaction = false;
  }

  void rollback() throws SQLException {
    inTransaction = false;
    execute("ROLLBACK");
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
  }

  void insert(long id, int size, long due, byte[] record) throws SQLException {
    insert.setLong(1, id);
    insert.setInt(2, size);
    if (due == Long.MAX_VALUE) {
      insert.setNull(3, Types.INTEGER);
    } else {
      insert.setLong(3, due);
    }
    insert.setBytes(4, record);
    insert.executeUpdate();
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
    measure.setLong(1, from);
    measure.setLong(2, through);
    try (ResultSet result = measure.executeQuery()) {
      return result.next() ? new Amount(result.getLong(1), result.getLong(2)) : Amount.NONE;
    }
  }

  Amount delete(long from, long through) throws SQLException {
    Amount amount = measure(from, through);
    if (amount.count() > 0) {
      delete.setLong(1, from);
      delete.setLong(2, through);
      delete.executeUpdate();
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
    scan.setLong(1, from);
    scan.setLong(2, through);
    return read(scan, rows);
  }

  /** Passes on the messages that were due at this time. */
  boolean expired(int queue, long now, Rows rows) throws SQLException, Damage {
    expired.setInt(1, queue);
    expired.setLong(2, now);
    return read(expired, rows);
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
    firstDue.setInt(1, queue);
    try (ResultSet result = firstDue.executeQuery()) {
      return result.next() ? result.getLong(1) : Long.MAX_VALUE;
    }
  }

  void reindex() throws SQLException {
    execute("REINDEX expiry");
  }

  void store(int queue, Counters values) throws SQLException {
    counters.setInt(1, queue);
    counters.setBytes(2, values.encode(queue));
    counters.executeUpdate();
  }

  void store(QueueOwner owner) throws SQLException {
    for (String table : List.of("owner", "owner_copy")) {
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT OR REPLACE INTO " + table + " VALUES(?,?)")) {
        insert.setInt(1, owner.queue());
        insert.setBytes(2, owner.encode());
        insert.executeUpdate();
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
    try (ResultSet result = walSize.executeQuery()) {
      return result.next() ? result.getLong(2) - result.getLong(3) : 0;
    }
  }

  void checkpoint() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("PRAGMA wal_checkpoint(PASSIVE)")) {
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

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
