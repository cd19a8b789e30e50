package dev.fairlead.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A power cut at any moment loses no message that was stored, and leaves a store that opens. */
class CrashMatrixTest {
  private static final String STEPS = "60";
  private static final int SAMPLE = 300;
  private static final int WHOLE = 10_000;

  /** Of a new file, from the first to that of its tables. */
  private static final int SYNCS_OF_OPENING = 12;

  /** Bytes, by the description of SQLite's file format, 4.1. */
  private static final int LOG_HEADER = 32;

  private static DiskShim shim;
  private static Path folder;
  private static Path log;
  private static List<DiskOperation> operations;

  @BeforeAll
  static void record() throws Exception {
    shim = DiskShim.compile(DiskShim.newScratch());
    folder = Files.createTempDirectory(shim.scratch(), "recorded-");
    log = recording(folder, List.of());
    operations = DiskLog.read(log);
  }

  private static Path recording(Path folder, List<String> error) throws Exception {
    Path recorded = shim.scratch().resolve(folder.getFileName() + ".log");
    List<String> arguments = new ArrayList<>(List.of(Long.toString(System.nanoTime()), STEPS));
    arguments.addAll(error);
    shim.run(OutboxWorkload.class, recorded, folder, arguments);
    return recorded;
  }

  @AfterAll
  static void delete() throws IOException {
    if (shim != null) {
      shim.close();
    }
  }

  @Test
  void aSampleOfPowerCutsLosesNothing() throws Exception {
    proves(matrix(operations, Disk.Honesty.HONEST).runSample(SAMPLE), SAMPLE * 9 / 10, log);
  }

  @Tag("long")
  @Test
  @Timeout(3600)
  void tenThousandPowerCutsLoseNothing() throws Exception {
    proves(matrix(operations, Disk.Honesty.HONEST).runWhole(WHOLE), WHOLE, log);
  }

  @Test
  void powerCutsAfterAnErrorLoseNothing() throws Exception {
    afterErrors(3, 40);
  }

  /** In turn: a failure at one of them left no log, and was seen by one recording in twenty. */
  @Test
  void powerCutsAfterEachFailedSyncOfAnOpeningLoseNothing() throws Exception {
    for (int nth = 1; nth <= SYNCS_OF_OPENING; nth++) {
      afterError(error("sync", nth, DiskError.Errno.EIO), 20);
    }
  }

  @Tag("long")
  @Test
  @Timeout(3600)
  void manyPowerCutsAfterManyErrorsLoseNothing() throws Exception {
    afterErrors(40, 200);
  }

  /** A sync that failed may be the kernel's last attempt to write what it held. */
  private static void afterErrors(int recordings, int states) throws Exception {
    SplittableRandom random = new SplittableRandom();
    for (int i = 0; i < recordings; i++) {
      List<String> error =
          switch (i % 3) {
            case 0 -> error("sync", 2 + random.nextInt(40), DiskError.Errno.EIO);
            case 1 -> error("write", 2 + random.nextInt(400), DiskError.Errno.ENOSPC);
            default -> error("write", 2 + random.nextInt(400), DiskError.Errno.EIO);
          };
      afterError(error, states);
    }
  }

  private static void afterError(List<String> error, int states) throws Exception {
    Path folder = Files.createTempDirectory(shim.scratch(), "recorded-");
    Path recorded = recording(folder, error);
    System.out.println(error);
    proves(
        matrix(DiskLog.read(recorded), Disk.Honesty.HONEST).runSample(states),
        states / 2,
        recorded);
  }

  private static List<String> error(String operation, int nth, DiskError.Errno error) {
    return List.of(operation, Integer.toString(nth), Integer.toString(error.number));
  }

  private static void proves(CrashMatrix matrix, int states, Path log) throws IOException {
    System.out.println(matrix.table());
    if (matrix.losing() > 0) {
      System.out.println("The recording: " + CrashMatrix.keep(log, "crash.log"));
    }
    assertThat(matrix.shown()).isEmpty();
    assertThat(matrix.losing()).isZero();
    assertThat(matrix.states()).isGreaterThanOrEqualTo(states);
  }

  /** The file is renamed and a new one takes its place; each step may be the last one. */
  @Test
  void powerCutsWhileADamagedFileIsReplacedLoseNothing() throws Exception {
    Path folder = Files.createTempDirectory(shim.scratch(), "replaced-");
    Path recorded = shim.scratch().resolve("replaced.log");
    shim.run(DamagedFile.class, recorded, folder, List.of());
    List<DiskOperation> replacement = DiskLog.read(recorded);
    assertThat(replacement).hasAtLeastOneElementOfType(DiskOperation.Rename.class);
    proves(matrix(replacement, Disk.Honesty.HONEST).runSample(SAMPLE), SAMPLE / 2, recorded);
  }

  /** So the matrix finds what it looks for: without its syncs the store keeps no promise. */
  @ParameterizedTest
  @EnumSource(value = Disk.Honesty.class, names = "HONEST", mode = EnumSource.Mode.EXCLUDE)
  void aDiskThatIgnoresSyncsLosesMessages(Disk.Honesty honesty) throws Exception {
    CrashMatrix matrix = matrix(operations, honesty).runUntilBroken(SAMPLE);
    System.out.println(matrix.table());
    assertThat(matrix.losing()).as(matrix.table()).isPositive();
  }

  @Test
  void theRecordingLeadsToTheFilesThatAreThere() throws Exception {
    assertThat(DiskShimTest.recorded(operations)).isEqualTo(DiskShimTest.real(folder));
  }

  /** The recording has all that a power cut can hit, also the log's way into the database. */
  @Test
  void theRecordingHasEveryKindOfOperation() {
    assertThat(operations)
        .hasAtLeastOneElementOfType(DiskOperation.Create.class)
        .hasAtLeastOneElementOfType(DiskOperation.Unlink.class)
        .hasAtLeastOneElementOfType(DiskOperation.Truncate.class)
        .hasAtLeastOneElementOfType(DiskOperation.SyncFolder.class);
    assertThat(mostBeginningsOfOneFile()).as("a log that was begun again").isGreaterThan(1);
  }

  /** How often the same file was written from its beginning: SQLite does that with its log. */
  private static long mostBeginningsOfOneFile() {
    Map<Integer, Long> beginnings =
        operations.stream()
            .filter(one -> one instanceof DiskOperation.Write write && write.offset() == 0)
            .map(one -> (DiskOperation.Write) one)
            .filter(write -> write.bytes().length == LOG_HEADER)
            .collect(Collectors.groupingBy(DiskOperation.Write::file, Collectors.counting()));
    return beginnings.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  private static CrashMatrix matrix(List<DiskOperation> operations, Disk.Honesty honesty)
      throws IOException {
    Path folder = Files.createTempDirectory(shim.scratch(), "state-");
    return new CrashMatrix(operations, folder, honesty);
  }
}
