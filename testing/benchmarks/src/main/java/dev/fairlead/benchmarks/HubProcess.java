package dev.fairlead.benchmarks;

import dev.fairlead.Protocol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The local hub in a separate process, so that only the client is measured here. */
final class HubProcess implements AutoCloseable {
  private static final String CA_LINE = "Trust this CA: ";

  private final Process process;
  private final int port;
  private final int amqpPort;
  private final int httpsPort;
  private final String connectionString;
  private final Path caFile;

  private HubProcess(
      Process process,
      int port,
      int amqpPort,
      int httpsPort,
      String connectionString,
      Path caFile) {
    this.process = process;
    this.port = port;
    this.amqpPort = amqpPort;
    this.httpsPort = httpsPort;
    this.connectionString = connectionString;
    this.caFile = caFile;
  }

  /** Starts a hub with devices {@code dev-1} to {@code dev-n}, all with one key. */
  static HubProcess start(int devices) throws IOException {
    int port = freePort();
    int amqpPort = freePort();
    int httpsPort = freePort();
    ProcessBuilder builder =
        new ProcessBuilder(
            java(),
            "-cp",
            System.getProperty("java.class.path"),
            "dev.fairlead.localhub.HubProgram",
            "--quiet",
            "--amqp-port",
            Integer.toString(amqpPort),
            "--https-port",
            Integer.toString(httpsPort),
            "--mqtt-port",
            Integer.toString(port));
    for (int i = 1; i <= devices; i++) {
      builder.command().addAll(List.of("--device", "dev-" + i));
    }
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String connectionString = "";
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith("HostName=") && connectionString.isEmpty()) {
        connectionString = line;
      } else if (line.startsWith(CA_LINE)) {
        Path caFile = Path.of(line.substring(CA_LINE.length()));
        return new HubProcess(process, port, amqpPort, httpsPort, connectionString, caFile);
      }
    }
    process.destroy();
    throw new IOException("The hub ended before it printed where it listens.");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Runs a main class of this module over a route, in a separate JVM; returns its output. */
  List<String> run(Class<?> main, Protocol protocol, String... jvmOptions) throws IOException {
    return run(main, protocol, List.of(), jvmOptions);
  }

  /** The same with further arguments at the end. */
  List<String> run(Class<?> main, Protocol protocol, List<String> arguments, String... jvmOptions)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(java());
    builder.command().addAll(List.of(jvmOptions));
    builder
        .command()
        .addAll(
            List.of(
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                connectionString,
                Integer.toString(port(protocol)),
                caFile.toString(),
                protocol.name()));
    builder.command().addAll(arguments);
    Process child = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
        .lines()
        .toList();
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  int port() {
    return port;
  }

  int port(Protocol protocol) {
    return switch (protocol) {
      case MQTT -> port;
      case AMQP -> amqpPort;
      case MQTT_WS, AMQP_WS, HTTPS -> httpsPort;
    };
  }

  String connectionString() {
    return connectionString;
  }

  Path caFile() {
    return caFile;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
