package dev.fairlead.crash;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * The layer between a JVM and the disk, compiled from {@code disk.c}.
 *
 * @param library the compiled layer
 * @param scratch a folder in memory if there is one: the states are many and short-lived
 */
record DiskShim(Path library, Path scratch) implements AutoCloseable {
  private static final Path SOURCE = Path.of("src/test/native/disk.c");

  /** Compiles the layer, or aborts the test with the reason. */
  static DiskShim compile(Path scratch) throws IOException, InterruptedException {
    Path library = scratch.resolve("disk.so");
    List<String> command =
        List.of(
            "cc",
            "-shared",
            "-fPIC",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-o",
            library.toString(),
            SOURCE.toString(),
            "-ldl",
            "-lpthread");
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new TestAbortedException("This test needs Linux, because it uses LD_PRELOAD.");
    }
    Process compiler;
    try {
      compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new TestAbortedException(
          "This test needs a C compiler named cc (packages gcc and libc6-dev). " + e.getMessage());
    }
    String said = new String(compiler.getInputStream().readAllBytes());
    if (compiler.waitFor() != 0) {
      boolean noHeaders = said.contains("No such file") && said.contains(".h");
      if (noHeaders) {
        throw new TestAbortedException("This test needs the C headers (libc6-dev). " + said);
      }
      throw new IOException("disk.c does not compile: " + said);
    }
    return new DiskShim(library, scratch);
  }

  /** A new folder in memory, or else in the temporary folder. */
  static Path newScratch() throws IOException {
    Path memory = Path.of("/dev/shm");
    return (Files.isWritable(memory)
            ? Files.createTempDirectory(memory, "fairlead-crash-")
            : Files.createTempDirectory("fairlead-crash-"))
        .toRealPath();
  }

  /**
   * Runs a program below the layer to its end.
   *
   * @param log where the layer records; null: it does not record
   * @param arguments the program's; the first is the folder that the layer watches
   * @return what the program printed
   * @throws IOException if it failed
   */
  String run(Class<?> program, @Nullable Path log, Path folder, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-Xshare:auto", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(program.getName(), folder.toString()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    File out = scratch.resolve("out-" + System.nanoTime()).toFile();
    builder.redirectOutput(out);
    builder.environment().put("LD_PRELOAD", library.toString());
    builder.environment().put("FAIRLEAD_DISK_ROOT", folder.toString());
    builder.environment().put("FAIRLEAD_DISK_CONTROL", DiskControl.PATH);
    builder.environment().put("FAIRLEAD_DISK_LOG", log == null ? "" : log.toString());
    Process process = builder.start();
    try {
      if (!process.waitFor(30, TimeUnit.MINUTES)) {
        throw new IOException("It does not end: " + Files.readString(out.toPath()));
      }
    } finally {
      process.destroyForcibly().onExit().join();
    }
    String said = Files.readString(out.toPath());
    if (process.exitValue() != 0) {
      throw new IOException(program.getName() + " ended with " + process.exitValue() + ": " + said);
    }
    return said;
  }

  /** Deletes the folder with everything in it. */
  @Override
  public void close() throws IOException {
    try (var files = Files.walk(scratch)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
