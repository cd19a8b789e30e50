package dev.fairlead.sqlite;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/** The statements that are used again and again. */
final class Statements implements AutoCloseable {
  final PreparedStatement begin;
  final PreparedStatement commit;
  final PreparedStatement insert;
  final PreparedStatement measure;
  final PreparedStatement delete;
  final PreparedStatement scan;
  final PreparedStatement expired;
  final PreparedStatement firstDue;
  final PreparedStatement counters;
  final PreparedStatement walSize;

  Statements(Connection connection) throws SQLException {
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

  @Override
  public void close() {
    for (PreparedStatement statement :
        List.of(
            begin, commit, insert, measure, delete, scan, expired, firstDue, counters, walSize)) {
      try {
        statement.close();
      } catch (SQLException e) {
        // It is the one that has failed.
      }
    }
  }
}
