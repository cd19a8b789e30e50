package dev.fairlead.https.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.https.poll.LedgerFile.Lock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskLedgerFileTest {
  private static final LedgerEntry ENTRY =
      new LedgerEntry(-42, new ClockReading(1_700_000_000_000L, "boot:0a-1.4026531834", -17));

  @TempDir Path parent;
  private Path directory;
  private DiskLedgerFile file;

  @BeforeEach
  void setUp() {
    directory = parent.resolve("fairlead").resolve("polls");
    file = new DiskLedgerFile(directory, "ab12");
  }

  private Lock lock() throws IOException {
    return Objects.requireNonNull(file.tryLock());
  }

  private void write(LedgerEntry entry) throws IOException {
    Lock lock = lock();
    try {
      lock.replace(entry);
    } finally {
      lock.release();
    }
  }

  private Path entryPath() {
    return directory.resolve("ab12.poll");
  }

  @Test
  void keepsAnEntry() throws IOException {
    assertThat(file.read()).isEmpty();
    assertThat(file.exists()).isFalse();
    write(ENTRY);
    assertThat(file.read()).contains(ENTRY);
    assertThat(file.exists()).isTrue();
    Lock lock = lock();
    lock.delete();
    lock.delete();
    lock.release();
    assertThat(file.exists()).isFalse();
  }

  @Test
  void makesItsDirectoryForThisUserOnlyAndLeavesNothingElseBehind() throws IOException {
    write(ENTRY);
    write(ENTRY);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
        .isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("ab12.poll", "ab12.lock");
    }
  }

  @Test
  void everyDamageIsNoEntry() throws IOException {
    write(ENTRY);
    byte[] whole = Files.readAllBytes(entryPath());
    for (int length = 0; length < whole.length; length++) {
      Files.write(entryPath(), java.util.Arrays.copyOf(whole, length));
      assertThat(file.read()).as("cut at %s", length).isEmpty();
    }
    for (int at = 0; at < whole.length; at++) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 1;
      Files.write(entryPath(), flipped);
      assertThat(file.read()).as("flipped at %s", at).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "crc ", "crc \n", "\n\n", "fairlead-poll 1\n", "\u0000\u00ff crc 0\n"})
  void rubbishIsNoEntry(String rubbish) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(entryPath(), rubbish, StandardCharsets.ISO_8859_1);
    assertThat(file.read()).isEmpty();
    assertThat(file.exists()).isTrue();
  }

  @Test
  void aHugeFileIsNoEntryAndIsNotRead() throws IOException {
    write(ENTRY);
    String text = Files.readString(entryPath());
    Files.writeString(entryPath(), text + "x".repeat(3_000_000));
    assertThat(file.read()).isEmpty();
  }

  @Test
  void anotherDevicesEntryIsNoEntry() throws IOException {
    write(ENTRY);
    Files.copy(entryPath(), directory.resolve("cd34.poll"));
    assertThat(new DiskLedgerFile(directory, "cd34").read()).isEmpty();
  }

  @Test
  void aLinkOrADirectoryInItsPlaceIsNotFollowed() throws IOException {
    write(ENTRY);
    Path elsewhere = parent.resolve("elsewhere");
    Files.move(entryPath(), elsewhere);
    Files.createSymbolicLink(entryPath(), elsewhere);
    assertThatThrownBy(file::read).isInstanceOf(IOException.class);
    assertThat(file.exists()).isTrue();
    Files.delete(entryPath());
    Files.createDirectory(entryPath());
    assertThatThrownBy(file::read).isInstanceOf(IOException.class);
  }

  @Test
  void aLinkInPlaceOfTheLockIsRefused() throws IOException {
    Files.createDirectories(directory);
    Path victim = Files.createFile(parent.resolve("victim"));
    Files.createSymbolicLink(directory.resolve("ab12.lock"), victim);
    assertThatThrownBy(file::tryLock).isInstanceOf(IOException.class);
    Files.delete(directory.resolve("ab12.lock"));
    lock().release();
  }

  @Test
  void whatAnInterruptedWriterLeftDoesNotDisturb() throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("ab12.new"), "half");
    write(ENTRY);
    assertThat(file.read()).contains(ENTRY);
  }

  @Test
  void aWriteThatFailsLeavesTheOldEntry() throws IOException {
    write(ENTRY);
    Files.createDirectories(directory.resolve("ab12.new").resolve("not-empty"));
    LedgerEntry next = new LedgerEntry(1, ENTRY.at());
    assertThatThrownBy(() -> write(next)).isInstanceOf(IOException.class);
    assertThat(file.read()).contains(ENTRY);
  }

  @Test
  void aPlaceThatCannotBeADirectoryFails() throws IOException {
    Files.writeString(parent.resolve("fairlead"), "a file");
    assertThatThrownBy(file::tryLock).isInstanceOf(IOException.class);
    assertThat(file.exists()).isFalse();
    assertThat(System.getProperties().stringPropertyNames())
        .noneMatch(name -> name.contains(directory.toString()));
  }

  @Test
  void oneHasTheLock() throws IOException {
    Lock first = lock();
    assertThat(file.tryLock()).isNull();
    assertThat(new DiskLedgerFile(directory, "ab12").tryLock()).isNull();
    Lock other = Objects.requireNonNull(new DiskLedgerFile(directory, "cd34").tryLock());
    other.release();
    first.release();
    lock().release();
  }

  @Test
  void aLockWhoseFileWasRemovedWritesNothing() throws IOException {
    Lock lock = lock();
    assertThat(lock.stillHeld()).isTrue();
    Files.delete(directory.resolve("ab12.lock"));
    assertThat(lock.stillHeld()).isFalse();
    assertThatThrownBy(() -> lock.replace(ENTRY)).isInstanceOf(IOException.class);
    assertThat(file.exists()).isFalse();
    Files.createFile(directory.resolve("ab12.lock"));
    assertThat(lock.stillHeld()).isFalse();
    assertThatThrownBy(lock::delete).isInstanceOf(IOException.class);
    lock.release();
  }

  @Test
  void namesAreSafeAndTellHubsAndIdentitiesApart() {
    String strange = "a/../b:*?!(),=@;$'%#+".replace("/", ".");
    assertThat(
            Stream.of(
                PollLedgers.owner("hub1", DeviceIdentity.device(strange)),
                PollLedgers.owner("hub2", DeviceIdentity.device(strange)),
                PollLedgers.owner("hub1", DeviceIdentity.module(strange, "m")),
                PollLedgers.owner(
                    "hub1", DeviceIdentity.device(strange.toUpperCase(java.util.Locale.ROOT)))))
        .doesNotHaveDuplicates()
        .allMatch(name -> name.matches("[0-9a-f]{40}"));
    assertThat(PollLedgers.owner("HUB1", DeviceIdentity.device("d")))
        .isEqualTo(PollLedgers.owner("hub1", DeviceIdentity.device("d")));
  }
}
