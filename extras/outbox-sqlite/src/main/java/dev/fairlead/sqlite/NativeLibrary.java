package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteJDBCLoader;

/** Loads the native part of SQLite, once in a process. */
final class NativeLibrary {
  private NativeLibrary() {}

  /**
   * Loads the library, unless that was done before.
   *
   * @param library the file to load; null to take it from the jar
   * @param folder where it is copied to from the jar; null for {@code java.io.tmpdir}
   */
  static synchronized void load(@Nullable Path library, @Nullable Path folder) {
    if (library != null && !Files.isRegularFile(library)) {
      throw new OutboxStoreException(
          "There is no native library "
              + library
              + ". Pass the path of libsqlitejdbc.so, which is in the jar of sqlite-jdbc in the"
              + " folder org/sqlite/native/<system>/<processor>.",
          null);
    }
    Map<String, @Nullable String> given =
        library == null
            ? Map.of()
            : Map.of(
                "org.sqlite.lib.path",
                String.valueOf(library.toAbsolutePath().getParent()),
                "org.sqlite.lib.name",
                String.valueOf(library.getFileName()));
    Map<String, @Nullable String> before = new HashMap<>();
    given.forEach((key, value) -> set(key, value, before));
    if (folder != null) {
      set("org.sqlite.tmpdir", folder.toAbsolutePath().toString(), before);
    }
    try {
      if (!SQLiteJDBCLoader.initialize()) {
        throw failure(null);
      }
    } catch (OutboxStoreException e) {
      throw e;
    } catch (NoClassDefFoundError e) {
      throw new OutboxStoreException(
          "SQLite is missing: add org.xerial:sqlite-jdbc to the class path or the module path.", e);
    } catch (Exception | LinkageError e) {
      throw failure(e);
    } finally {
      before.forEach(NativeLibrary::restore);
    }
  }

  private static OutboxStoreException failure(@Nullable Throwable cause) {
    return new OutboxStoreException(
        "The native library of SQLite could not be loaded for "
            + System.getProperty("os.name")
            + " on "
            + System.getProperty("os.arch")
            + ". It is copied to "
            + System.getProperty("org.sqlite.tmpdir", System.getProperty("java.io.tmpdir"))
            + ", which must be writable and not mounted noexec. Name another folder with"
            + " SqliteOutboxStore.builder(file).temporaryFolder(path), or take libsqlitejdbc.so"
            + " out of the jar of sqlite-jdbc and name it with nativeLibrary(path).",
        cause);
  }

  private static void set(
      String key, @Nullable String value, Map<String, @Nullable String> before) {
    before.put(key, System.getProperty(key));
    System.setProperty(key, Objects.requireNonNull(value));
  }

  private static void restore(String key, @Nullable String value) {
    if (value == null) {
      System.clearProperty(key);
    } else {
      System.setProperty(key, value);
    }
  }
}
