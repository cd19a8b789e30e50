package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sqlite.ProgressHandler;

/** The tables of the file, and whether a file has them. */
final class Schema {
  static final int PAGE_BYTES = 4096;

  /** "FlOb", in the header of the file. */
  private static final int APPLICATION_ID = 0x466C4F62;

  private static final int VERSION = 1;

  /** Longer than this, opening does not wait for a check of the whole file. */
  private static final long MOST_CHECK_NANOS = 400_000_000;

  /**
   * All of a message but its blob is in front of it, so that deleting and counting do not read
   * overflow pages.
   */
  private static final List<String> STATEMENTS =
      List.of(
          "CREATE TABLE message(id INTEGER PRIMARY KEY, size INTEGER NOT NULL, due INTEGER,"
              + " record BLOB NOT NULL)",
          "CREATE INDEX expiry ON message(id >> 46, due) WHERE due IS NOT NULL",
          "CREATE TABLE counters(queue INTEGER PRIMARY KEY, record BLOB NOT NULL)",
          "CREATE TABLE owner(queue INTEGER PRIMARY KEY, record BLOB NOT NULL)",
          "CREATE TABLE owner_copy(queue INTEGER PRIMARY KEY, record BLOB NOT NULL)",
          "CREATE TABLE damaged(number INTEGER PRIMARY KEY, id INTEGER NOT NULL,"
              + " record BLOB NOT NULL)");

  private Schema() {}

  /** Creates the tables in an empty file, or checks those of an existing one. */
  static void prepare(Path file, Connection connection) throws SQLException, Damage {
    try (Statement statement = connection.createStatement()) {
      // Together with WAL this needs no shared memory, and no other program can interfere.
      statement.execute("PRAGMA locking_mode=EXCLUSIVE");
      int application = number(statement, "PRAGMA application_id");
      int version = number(statement, "PRAGMA user_version");
      Map<String, String> tables = tables(statement);
      boolean empty = tables.isEmpty() && application == 0 && version == 0;
      if (!empty) {
        check(file, application, version, tables);
      }
      statement.execute("PRAGMA page_size=" + PAGE_BYTES);
      try (ResultSet mode = statement.executeQuery("PRAGMA journal_mode=WAL")) {
        if (!mode.next() || !"wal".equals(mode.getString(1))) {
          throw new Damage("it cannot be switched to a write-ahead log");
        }
        // SQLite returns the row before it commits. The next step reports an error of the commit;
        // ignoring that would leave a rollback journal, whose commits a power cut can undo.
        mode.next();
      }
      statement.execute("PRAGMA synchronous=FULL");
      // A checkpoint runs when the stages have completed, and its failure is not the commit's.
      statement.execute("PRAGMA wal_autocheckpoint=0");
      statement.execute("PRAGMA journal_size_limit=" + Database.WAL_PAGES * PAGE_BYTES);
      statement.execute("PRAGMA temp_store=MEMORY");
      if (empty) {
        create(statement);
      } else {
        quickCheck(connection, statement);
      }
    }
  }

  private static void create(Statement statement) throws SQLException {
    statement.execute("BEGIN IMMEDIATE");
    statement.execute("PRAGMA application_id=" + APPLICATION_ID);
    statement.execute("PRAGMA user_version=" + VERSION);
    for (String sql : STATEMENTS) {
      statement.execute(sql);
    }
    statement.execute("COMMIT");
  }

  private static void check(Path file, int application, int version, Map<String, String> tables)
      throws Damage {
    if (application != APPLICATION_ID) {
      throw new Damage("it is not an outbox");
    }
    Map<String, String> expected = new TreeMap<>();
    for (String sql : STATEMENTS) {
      expected.put(name(sql), sql);
    }
    if (version > VERSION
        && !(Integer.bitCount(version ^ VERSION) == 1 && tables.equals(expected))) {
      throw new OutboxStoreException(
          "The outbox file "
              + file
              + " has version "
              + version
              + ", and this program knows versions up to "
              + VERSION
              + ". Use the newer program, or another file.",
          null);
    }
    if (version != VERSION) {
      throw new Damage("its version is wrong");
    }
    if (!tables.equals(expected)) {
      throw new Damage("its tables are wrong");
    }
  }

  private static String name(String sql) {
    String rest = sql.substring(sql.indexOf(' ', "CREATE ".length()) + 1);
    int end = 0;
    while (Character.isLetter(rest.charAt(end)) || rest.charAt(end) == '_') {
      end++;
    }
    return rest.substring(0, end);
  }

  private static Map<String, String> tables(Statement statement) throws SQLException {
    Map<String, String> tables = new TreeMap<>();
    try (ResultSet rows = statement.executeQuery("SELECT name, sql FROM sqlite_schema")) {
      while (rows.next()) {
        tables.put(String.valueOf(rows.getString(1)), String.valueOf(rows.getString(2)));
      }
    }
    return tables;
  }

  /** Checks the structure of the file, or as much of it as can be read in a short time. */
  private static void quickCheck(Connection connection, Statement statement)
      throws SQLException, Damage {
    long begin = System.nanoTime();
    ProgressHandler.setHandler(
        connection,
        1000,
        new ProgressHandler() {
          @Override
          protected int progress() {
            return System.nanoTime() - begin > MOST_CHECK_NANOS ? 1 : 0;
          }
        });
    try {
      // A page whose reading failed once is reported as damage too, so the check is repeated. An
      // interrupted check reports what it found until then.
      boolean intact = isIntact(statement);
      if (!intact) {
        intact = isIntact(statement);
      }
      if (!intact && System.nanoTime() - begin <= MOST_CHECK_NANOS) {
        throw new Damage("its structure is damaged");
      }
    } catch (SQLException e) {
      if (!"SQLITE_INTERRUPT".equals(StoreFailure.code(e))) {
        throw e;
      }
    } finally {
      ProgressHandler.clearHandler(connection);
    }
  }

  private static boolean isIntact(Statement statement) throws SQLException {
    try (ResultSet result = statement.executeQuery("PRAGMA quick_check(1)")) {
      return result.next() && "ok".equals(result.getString(1));
    }
  }

  private static int number(Statement statement, String pragma) throws SQLException {
    try (ResultSet result = statement.executeQuery(pragma)) {
      return result.next() ? result.getInt(1) : 0;
    }
  }
}
