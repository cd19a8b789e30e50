package dev.fairlead.benchmarks;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import org.sqlite.SQLiteConfig;

/** A table of blobs over plain JDBC, with the settings of the durable outbox. */
final class BareSqlite implements OutboxStores.GroupStore {
  private final Connection connection;
  private final PreparedStatement insert;

  BareSqlite(Path file) {
    try {
      SQLiteConfig config = new SQLiteConfig();
      config.setGetGeneratedKeys(false);
      connection = config.createConnection("jdbc:sqlite:" + file);
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA locking_mode=EXCLUSIVE");
        statement.execute("PRAGMA journal_mode=WAL");
        statement.execute("PRAGMA synchronous=FULL");
        statement.execute("CREATE TABLE message(id INTEGER PRIMARY KEY, record BLOB NOT NULL)");
      }
      connection.setAutoCommit(false);
      insert = connection.prepareStatement("INSERT INTO message VALUES(?,?)");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void store(long first, int count, byte[] body) throws SQLException {
    for (int i = 0; i < count; i++) {
      insert.setLong(1, first + i);
      insert.setBytes(2, body);
      insert.addBatch();
    }
    insert.executeBatch();
    connection.commit();
  }

  @Override
  public void close() {
    try {
      insert.close();
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
