package dev.fairlead.sqlite;

import static dev.fairlead.sqlite.StoreRig.DEVICE;
import static dev.fairlead.sqlite.StoreRig.HUB;
import static dev.fairlead.sqlite.StoreRig.add;
import static dev.fairlead.sqlite.StoreRig.numbers;
import static dev.fairlead.sqlite.StoreRig.sequences;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.spi.StoredQueue;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file has one store; other processes are real ones. */
class SecondStoreTest {
  @TempDir Path folder;

  @Test
  void aSecondStoreInThisProcessIsRefused() throws Exception {
    Path file = folder.resolve("outbox.db");
    Path link = folder.resolve("link.db");
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      Files.createSymbolicLink(link, file);
      for (Path name : List.of(file, folder.resolve("x/../outbox.db"), link)) {
        assertThatThrownBy(() -> SqliteOutboxStore.open(name))
            .isInstanceOf(OutboxStoreException.class)
            .hasMessageContaining(file.toRealPath().toString())
            .hasMessageContaining("in this process");
      }
      add(queue, 1, 1);
    }
    SqliteOutboxStore.open(file).close();
  }

  @Test
  void aSecondStoreInAnotherProcessIsRefusedUntilTheFirstIsKilled() throws Exception {
    Path file = folder.resolve("outbox.db");
    Process other = start(Holder.class, file.toString());
    try (BufferedReader out = other.inputReader(StandardCharsets.UTF_8)) {
      assertThat(out.readLine()).isEqualTo("stored");
      assertThatThrownBy(() -> SqliteOutboxStore.open(file))
          .isInstanceOf(OutboxStoreException.class)
          .hasMessageContaining(file.toRealPath().toString())
          .hasMessageContaining("by another process");
    } finally {
      other.destroyForcibly().waitFor(1, TimeUnit.MINUTES);
    }
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      assertThat(sequences(queue)).isEqualTo(numbers(1, 100));
    }
  }

  @Test
  void aDatabaseThatAnotherProgramUsesIsRefused() throws Exception {
    Path file = folder.resolve("outbox.db");
    SqliteOutboxStore.open(file).close();
    try (var connection = java.sql.DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA journal_mode=DELETE");
      statement.execute("BEGIN EXCLUSIVE");
      assertThatThrownBy(() -> SqliteOutboxStore.open(file))
          .isInstanceOf(OutboxStoreException.class)
          .hasMessageContaining("in use by another program");
      statement.execute("COMMIT");
    }
    SqliteOutboxStore.open(file).close();
    assertThat(folder.toFile().list()).noneMatch(name -> name.contains("damaged"));
  }

  @Test
  void aFolderThatCannotBeUsedIsNamed() throws Exception {
    Path noFolder = folder.resolve("file");
    Files.createFile(noFolder);
    assertThatThrownBy(() -> SqliteOutboxStore.open(noFolder.resolve("outbox.db")))
        .isInstanceOf(OutboxStoreException.class)
        .hasMessageContaining(noFolder.toString());
    assertThatThrownBy(() -> SqliteOutboxStore.open(folder))
        .isInstanceOf(OutboxStoreException.class)
        .hasMessageContaining("folder");
  }

  @Test
  void aNativeLibraryThatCannotBeLoadedIsExplained() throws Exception {
    Path file = folder.resolve("outbox.db");
    Path library = folder.resolve("libsqlitejdbc.so");
    try (var in =
        org.sqlite.SQLiteJDBCLoader.class.getResourceAsStream(
            "/"
                + org.sqlite.util.LibraryLoaderUtil.getNativeLibResourcePath().substring(1)
                + "/"
                + org.sqlite.util.LibraryLoaderUtil.getNativeLibName())) {
      Files.copy(java.util.Objects.requireNonNull(in), library);
    }
    List<String> noTemp = List.of("-Djava.io.tmpdir=" + folder.resolve("missing"));
    assertThat(lines(noTemp, file.toString()))
        .anyMatch(line -> line.contains("nativeLibrary(path)") && line.contains("temporaryFolder"));
    assertThat(lines(noTemp, file.toString(), library.toString())).contains("stored");
    assertThat(lines(noTemp, file.toString(), folder.resolve("no.so").toString()))
        .anyMatch(line -> line.contains("There is no native library"));
  }

  private static List<String> lines(List<String> options, String... arguments) throws Exception {
    Process process = start(options, Holder.class, arguments);
    List<String> lines = new ArrayList<>();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        lines.add(line);
        if (line.equals("stored")) {
          break;
        }
      }
    } finally {
      process.destroyForcibly().waitFor(1, TimeUnit.MINUTES);
    }
    return lines;
  }

  static Process start(Class<?> main, String... arguments) throws IOException {
    return start(List.of(), main, arguments);
  }

  static Process start(List<String> options, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Stores messages, says so, and holds the store until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      SqliteOutboxStore.Builder builder = SqliteOutboxStore.builder(Path.of(args[0]));
      if (args.length > 1) {
        builder.nativeLibrary(Path.of(args[1]));
      }
      StoredQueue queue = builder.open().open(DEVICE, HUB);
      if (queue.status().messages() == 0) {
        add(queue, 1, 100);
      }
      System.out.println("stored");
      TimeUnit.MINUTES.sleep(5);
    }
  }
}
