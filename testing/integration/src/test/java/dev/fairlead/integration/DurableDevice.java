package dev.fairlead.integration;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.peers.JavaProcess;
import dev.fairlead.sqlite.SqliteOutboxStore;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A device with a durable outbox in a process of its own, to be killed. It stores numbered messages
 * as fast as the disk allows, and writes a line to a file before it passes each number to the
 * client ({@code a 7}) and after the client has confirmed that it is stored ({@code s 7}).
 */
final class DurableDevice implements AutoCloseable {
  /** How many messages a run stores at full speed; then one every millisecond, until the kill. */
  private static final int AT_FULL_SPEED = 1_000;

  private static final int MOST_IN_PROGRESS = 200;
  private static final String READY = "ready";
  private static final String DELIVERED = "delivered";
  private static final String DRAINED = "drained";

  private final Process process;
  private final Path errors;
  private final BufferedReader out;

  private DurableDevice(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    out = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Starts the process.
   *
   * @param drains whether it only delivers what is stored, and ends
   */
  static DurableDevice start(
      TransportUnderTest route, int port, String key, Path ca, Path directory, boolean drains)
      throws IOException {
    Path errors = directory.resolve("device.err");
    return new DurableDevice(
        JavaProcess.of(
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                DurableDevice.class.getName(),
                route.name(),
                Integer.toString(port),
                key,
                ca.toString(),
                directory.toString(),
                Boolean.toString(drains))
            .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
            .start(),
        errors);
  }

  /** Returns when the device has stored its first message. */
  void awaitReady() throws IOException {
    await(READY);
  }

  /** Returns when the hub has acknowledged the first message of this run. */
  void awaitDelivered() throws IOException {
    await(DELIVERED);
  }

  /** Returns when everything is delivered. */
  void awaitDrained() throws IOException {
    await(DRAINED);
  }

  private void await(String word) throws IOException {
    List<String> seen = new ArrayList<>();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.equals(word)) {
        return;
      }
      seen.add(line);
    }
    throw new IOException(
        "The device ended before it was " + word + ": " + seen + " " + Files.readString(errors));
  }

  /** SIGKILL, unless it has ended by itself. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  // ---- in the process

  /**
   * Runs the device.
   *
   * @param args route, port, key, CA file, directory, and whether it only drains
   */
  public static void main(String[] args) throws Exception {
    TransportUnderTest route = TransportUnderTest.valueOf(args[0]);
    Path directory = Path.of(args[4]);
    boolean drains = Boolean.parseBoolean(args[5]);
    Path promises = directory.resolve("promises.txt");
    AtomicBoolean first = new AtomicBoolean(true);
    try (SqliteOutboxStore store = SqliteOutboxStore.open(directory.resolve("outbox.db"));
        DeviceClient client =
            route
                .builder(
                    "HostName=localhost;DeviceId=survivor;SharedAccessKey=" + args[2],
                    new Endpoint(
                        "localhost", Integer.parseInt(args[1]), Trust.pem(Path.of(args[3]))))
                .outboxStore(store)
                .outbox(OutboxLimits.builder().maxMessages(600).build()) // So that it is read back.
                .onStoredOutcome(outcome -> delivered(outcome, first))
                .build()) {
      client.open();
      if (drains) {
        drain(client);
      } else {
        load(client, promises);
      }
    }
  }

  private static void delivered(StoredOutcome outcome, AtomicBoolean first) {
    outcome.failure().ifPresent(Throwable::printStackTrace);
    if (first.compareAndSet(true, false)) {
      say(DELIVERED);
    }
  }

  private static void drain(DeviceClient client) throws InterruptedException {
    OutboxStatus status = client.outbox();
    while (status.waiting() + status.underWay() > 0) {
      TimeUnit.MILLISECONDS.sleep(20);
      status = client.outbox();
    }
    say(DRAINED);
  }

  private static void load(DeviceClient client, Path promises) throws Exception {
    long first = lastAttempt(promises) + 1;
    Semaphore free = new Semaphore(MOST_IN_PROGRESS);
    try (OutputStream file = new FileOutputStream(promises.toFile(), true)) {
      for (long number = first; ; number++) { // Until it is killed.
        free.acquire();
        if (number >= first + AT_FULL_SPEED) {
          TimeUnit.MILLISECONDS.sleep(1);
        }
        long current = number;
        write(file, "a " + current);
        client
            .store(TelemetryMessage.of(Long.toString(current).getBytes(StandardCharsets.US_ASCII)))
            .whenComplete(
                (stored, failure) -> {
                  free.release();
                  if (failure == null) {
                    write(file, "s " + current);
                  } else {
                    failure.printStackTrace();
                  }
                  if (current == first) {
                    say(READY);
                  }
                });
      }
    }
  }

  /** The number of the last message that any run tried to store; a half line at the end counts. */
  private static long lastAttempt(Path promises) throws IOException {
    if (!Files.exists(promises)) {
      return 0;
    }
    return Files.readAllLines(promises).stream()
        .filter(line -> line.matches("a \\d+"))
        .mapToLong(line -> Long.parseLong(line.substring(2)))
        .max()
        .orElse(0);
  }

  private static void write(OutputStream file, String line) {
    try {
      file.write((line + "\n").getBytes(StandardCharsets.US_ASCII)); // One write, so never mixed.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void say(String line) {
    System.out.println(line);
  }
}
