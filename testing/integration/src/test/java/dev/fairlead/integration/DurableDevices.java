package dev.fairlead.integration;

import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceOptions;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.peers.JavaProcess;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.sqlite.SqliteOutboxStore;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * A device, or a gateway with several, with a durable outbox in a process of its own, to be killed.
 * It stores numbered messages of each device in turn as fast as the disk allows, and writes a line
 * to a file before it passes a number to a client ({@code a 2 7} for the third device) and after
 * the client has confirmed that it is stored ({@code s 2 7}).
 */
final class DurableDevices implements AutoCloseable {
  private static final int MOST_IN_PROGRESS = 200;
  private static final String READY = "ready";
  private static final String DELIVERED = "delivered";
  private static final String DRAINED = "drained";

  /**
   * What runs.
   *
   * @param gateway whether the devices are those of a gateway; else there is one
   * @param devices how many
   * @param burst how many messages a run stores at full speed; then it is one every millisecond
   */
  record Setup(
      TransportUnderTest route,
      boolean gateway,
      int devices,
      int burst,
      String key,
      Path ca,
      Path directory) {
    List<String> ids() {
      return IntStream.range(0, devices).mapToObj(Setup::id).toList();
    }

    static String id(int device) {
      return "survivor-" + device;
    }

    Path promises() {
      return directory.resolve("promises.txt");
    }

    /** What the processes have written as errors. */
    Path errors() {
      return directory.resolve("device.err");
    }

    private String[] arguments(int port, boolean drains) {
      return new String[] {
        route.name(),
        Boolean.toString(gateway),
        Integer.toString(devices),
        Integer.toString(burst),
        key,
        ca.toString(),
        directory.toString(),
        Integer.toString(port),
        Boolean.toString(drains)
      };
    }

    private static Setup of(String[] arguments) {
      return new Setup(
          TransportUnderTest.valueOf(arguments[0]),
          Boolean.parseBoolean(arguments[1]),
          Integer.parseInt(arguments[2]),
          Integer.parseInt(arguments[3]),
          arguments[4],
          Path.of(arguments[5]),
          Path.of(arguments[6]));
    }

    private String connectionString(int device) {
      return "HostName=localhost;DeviceId=" + id(device) + ";SharedAccessKey=" + key;
    }
  }

  private final Process process;
  private final Setup setup;
  private final BufferedReader out;

  private DurableDevices(Process process, Setup setup) {
    this.process = process;
    this.setup = setup;
    out = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Starts the process.
   *
   * @param drains whether it only delivers what is stored, and ends
   */
  static DurableDevices start(Setup setup, int port, boolean drains) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            DurableDevices.class.getName()));
    command.addAll(List.of(setup.arguments(port, drains)));
    return new DurableDevices(
        JavaProcess.of(command.toArray(String[]::new))
            .redirectError(ProcessBuilder.Redirect.appendTo(setup.errors().toFile()))
            .start(),
        setup);
  }

  /** Returns when the first message of this run is stored. */
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
        "The process ended before it was "
            + word
            + ": "
            + seen
            + " "
            + Files.readString(setup.errors()));
  }

  /** SIGKILL, unless it has ended by itself. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  // ---- in the process

  /** Runs the devices. */
  public static void main(String[] arguments) throws Exception {
    Setup setup = Setup.of(arguments);
    int port = Integer.parseInt(arguments[7]);
    boolean drains = Boolean.parseBoolean(arguments[8]);
    try (SqliteOutboxStore store = SqliteOutboxStore.open(setup.directory.resolve("outbox.db"))) {
      Endpoint endpoint = new Endpoint("localhost", port, Trust.pem(setup.ca));
      if (setup.gateway) {
        try (Gateway gateway = gateway(setup, endpoint)) {
          List<DeviceClient> clients = new ArrayList<>();
          for (int i = 0; i < setup.devices; i++) {
            clients.add(durable(gateway.device(setup.connectionString(i)), store).build());
          }
          run(setup, clients, drains);
        }
      } else {
        DeviceClientBuilder builder = setup.route.builder(setup.connectionString(0), endpoint);
        try (DeviceClient client = durable(builder, store).build()) {
          run(setup, List.of(client), drains);
        }
      }
    }
  }

  private static Gateway gateway(Setup setup, Endpoint endpoint) {
    Protocol protocol = setup.route.protocol();
    return Gateway.builder()
        .policy(
            TransportPolicy.builder()
                .identities(Math.max(2, setup.devices))
                .only(protocol)
                .developmentMode()
                .build())
        .transport(setup.route.transport(TransportUnderTest.DIALER))
        .endpoint(protocol, endpoint)
        .openTimeout(Duration.ofSeconds(5))
        .retry(RetryPolicy.eager())
        .build();
  }

  private static <B extends DeviceOptions<B>> B durable(B builder, OutboxStore store) {
    AtomicBoolean first = new AtomicBoolean(true);
    return builder
        .outboxStore(store)
        .outbox(OutboxLimits.builder().maxMessages(600).build()) // So that it is read back.
        .onStoredOutcome(outcome -> delivered(outcome, first));
  }

  private static void delivered(StoredOutcome outcome, AtomicBoolean first) {
    outcome.failure().ifPresent(Throwable::printStackTrace);
    if (first.compareAndSet(true, false)) {
      say(DELIVERED);
    }
  }

  private static void run(Setup setup, List<DeviceClient> clients, boolean drains)
      throws Exception {
    clients.forEach(DeviceClient::open);
    if (drains) {
      for (DeviceClient client : clients) {
        drain(client);
      }
      say(DRAINED);
    } else {
      load(setup, clients);
    }
  }

  private static void drain(DeviceClient client) throws InterruptedException {
    OutboxStatus status = client.outbox();
    while (status.waiting() + status.underWay() > 0) {
      TimeUnit.MILLISECONDS.sleep(20);
      status = client.outbox();
    }
  }

  private static void load(Setup setup, List<DeviceClient> clients) throws Exception {
    long[] next = lastAttempts(setup);
    Semaphore free = new Semaphore(MOST_IN_PROGRESS);
    try (OutputStream file = new FileOutputStream(setup.promises().toFile(), true)) {
      for (long number = 0; ; number++) { // Until it is killed.
        free.acquire();
        if (number >= setup.burst) {
          TimeUnit.MILLISECONDS.sleep(1);
        }
        int device = (int) (number % setup.devices);
        store(clients.get(device), device, ++next[device], number == 0, file, free);
      }
    }
  }

  private static void store(
      DeviceClient client,
      int device,
      long number,
      boolean first,
      OutputStream file,
      Semaphore free) {
    write(file, "a " + device + " " + number);
    client
        .store(TelemetryMessage.of(Long.toString(number).getBytes(StandardCharsets.US_ASCII)))
        .whenComplete(
            (stored, failure) -> {
              free.release();
              if (failure == null) {
                write(file, "s " + device + " " + number);
              } else {
                failure.printStackTrace();
              }
              if (first) {
                say(READY);
              }
            });
  }

  /** The numbers of the last messages that any run tried to store. */
  private static long[] lastAttempts(Setup setup) throws IOException {
    long[] last = new long[setup.devices];
    for (int i = 0; i < setup.devices; i++) {
      last[i] = Deliveries.promised(setup, "a", i).stream().mapToLong(each -> each).max().orElse(0);
    }
    return last;
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
