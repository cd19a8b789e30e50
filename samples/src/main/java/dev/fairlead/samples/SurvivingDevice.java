package dev.fairlead.samples;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.sqlite.SqliteOutboxStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A device with a durable outbox loses its network, and then its power: this program starts the
 * device as a process of its own, kills it, and starts it again. What was stored arrives, in order.
 */
public final class SurvivingDevice {
  private static final int READINGS = 5;

  private SurvivingDevice() {}

  /**
   * Runs the sample.
   *
   * @param args none; the device process has its connection string, port, CA file, outbox file and
   *     the number of its first reading
   * @throws Exception if the sample fails
   */
  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      runDevice(args[0], Integer.parseInt(args[1]), Path.of(args[2]), Path.of(args[3]), args[4]);
      return;
    }
    Path folder = Files.createTempDirectory("surviving-device");
    try (LocalHub hub = LocalHub.start()) {
      Device registered = hub.createDevice("survivor");
      String[] offline = {
        registered.connectionString(), "1", hub.caFile().toString(), folder + "/outbox.db", "1"
      };
      say("world", "the device starts; its network is down");
      Process device = start(offline);
      follow(device, "stored reading " + READINGS);
      say("world", "the power fails (SIGKILL)");
      device.destroyForcibly().waitFor();

      say("world", "the power is back, and the network too");
      String[] online = offline.clone();
      online[1] = Integer.toString(hub.mqttPort());
      online[4] = Integer.toString(READINGS + 1);
      device = start(online);
      hub.telemetry().await(2 * READINGS, Duration.ofSeconds(30));
      device.getOutputStream().close(); // The device ends when its input does.
      follow(device, null);
      for (TelemetryRecord record : hub.telemetry().received()) {
        say("hub", "received " + record.bodyAsText());
      }
    } finally {
      try (var files = Files.list(folder)) {
        files.forEach(file -> file.toFile().delete());
      }
      Files.delete(folder);
    }
    say("world", "Done.");
  }

  // ---- the device

  private static void runDevice(
      String connectionString, int port, Path ca, Path outbox, String firstReading)
      throws IOException {
    try (SqliteOutboxStore store = SqliteOutboxStore.open(outbox);
        DeviceClient client =
            DeviceClient.builder(connectionString)
                .endpoint(Protocol.MQTT, new Endpoint("localhost", port, Trust.pem(ca)))
                .retry(RetryPolicy.eager())
                .outboxStore(store)
                .onStoredOutcome(SurvivingDevice::delivered)
                .build()) {
      say("device", "an earlier run left " + client.outbox().waiting() + " messages");
      CompletableFuture<Void> opened = client.open();
      int first = Integer.parseInt(firstReading);
      for (int reading = first; reading < first + READINGS; reading++) {
        client
            .blocking(Duration.ofSeconds(10))
            .store(TelemetryMessage.json("{\"reading\":" + reading + "}"));
        say("device", "stored reading " + reading);
      }
      opened.join(); // Without a network it waits here until it is killed.
      say("device", "is connected");
      while (System.in.read() >= 0) {
        // It runs until its parent closes the input.
      }
    }
  }

  private static void delivered(StoredOutcome outcome) {
    String message =
        outcome
            .message()
            .map(each -> new String(each.body(), StandardCharsets.UTF_8))
            .orElse("a damaged message");
    say(
        "device",
        outcome
            .failure()
            .map(why -> "failed: " + message + ": " + why.getMessage())
            .orElse("delivered " + message));
  }

  // ---- the processes

  /** Starts this program as the device, with the same modules. */
  private static Process start(String... args) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--module-path",
            System.getProperty("jdk.module.path"),
            "--add-modules",
            "ch.qos.logback.classic",
            "--module",
            "dev.fairlead.samples/" + SurvivingDevice.class.getName());
    builder.command().addAll(List.of(args));
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Prints what the process prints, up to a line that ends like that, or to its end. */
  private static void follow(Process process, @Nullable String last) throws IOException {
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      System.out.println(line);
      if (last != null && line.endsWith(last)) {
        return;
      }
    }
    if (last != null) {
      throw new IOException("The device ended before it printed \"" + last + "\".");
    }
  }

  private static void say(String who, String what) {
    System.out.printf("%-6s %s%n", who, what);
  }
}
