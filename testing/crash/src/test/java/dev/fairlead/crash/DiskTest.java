package dev.fairlead.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What the model says a power cut leaves. */
class DiskTest {
  private static final DiskOperation.Create CREATE = new DiskOperation.Create(1, "a");
  private static final DiskOperation.Sync SYNC = new DiskOperation.Sync(1);
  private static final DiskOperation.SyncFolder SYNC_FOLDER = new DiskOperation.SyncFolder();

  @Test
  void aFileWhoseNameWasNotSyncedMayBeGoneWithAllItsContent() {
    List<DiskOperation> operations = List.of(CREATE, write(0, "abc"), SYNC);
    assertThat(after(Remains.Kind.NOTHING, operations)).isEmpty();
    assertThat(after(Remains.Kind.ALL, operations)).containsEntry("a", "abc");
  }

  @Test
  void whatWasSyncedStays() {
    List<DiskOperation> operations =
        List.of(CREATE, write(0, "abc"), SYNC, SYNC_FOLDER, write(1, "X"));
    assertThat(after(Remains.Kind.NOTHING, operations)).containsEntry("a", "abc");
    assertThat(after(Remains.Kind.ALL, operations)).containsEntry("a", "aXc");
  }

  @Test
  void unsyncedNamesGoBack() {
    List<DiskOperation> operations =
        List.of(CREATE, write(0, "abc"), SYNC, SYNC_FOLDER, new DiskOperation.Rename("a", "b"));
    assertThat(after(Remains.Kind.NOTHING, operations)).containsOnlyKeys("a");
    assertThat(after(Remains.Kind.ALL, operations)).containsOnlyKeys("b");
    assertThat(after(Remains.Kind.ALL, operations, new DiskOperation.Unlink("b"))).isEmpty();
  }

  @Test
  void aSyncAfterOneThatFailedMakesOnlyLaterWritesSafe() {
    List<DiskOperation> operations =
        List.of(
            CREATE,
            SYNC_FOLDER,
            write(0, "abc"),
            new DiskOperation.FailedSync(1),
            write(3, "def"),
            SYNC);
    assertThat(after(Remains.Kind.NOTHING, operations)).containsEntry("a", "\0\0\0def");
    assertThat(after(Remains.Kind.ALL, operations)).containsEntry("a", "abcdef");
  }

  @Test
  void aLastWriteIsCutAtEveryByteOrSector() {
    List<DiskOperation> bytes = List.of(CREATE, SYNC_FOLDER, write(0, "abcd"));
    assertThat(lengths(Remains.Kind.LAST_CUT_AT_BYTE, bytes)).containsExactlyInAnyOrder(0, 1, 2, 3);
    List<DiskOperation> sectors =
        List.of(CREATE, SYNC_FOLDER, write(0, "ab"), SYNC, write(2, "x".repeat(1_100)));
    assertThat(lengths(Remains.Kind.LAST_CUT_AT_SECTOR, sectors))
        .containsExactlyInAnyOrder(2, 512, 1024);
  }

  @Test
  void someSectorsOfAWriteArriveInAnyOrder() {
    List<DiskOperation> operations = List.of(CREATE, SYNC_FOLDER, write(0, "x".repeat(3 * 512)));
    Set<String> seen = new HashSet<>();
    for (int seed = 0; seed < 500; seed++) {
      String content = after(Remains.Kind.SOME_SECTORS, seed, operations).get("a");
      StringBuilder arrived = new StringBuilder();
      for (int at = 0; at + 512 <= content.length(); at += 512) {
        arrived.append(content.substring(at, at + 512).equals("x".repeat(512)) ? 'x' : '-');
      }
      seen.add(arrived.toString());
    }
    assertThat(seen).contains("", "x", "-x", "--x", "x-x", "xx", "xxx", "---");
  }

  @Test
  void aFileThatIsMadeShorterAndLongerHasZeros() {
    List<DiskOperation> operations =
        List.of(CREATE, write(0, "abcd"), new DiskOperation.Truncate(1, 1), write(3, "e"));
    assertThat(after(Remains.Kind.ALL, operations)).containsEntry("a", "a\0\0e");
  }

  private static DiskOperation write(long offset, String text) {
    return new DiskOperation.Write(1, offset, text.getBytes(UTF_8));
  }

  private static Set<Integer> lengths(Remains.Kind kind, List<DiskOperation> operations) {
    Set<Integer> lengths = new HashSet<>();
    for (int seed = 0; seed < 200; seed++) {
      lengths.add(after(kind, seed, operations).get("a").length());
    }
    return lengths;
  }

  private static Map<String, String> after(
      Remains.Kind kind, List<DiskOperation> operations, DiskOperation... more) {
    return after(kind, 1, operations, more);
  }

  private static Map<String, String> after(
      Remains.Kind kind, long seed, List<DiskOperation> operations, DiskOperation... more) {
    Disk disk = new Disk(Disk.Honesty.HONEST);
    operations.forEach(disk::apply);
    List.of(more).forEach(disk::apply);
    Map<String, String> texts = new TreeMap<>();
    disk.after(new Remains(kind, seed))
        .forEach((name, image) -> texts.put(name, UTF_8.decode(image.content()).toString()));
    return texts;
  }
}
