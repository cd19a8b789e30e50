package dev.fairlead.integration;

import dev.fairlead.Protocol;
import dev.fairlead.Trust;
import dev.fairlead.localhub.HubProgram;
import dev.fairlead.peers.JavaProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The hub program in a separate process, which can be killed and started again. */
final class HubProcess implements AutoCloseable {
  private static final Pattern ADDRESS =
      Pattern.compile("(MQTT over TLS|AMQP over TLS|HTTPS) (?:on|at) \\S+:(\\d+)");

  private final Path directory;
  private final List<String> deviceIds;
  private final String key;
  private Process process;
  private final Map<String, Integer> ports = new HashMap<>();

  private HubProcess(Path directory, List<String> deviceIds, String key) throws IOException {
    this.directory = directory;
    this.deviceIds = List.copyOf(deviceIds);
    this.key = key;
    this.process = launch();
  }

  /** Starts a hub that keeps its CA and its telemetry in a directory. */
  static HubProcess start(Path directory, List<String> deviceIds, String key) throws IOException {
    return new HubProcess(directory, deviceIds, key);
  }

  /** Returns when the hub listens: on free ports first, and on the same ones afterwards. */
  private Process launch() throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            HubProgram.class.getName(),
            "--amqp-port",
            port("AMQP over TLS"),
            "--https-port",
            port("HTTPS"),
            "--mqtt-port",
            port("MQTT over TLS"),
            "--key",
            key,
            "--state",
            directory.toString(),
            "--telemetry-log",
            log().toString(),
            "--quiet"));
    deviceIds.forEach(id -> command.addAll(List.of("--device", id)));
    Process started =
        JavaProcess.of(command.toArray(String[]::new))
            .redirectError(ProcessBuilder.Redirect.appendTo(errors().toFile()))
            .start();
    try {
      BufferedReader out = started.inputReader(StandardCharsets.UTF_8);
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        Matcher address = ADDRESS.matcher(line);
        if (address.find()) {
          ports.put(address.group(1), Integer.valueOf(address.group(2)));
        }
        if (line.startsWith("Trust this CA")) {
          return started;
        }
      }
      throw new IOException("The hub program did not start: " + Files.readString(errors()));
    } catch (IOException e) {
      started.destroyForcibly();
      throw e;
    }
  }

  /**
   * SIGKILL: nothing is closed, flushed or sent. Then starts another hub on the same port and
   * files.
   */
  void killAndRestart() throws IOException {
    close();
    process = launch();
  }

  private String port(String name) {
    return Integer.toString(ports.getOrDefault(name, 0));
  }

  /** The port of MQTT. */
  int port() {
    return port(Protocol.MQTT);
  }

  int port(Protocol protocol) {
    return Objects.requireNonNull(
        ports.get(
            switch (protocol) {
              case MQTT -> "MQTT over TLS";
              case AMQP -> "AMQP over TLS";
              case MQTT_WS, AMQP_WS, HTTPS -> "HTTPS";
            }));
  }

  Path caFile() {
    return directory.resolve("ca.pem");
  }

  Trust trust() {
    return Trust.pem(caFile());
  }

  /** The lines of the telemetry log. */
  List<String> telemetry() throws IOException {
    try (Stream<String> lines = Files.lines(log())) {
      return lines.toList();
    }
  }

  /** How long the log is now, in bytes. It grows before a message is acknowledged. */
  long telemetryBytes() {
    return log().toFile().length();
  }

  private Path log() {
    return directory.resolve("telemetry.jsonl");
  }

  private Path errors() {
    return directory.resolve("hub.err");
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
