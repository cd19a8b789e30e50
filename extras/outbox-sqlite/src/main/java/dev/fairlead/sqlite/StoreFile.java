package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a store, its log beside it, and what happens if they are damaged: they are renamed,
 * never deleted, and a new file gets what can be read of them.
 */
final class StoreFile {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteOutboxStore.class);
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final String WAL = "-wal";

  private final Path path;
  private final long maxPages;
  private int replacements;

  private StoreFile(Path path, long maxPages) {
    this.path = path;
    this.maxPages = maxPages;
  }

  /** The file with links resolved, so that two names of it are noticed. */
  static StoreFile of(Path file, long maxPages) {
    Path absolute = file.toAbsolutePath().normalize();
    try {
      Path folder = absolute.getParent();
      if (folder == null || Files.isDirectory(absolute)) {
        throw new OutboxStoreException("The outbox cannot be " + file + ", a folder.", null);
      }
      Files.createDirectories(folder);
      Path real =
          Files.exists(absolute)
              ? absolute.toRealPath()
              : folder.toRealPath().resolve(String.valueOf(absolute.getFileName()));
      return new StoreFile(real, maxPages);
    } catch (IOException e) {
      throw new OutboxStoreException(
          "The outbox " + file + " cannot be opened: " + e + ". Check the folder.", e);
    }
  }

  /** How often a damaged file was replaced. */
  int replacements() {
    return replacements;
  }

  Path path() {
    return path;
  }

  boolean bounded() {
    return maxPages > 0;
  }

  /**
   * Opens the file and reads its queues; what is damaged is set aside first.
   *
   * @param now for the name of what is set aside
   * @param queues get what the file has; the owners that they know replace those that it has lost
   * @param mayReplace whether a damaged file is set aside; it is refused otherwise
   */
  Database open(Instant now, Queues queues, boolean mayReplace) {
    try {
      finishReplacement(now);
      // SQLite would delete a log without a file.
      if (orphanedLog()) {
        return replace(now, queues, "its log has no file");
      }
      try {
        return load(queues);
      } catch (SQLException | Damage e) {
        if (!mayReplace || StoreFailure.of(e) != StoreFailure.DAMAGED) {
          throw e;
        }
        return replace(now, queues, reason(e));
      }
    } catch (IOException | SQLException | Damage e) {
      throw StoreFailure.explain(path, e, bounded());
    }
  }

  /** Replaces the file, which is closed, because its content turned out to be damaged. */
  Database replaceDamaged(Instant now, Queues queues, Throwable failure) {
    try {
      return replace(now, queues, reason(failure));
    } catch (IOException | SQLException | Damage e) {
      throw StoreFailure.explain(path, e, bounded());
    }
  }

  private Database load(Queues queues) throws IOException, SQLException, Damage {
    checkFormat();
    Database database = Database.open(path, maxPages);
    try {
      queues.load(database);
      // SQLite does that too when it has created its log, but ignores a failure.
      syncFolder();
      return database;
    } catch (IOException | SQLException | Damage | RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static String reason(Throwable failure) {
    return failure instanceof SQLException exception
        ? StoreFailure.code(exception)
        : String.valueOf(failure.getMessage());
  }

  /**
   * SQLite takes a file of a later format for read-only, which would look like a disk that is.
   * Source: "Database File Format", section 1.3.3.
   */
  private void checkFormat() throws IOException, Damage {
    if (!Files.exists(path)) {
      return;
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] header = in.readNBytes(20);
      if (header.length == 20 && (header[18] > 2 || header[18] < 0)) {
        throw new Damage("its format is unknown");
      }
    }
  }

  private boolean orphanedLog() throws IOException {
    Path log = beside(WAL);
    return Files.exists(log)
        && Files.size(log) > 0
        && (!Files.exists(path) || Files.size(path) == 0);
  }

  private Database replace(Instant now, Queues queues, String reason)
      throws IOException, SQLException, Damage {
    Path recovering = recovering();
    Files.deleteIfExists(recovering);
    Files.deleteIfExists(recovering.resolveSibling(recovering.getFileName() + WAL));
    if (!Files.exists(path)) {
      Files.createFile(path);
      syncFolder();
    }
    Salvage.Report report = Salvage.copy(path, beside(WAL), recovering, queues.owners());
    Path aside = aside(now);
    // The order matters if power fails in between; finishReplacement goes on from each step.
    Files.move(path, aside);
    syncFolder();
    moveLogs(aside);
    Files.move(recovering, path);
    syncFolder();
    replacements++;
    LOG.error(
        "The outbox file {} was damaged or of another program ({}). It was set aside as {} and is"
            + " not deleted. A new file has {} messages of {} identities that could be read; {}"
            + " messages could not.",
        path,
        reason,
        aside,
        report.messages(),
        report.queues(),
        report.missing());
    return load(queues);
  }

  /** Power failed while a damaged file was replaced. */
  private void finishReplacement(Instant now) throws IOException {
    Path recovering = recovering();
    if (!Files.exists(recovering)) {
      return;
    }
    if (Files.exists(path)) {
      Files.delete(recovering);
      Files.deleteIfExists(recovering.resolveSibling(recovering.getFileName() + WAL));
      return;
    }
    moveLogs(aside(now));
    Files.move(recovering, path);
    syncFolder();
  }

  private void moveLogs(Path aside) throws IOException {
    for (String suffix : new String[] {WAL, "-shm", "-journal"}) {
      Path log = beside(suffix);
      if (Files.exists(log)) {
        Files.move(log, aside.resolveSibling(aside.getFileName() + suffix));
      }
    }
    syncFolder();
  }

  private Path aside(Instant now) {
    String name = path.getFileName() + ".damaged-" + STAMP.format(now);
    Path aside = path.resolveSibling(name);
    for (int i = 2; Files.exists(aside); i++) {
      aside = path.resolveSibling(name + "-" + i);
    }
    return aside;
  }

  private Path recovering() {
    return beside(".recovering");
  }

  private Path beside(String suffix) {
    return path.resolveSibling(path.getFileName() + suffix);
  }

  /** Makes names durable. Windows opens no folder for that, and does not need it. */
  private void syncFolder() throws IOException {
    Path folder = path.getParent();
    if (folder == null) {
      return;
    }
    FileChannel opened;
    try {
      opened = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      LOG.debug("The folder {} cannot be synced: {}", folder, e.toString());
      return;
    }
    try (FileChannel channel = opened) {
      channel.force(true);
    }
  }
}
