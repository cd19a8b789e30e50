package dev.fairlead.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The local hub as a program that can be killed, with its state and its log of telemetry in a
 * directory.
 */
final class HubProcess implements AutoCloseable {
  private static final String CA_LINE = "Trust this CA: ";

  private final Path directory;
  private final int port;
  private Process process;
  private String connectionString = "";
  private Path caFile;

  private HubProcess(Path directory, int port) throws IOException {
    this.directory = directory;
    this.port = port;
    start();
  }

  static HubProcess in(Path directory) throws IOException {
    return new HubProcess(directory, freePort());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Starts it, on the same port with the same device and the same CA as before. */
  void start() throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.fairlead.localhub.HubProgram",
                "--quiet",
                "--mqtt-port",
                Integer.toString(port),
                "--state",
                directory.resolve("state").toString(),
                "--telemetry-log",
                log().toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    List<String> lines = new ArrayList<>();
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      lines.add(line);
      if (line.startsWith("HostName=")) {
        connectionString = line;
      } else if (line.startsWith(CA_LINE)) {
        caFile = Path.of(line.substring(CA_LINE.length()));
        return;
      }
    }
    throw new IOException("The hub ended before it said where it listens: " + lines);
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new IllegalStateException("The hub's process survives SIGKILL.");
    }
  }

  Path log() {
    return directory.resolve("telemetry.jsonl");
  }

  int port() {
    return port;
  }

  String connectionString() {
    return connectionString;
  }

  Path caFile() {
    return caFile;
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
