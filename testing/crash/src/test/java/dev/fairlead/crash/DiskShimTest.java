package dev.fairlead.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The layer below the JVM: what it records is what happened. */
class DiskShimTest {
  private DiskShim shim;

  @BeforeEach
  void compile() throws Exception {
    shim = DiskShim.compile(DiskShim.newScratch());
  }

  @AfterEach
  void delete() throws IOException {
    if (shim != null) {
      shim.close();
    }
  }

  @Test
  void theRecordingLeadsToTheFilesThatAreThere() throws Exception {
    Path folder = Files.createDirectory(shim.scratch().resolve("folder"));
    Path log = shim.scratch().resolve("log");

    String said = shim.run(FileWrites.class, log, folder, List.of());

    List<DiskOperation> operations = DiskLog.read(log);
    assertThat(operations)
        .startsWith(new DiskOperation.Mark("begin"))
        .contains(
            new DiskOperation.Mark("end"),
            new DiskOperation.SyncFolder(),
            new DiskOperation.Rename("old", "whole"),
            new DiskOperation.Unlink("gone"));
    assertThat(said.lines())
        .containsExactly(
            "write: java.io.IOException: No space left on device",
            "write: no error, 1 before",
            "open: java.nio.file.FileSystemException: "
                + folder
                + "/channel: Read-only file system",
            "open: no error, 1 before",
            "write: java.io.IOException: Input/output error",
            "write: no error, 1 before");
    assertThat(recorded(operations)).isEqualTo(real(folder));
  }

  /** What a recording leads to if no power cut comes. */
  static Map<String, ByteBuffer> recorded(List<DiskOperation> operations) {
    Disk disk = new Disk(Disk.Honesty.HONEST);
    operations.forEach(disk::apply);
    Map<String, ByteBuffer> files = new TreeMap<>();
    disk.after(new Remains(Remains.Kind.ALL, 0))
        .forEach((name, image) -> files.put(name, image.content()));
    return files;
  }

  static Map<String, ByteBuffer> real(Path folder) throws IOException {
    Map<String, ByteBuffer> files = new TreeMap<>();
    try (var present = Files.list(folder)) {
      for (Path file : present.toList()) {
        files.put(file.getFileName().toString(), ByteBuffer.wrap(Files.readAllBytes(file)));
      }
    }
    return files;
  }
}
