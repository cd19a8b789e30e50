package dev.fairlead.sqlite;

import static dev.fairlead.sqlite.StoreRig.DEVICE;
import static dev.fairlead.sqlite.StoreRig.HUB;
import static dev.fairlead.sqlite.StoreRig.add;
import static dev.fairlead.sqlite.StoreRig.get;
import static dev.fairlead.sqlite.StoreRig.numbers;
import static dev.fairlead.sqlite.StoreRig.remove;
import static dev.fairlead.sqlite.StoreRig.sequences;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxStoreException;
import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueue.Added;
import dev.fairlead.spi.StoredQueue.Page;
import dev.fairlead.spi.StoredQueue.Stored;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files of others, of newer programs, and with flipped bits. */
class DamageTest {
  private static final DeviceIdentity OTHER = DeviceIdentity.module("dev-2", "mod");
  private static final int PAGE = 4096;

  @TempDir Path given;
  private Path folder;
  private Path file;

  @BeforeEach
  void useGivenFolder() {
    folder = given;
    nameFile();
  }

  @AfterEach
  void deleteFolder() throws IOException {
    if (!folder.equals(given)) {
      clean();
      Files.delete(folder);
    }
  }

  private void nameFile() {
    file = folder.resolve("outbox.db");
  }

  @Test
  void aFileOfAnotherProgramIsSetAside() throws Exception {
    Files.writeString(file, "# not a database\n".repeat(1000));
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      add(queue, 1, 3);
    }
    assertThat(setAside()).hasSize(1);
    assertThat(setAside().get(0)).content().startsWith("# not a database");
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      assertThat(sequences(queue)).isEqualTo(numbers(1, 3));
    }
    assertThat(setAside()).hasSize(1);
  }

  @Test
  void aDatabaseOfAnotherProgramIsSetAside() throws Exception {
    sql(
        "CREATE TABLE message(id INTEGER PRIMARY KEY, text TEXT)",
        "INSERT INTO message VALUES(1,'x')");
    SqliteOutboxStore.open(file).close();
    SqliteOutboxStore.open(file).close();
    assertThat(setAside()).hasSize(1);
  }

  @Test
  void anEmptyFileIsANewOutbox() throws Exception {
    Files.createFile(file);
    SqliteOutboxStore.open(file).close();
    assertThat(setAside()).isEmpty();
  }

  @Test
  void aNewerVersionIsRefusedAndLeftAlone() throws Exception {
    fill(20);
    sql("PRAGMA user_version=2");
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> SqliteOutboxStore.open(file))
        .isInstanceOf(OutboxStoreException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("version 2");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    sql("PRAGMA user_version=1");
    assertThat(read()).containsExactlyElementsOf(numbers(1, 20));
  }

  @Test
  void aLogWithoutItsFileIsReadAndKept() throws Exception {
    Path copy = folder.resolve("copy");
    Files.createDirectory(copy);
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      add(queue, 1, 100);
      Files.copy(folder.resolve("outbox.db-wal"), copy.resolve("outbox.db-wal"));
    }
    file = copy.resolve("outbox.db");
    assertThat(read()).isEqualTo(numbers(1, 100));
    assertThat(copy.toFile().list())
        .anyMatch(name -> name.contains("damaged") && name.endsWith("-wal"));
  }

  @Test
  void aFileWithItsLogIsRecoveredFromBoth() throws Exception {
    Path copy = folder.resolve("copy");
    Files.createDirectory(copy);
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      for (int i = 1; i < 3000; i += 10) {
        add(queue, i, i + 9);
      }
      remove(queue, 1, 1000);
      add(queue, 3001, 3010);
      for (String suffix : new String[] {"", "-wal"}) {
        Files.copy(folder.resolve("outbox.db" + suffix), copy.resolve("outbox.db" + suffix));
      }
    }
    file = copy.resolve("outbox.db");
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 0, 100, (byte) 'x');
    Files.write(file, bytes);
    assertThat(read()).isEqualTo(numbers(1001, 3010));
  }

  @Test
  void aDamagedRecordIsReportedSetAsideAndNeverReturned() throws Exception {
    fill(20);
    byte[] bytes = Files.readAllBytes(file);
    int at = indexOf(bytes, "message 7".getBytes(StandardCharsets.UTF_8));
    bytes[at + 3] ^= 4;
    Files.write(file, bytes);
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      Page page = get(queue.read(Priority.NORMAL, 0, 100, Long.MAX_VALUE));
      assertThat(page.damaged()).containsExactly(7L);
      assertThat(page.messages()).extracting(Stored::sequence).doesNotContain(7L).hasSize(19);
      assertThat(queue.status().messages()).isEqualTo(19);
      page = get(queue.read(Priority.NORMAL, 0, 100, Long.MAX_VALUE));
      assertThat(page.damaged()).isEmpty();
      assertThat(page.messages()).hasSize(19);
    }
    assertThat(setAside()).isEmpty();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT count(*) FROM damaged")) {
      rows.next();
      assertThat(rows.getInt(1)).isEqualTo(1);
    }
  }

  /**
   * Flips one bit in each kind of page, at many places: all messages that are not on that page are
   * there afterwards, and none is wrong.
   */
  @Test
  void aFlippedBitCostsAtMostWhatIsOnItsPage() throws Exception {
    flipBits(12);
  }

  @Test
  @Tag("long")
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void thousandsOfFlippedBitsCostAtMostWhatIsOnTheirPages() throws Exception {
    flipBits(400);
  }

  private void flipBits(int inEachKind) throws Exception {
    // In memory where that is possible, because this opens many files.
    Path memory = Path.of("/dev/shm");
    if (Files.isWritable(memory)) {
      folder = Files.createTempDirectory(memory, "outbox");
      nameFile();
    }
    fillWithEveryKindOfPage();
    byte[] good = Files.readAllBytes(file);
    TreeMap<String, List<Integer>> kinds = kinds(good);
    assertThat(kinds.keySet())
        .contains("header", "leaf", "interior", "index leaf", "overflow", "unused", "trunk");
    Random random = new Random(12);
    for (var kind : kinds.entrySet()) {
      for (int flip = 0; flip < inEachKind; flip++) {
        List<Integer> pages = kind.getValue();
        int page = pages.get(random.nextInt(pages.size()));
        // The beginning of a page is what its structure depends on.
        int at =
            flip % 2 == 0
                ? random.nextInt(PAGE)
                : random.nextInt(kind.getKey().equals("header") ? 100 : 16);
        int bit = random.nextInt(8);
        String place = kind.getKey() + " page " + page + " byte " + at + " bit " + bit;
        byte[] bad = good.clone();
        bad[(page - 1) * PAGE + at] ^= (byte) (1 << bit);
        check(bad, onPage(good, page), place);
      }
    }
  }

  private void check(byte[] bad, Set<Long> mayBeMissing, String place) throws IOException {
    clean();
    Files.write(file, bad);
    for (int opening = 0; opening < 2; opening++) {
      try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
          StoredQueue queue = store.open(OTHER, HUB);
          StoredQueue second = store.open(DEVICE, HUB)) {
        List<Long> found = new ArrayList<>();
        for (Stored stored : StoreRig.messages(queue)) {
          assertThat(stored.message().body()).as(place).isEqualTo(body(stored.sequence()));
          found.add(stored.sequence());
        }
        assertThat(found).as(place).isSorted().doesNotHaveDuplicates();
        TreeSet<Long> missing = new TreeSet<>(numbers(1001, 4000));
        missing.removeAll(Set.copyOf(found));
        assertThat(mayBeMissing).as(place).containsAll(missing);
        assertThat(queue.status().messages()).as(place).isEqualTo(found.size());
        assertThat(sequences(second)).as(place).hasSizeGreaterThanOrEqualTo(45);
        get(queue.readExpired(10));
        get(queue.nextExpiry());
        long next = Math.max(5000, queue.status().lastSequence()) + 1;
        add(queue, next, next);
        remove(queue, next, next);
      } catch (RuntimeException e) {
        throw new AssertionError(place, e);
      }
    }
  }

  /** Messages of many sizes; the oldest are removed, so that there are unused pages. */
  private void fillWithEveryKindOfPage() {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(OTHER, HUB);
        StoredQueue second = store.open(DEVICE, HUB)) {
      List<Added> added = new ArrayList<>();
      for (long i = 1; i <= 4000; i++) {
        Duration timeToLive = i % 3 == 0 ? Duration.ofDays(i) : null;
        added.add(new Added(i, TelemetryMessage.of(body(i)), timeToLive));
      }
      get(queue.write(added, List.of()));
      remove(queue, 1, 1000);
      add(second, 1, 50);
    }
  }

  private static byte[] body(long sequence) {
    Random random = new Random(sequence);
    byte[] body =
        new byte[sequence % 50 == 0 ? 5000 + random.nextInt(9000) : 60 + random.nextInt(200)];
    random.nextBytes(body);
    return body;
  }

  /** The pages of each kind. Source: "Database File Format". */
  private static TreeMap<String, List<Integer>> kinds(byte[] bytes) throws IOException {
    TreeMap<String, List<Integer>> kinds = new TreeMap<>();
    Path copy = Files.createTempFile("kinds", ".db");
    Files.write(copy, bytes);
    java.util.BitSet unused;
    try (PageFile pages = new PageFile(copy, copy.resolveSibling("none"))) {
      unused = pages.unused();
    }
    Files.delete(copy);
    int trunk = java.nio.ByteBuffer.wrap(bytes).getInt(32);
    for (int page = 1; page <= bytes.length / PAGE; page++) {
      int kind = bytes[(page - 1) * PAGE];
      String name =
          page == 1
              ? "header"
              : page == trunk
                  ? "trunk"
                  : unused.get(page)
                      ? "unused"
                      : switch (kind) {
                        case 13 -> "leaf";
                        case 5 -> "interior";
                        case 10 -> "index leaf";
                        case 2 -> "index interior";
                        default -> "overflow";
                      };
      kinds.computeIfAbsent(name, any -> new ArrayList<>()).add(page);
    }
    return kinds;
  }

  /** The messages that have something on a page. */
  private static Set<Long> onPage(byte[] bytes, int page) {
    byte[] content = Arrays.copyOfRange(bytes, (page - 1) * PAGE, page * PAGE);
    Set<Long> on = new TreeSet<>();
    for (long i = 1001; i <= 4000; i++) {
      byte[] body = body(i);
      // An overflow page has a middle part.
      for (int from = 0; from + 40 <= body.length; from += 500) {
        if (indexOf(content, Arrays.copyOfRange(body, from, from + 40)) >= 0) {
          on.add(i);
          break;
        }
      }
    }
    return on;
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    return new String(bytes, StandardCharsets.ISO_8859_1)
        .indexOf(new String(part, StandardCharsets.ISO_8859_1));
  }

  private void fill(int messages) {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      add(queue, 1, messages);
    }
  }

  private List<Long> read() {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(file);
        StoredQueue queue = store.open(DEVICE, HUB)) {
      return sequences(queue);
    }
  }

  private void sql(String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private List<Path> setAside() throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(path -> path.getFileName().toString().contains("damaged"))
          .sorted()
          .toList();
    }
  }

  private void clean() throws IOException {
    try (var files = Files.list(folder)) {
      for (Path path : files.filter(Files::isRegularFile).toList()) {
        Files.delete(path);
      }
    }
  }
}
