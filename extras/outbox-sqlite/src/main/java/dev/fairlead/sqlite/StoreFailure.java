package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What a failure of SQLite means for the store and for the user. */
enum StoreFailure {
  /** Temporary; the same connection goes on. */
  FULL,
  /** The disk; what the connection believes may differ from the file. */
  DISK,
  /** The content of the file. */
  DAMAGED,
  /** Another program has the file open. */
  IN_USE,
  /** This one change, for instance a number that exists already. */
  CHANGE;

  private static final int PRIMARY = 0xFF;

  static StoreFailure of(Throwable failure) {
    if (failure instanceof Damage) {
      return DAMAGED;
    }
    if (failure instanceof IOException) {
      return DISK;
    }
    if (!(failure instanceof SQLiteException exception)) {
      return CHANGE;
    }
    SQLiteErrorCode code = exception.getResultCode();
    return switch (code.code & PRIMARY) {
      case 13 -> FULL; // SQLITE_FULL
      case 5, 6 -> IN_USE; // SQLITE_BUSY, SQLITE_LOCKED
      // SQLITE_CORRUPT, SQLITE_NOTADB; SQLITE_ERROR and SQLITE_SCHEMA, because the statements are
      // right, so the schema is not; SQLITE_MISMATCH
      case 1, 11, 17, 20, 26 -> DAMAGED;
      case 19, 18 -> CHANGE; // SQLITE_CONSTRAINT, SQLITE_TOOBIG
      default -> code == SQLiteErrorCode.SQLITE_IOERR_CORRUPTFS ? DAMAGED : DISK;
    };
  }

  /** The exception for the caller: what happened, why, and what to do. */
  static OutboxStoreException explain(Path file, Throwable failure, boolean bounded) {
    if (failure instanceof OutboxStoreException known) {
      return known;
    }
    return new OutboxStoreException(text(file, failure, bounded), failure);
  }

  private static String text(Path file, Throwable failure, boolean bounded) {
    String code =
        failure instanceof SQLiteException exception ? exception.getResultCode().name() : "";
    return switch (of(failure)) {
      case FULL ->
          bounded
              ? "The outbox file "
                  + file
                  + " has reached its limit (maxBytes). Wait until queued messages are sent, or set"
                  + " a larger limit."
              : "The disk is full: "
                  + file
                  + " cannot grow. Free space on its file system; what is stored already is safe.";
      case DISK ->
          readOnly(file, code)
              ? "The disk is read-only: "
                  + file
                  + " cannot be written. Mount its file system writable, and look for disk errors"
                  + " in the kernel log if it became read-only by itself."
              : "The disk reported an error for "
                  + file
                  + " ("
                  + (code.isEmpty() ? failure : code)
                  + "). Look into the kernel log and check the medium; what is stored already is"
                  + " kept.";
      case DAMAGED ->
          "The outbox file " + file + " is damaged (" + (code.isEmpty() ? failure : code) + ").";
      case IN_USE ->
          "The outbox file "
              + file
              + " is in use by another program. Close that program; a store has its file to"
              + " itself.";
      case CHANGE ->
          code.startsWith("SQLITE_CONSTRAINT")
              ? "A message with this number is stored already."
              : "The outbox file " + file + " could not be changed: " + failure;
    };
  }

  private static boolean readOnly(Path file, String code) {
    if (code.startsWith("SQLITE_READONLY")) {
      return true;
    }
    try {
      return Files.getFileStore(file.toAbsolutePath().getParent()).isReadOnly();
    } catch (IOException e) {
      return false;
    }
  }

  /** The text of a failure without SQL. */
  static String code(SQLException failure) {
    return failure instanceof SQLiteException exception
        ? exception.getResultCode().name()
        : failure.getClass().getSimpleName();
  }
}
