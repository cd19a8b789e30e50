package dev.fairlead.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A Java program in a process of its own, on the JDK that runs the tests. */
public final class JavaProcess {
  private JavaProcess() {}

  /**
   * Prepares a process that lives for seconds, so it gets one compiler and the simplest collector:
   * starting then costs about half the CPU time.
   *
   * @param arguments options, class path, main class and its arguments, as for {@code java}
   * @return a builder of the process, not started
   */
  public static ProcessBuilder of(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }
}
