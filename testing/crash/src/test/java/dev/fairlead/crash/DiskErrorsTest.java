package dev.fairlead.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A disk that is full, read-only, defective or slow fails calls, with a text that says so, and
 * loses nothing that was stored. The layer below the JVM makes the errors, so root has them too.
 */
class DiskErrorsTest {
  private static DiskShim shim;

  @BeforeAll
  static void compile() throws Exception {
    shim = DiskShim.compile(DiskShim.newScratch());
  }

  @AfterAll
  static void delete() throws IOException {
    if (shim != null) {
      shim.close();
    }
  }

  @Test
  void errorsAtSomeOperationsLoseNothing() throws Exception {
    proves(13);
  }

  @Tag("long")
  @Test
  @Timeout(3600)
  void errorsAtEveryOperationLoseNothing() throws Exception {
    proves(1);
  }

  private static void proves(int stride) throws Exception {
    Path folder = Files.createTempDirectory(shim.scratch(), "errors-");
    String said = shim.run(DiskErrors.class, null, folder, List.of(Integer.toString(stride)));
    System.out.println(said);
    assertThat(said.lines().filter(line -> line.startsWith("PROBLEM")).limit(20)).isEmpty();
    assertThat(said).contains("EIO at sync, lasting");
  }

  @Test
  void errorsWhileADamagedFileIsReplacedLoseNothing() throws Exception {
    Path folder = Files.createTempDirectory(shim.scratch(), "replaced-");
    String said = shim.run(DamagedFile.class, null, folder, List.of("errors"));
    System.out.println(said.lines().filter(line -> line.startsWith("E")).toList());
    assertThat(said.lines().filter(line -> line.startsWith("PROBLEM")).limit(20)).isEmpty();
    assertThat(said).contains("EIO at rename: 3");
  }

  @Test
  void aSyncThatDoesNotReturnHoldsStagesAndNotCallers() throws Exception {
    Path folder = Files.createTempDirectory(shim.scratch(), "stalled-");
    assertThat(shim.run(StalledDisk.class, null, folder, List.of())).contains("kept");
  }
}
