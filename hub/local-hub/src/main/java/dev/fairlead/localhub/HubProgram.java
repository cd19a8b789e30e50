package dev.fairlead.localhub;

import dev.fairlead.localhub.program.HealthAddress;
import dev.fairlead.localhub.program.ProgramOptions;
import dev.fairlead.localhub.program.ProgramOptions.BadArgument;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The local hub as a program: {@code java -cp … dev.fairlead.localhub.HubProgram --help}. It runs
 * until SIGTERM or SIGINT, and then closes everything gracefully.
 */
public final class HubProgram implements AutoCloseable {

  private static final int WRONG_USAGE = 2;
  private static final int CANNOT_START = 1;

  private final LocalHub hub;
  private final @Nullable HealthAddress health;

  private HubProgram(LocalHub hub, @Nullable HealthAddress health) {
    this.hub = hub;
    this.health = health;
  }

  /**
   * Runs the program.
   *
   * @param args see {@code --help}
   * @throws InterruptedException if the main thread is interrupted, which ends the program
   */
  public static void main(String[] args) throws InterruptedException {
    if (List.of(args).contains("--help")) {
      System.out.print(ProgramOptions.USAGE);
      return;
    }
    // Before the first logger is created, and only if the user has not set a configuration.
    if (System.getProperty("logback.configurationFile") == null) {
      System.setProperty("logback.configurationFile", "META-INF/fairlead-local-hub/logback.xml");
    }
    try {
      HubProgram program = start(ProgramOptions.parse(args), System.out);
      Runtime.getRuntime().addShutdownHook(new Thread(program::close, "local-hub-shutdown"));
      new CountDownLatch(1).await(); // Until the JVM shuts down.
    } catch (BadArgument e) {
      System.err.println(e.getMessage());
      System.exit(WRONG_USAGE);
    } catch (IOException | UncheckedIOException | LocalHubException | IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(CANNOT_START);
    }
  }

  /** Starts the hub and prints what a client needs. */
  static HubProgram start(ProgramOptions options, PrintStream out) throws IOException {
    LocalHub hub = LocalHub.start(options.hub());
    HealthAddress health = null;
    try {
      out.println(
          "MQTT over TLS on "
              + options.hub().bindAddress().getHostAddress()
              + ":"
              + hub.mqttPort());
      out.println(
          "AMQP over TLS on "
              + options.hub().bindAddress().getHostAddress()
              + ":"
              + hub.amqpPort());
      out.println(
          "MQTT and AMQP over WebSockets at wss://"
              + options.hub().hostName()
              + ":"
              + hub.httpsPort()
              + "/$iothub/websocket");
      out.println("HTTPS at https://" + options.hub().hostName() + ":" + hub.httpsPort());
      for (String device : options.devices()) {
        out.println(hub.createDevice(device, options.auth()).connectionString());
      }
      out.println("Trust this CA: " + hub.caFile());
      if (options.healthPort().isPresent()) {
        health = new HealthAddress(options.healthPort().getAsInt(), hub::healthSummary);
        out.println("Health: http://127.0.0.1:" + health.port() + "/health");
      }
      if (!options.quiet()) {
        AutoCloseable unused =
            hub.telemetry().onTelemetry(message -> out.println(describe(message)));
      }
      out.flush();
      return new HubProgram(hub, health);
    } catch (IOException | RuntimeException e) {
      hub.close();
      throw e;
    }
  }

  private static String describe(TelemetryRecord message) {
    String sender = message.deviceId() + message.moduleId().map(module -> "/" + module).orElse("");
    return printable(
        "#"
            + message.sequence()
            + " "
            + sender
            + " "
            + message.properties()
            + " "
            + message.bodyAsText());
  }

  /** A device must not be able to write control sequences to the terminal. */
  private static String printable(String text) {
    int limit = 500;
    String shown = text.length() > limit ? text.substring(0, limit) + "…" : text;
    StringBuilder clean = new StringBuilder(shown.length());
    shown.chars().forEach(c -> clean.append(Character.isISOControl(c) ? '?' : (char) c));
    return clean.toString();
  }

  LocalHub hub() {
    return hub;
  }

  @Override
  public void close() {
    if (health != null) {
      health.close();
    }
    hub.close();
  }
}
