package dev.fairlead.integration;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.fairlead.Protocol;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.peers.JavaProcess;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The official client in a separate JVM with its own libraries, controlled by lines of JSON ({@code
 * src/official/OfficialDevice.java}). The JVM resolves one additional host name.
 */
final class OfficialClientProcess implements AutoCloseable {
  private static final Gson GSON = new Gson();
  private static final Path HOME = Path.of("target", "official").toAbsolutePath();
  private static final long PATIENCE_SECONDS = 60;

  private static boolean compiled;

  private final Process process;
  private final BufferedWriter orders;
  private final BlockingQueue<JsonObject> answers = new LinkedBlockingQueue<>();
  private final BlockingQueue<JsonObject> events = new LinkedBlockingQueue<>();

  private OfficialClientProcess(Process process) {
    this.process = process;
    this.orders = process.outputWriter(StandardCharsets.UTF_8);
    Thread reader = new Thread(this::read, "official-device-output");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts a JVM in which {@code hostName} is {@code address}. */
  static OfficialClientProcess start(Path directory, String hostName, InetAddress address)
      throws IOException {
    Path hosts =
        Files.writeString(
            directory.resolve("hosts"), address.getHostAddress() + " " + hostName + "\n");
    String classPath = libraries() + File.pathSeparator + classes();
    return new OfficialClientProcess(
        JavaProcess.of(
                "-Xmx128m", "-Djdk.net.hosts.file=" + hosts, "-cp", classPath, "OfficialDevice")
            .redirectError(directory.resolve("official-device.err").toFile())
            .start());
  }

  private static String libraries() {
    return HOME.resolve("lib") + File.separator + "*";
  }

  /**
   * Compiles the device program against the official client alone, once in each JVM of the tests: a
   * class file that another JVM is writing cannot be loaded.
   */
  private static synchronized Path classes() throws IOException {
    Path classes = HOME.resolve("classes-" + ProcessHandle.current().pid());
    if (!compiled) {
      Files.createDirectories(classes);
      String jars;
      try (Stream<Path> files = Files.list(HOME.resolve("lib"))) {
        jars = String.join(File.pathSeparator, files.map(Path::toString).toList());
      }
      String source = Path.of("src", "official", "OfficialDevice.java").toString();
      int failed =
          Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "a JDK")
              .run(null, null, null, "-cp", jars, "-proc:none", "-d", classes.toString(), source);
      if (failed != 0) {
        throw new IOException(
            "The official device program does not compile. Read the compiler's output.");
      }
    }
    compiled = true;
    return classes;
  }

  private void read() {
    try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith("{")) {
          JsonObject said = GSON.fromJson(line, JsonObject.class);
          (said.has("event") ? events : answers).add(said);
        }
      }
    } catch (IOException e) {
      // The process has been destroyed, which is how it always ends.
    }
  }

  /** A command for {@link #obey}. */
  static JsonObject order(String verb) {
    JsonObject order = new JsonObject();
    order.addProperty("verb", verb);
    return order;
  }

  /** Connects the official client over a protocol. */
  static JsonObject open(Protocol protocol, String connectionString, String caPem) {
    JsonObject order = order("open");
    order.addProperty(
        "protocol",
        switch (protocol) {
          case MQTT -> "MQTT";
          case MQTT_WS -> "MQTT_WS";
          case AMQP -> "AMQPS";
          case AMQP_WS -> "AMQPS_WS";
          case HTTPS -> "HTTPS";
        });
    order.addProperty("connectionString", connectionString);
    order.addProperty("ca", caPem);
    return order;
  }

  /** Adds a client certificate to a command to open. */
  static JsonObject withCertificate(JsonObject open, ClientIdentity identity) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    String password = "for-the-pipe-only";
    store.setKeyEntry(
        "device",
        identity.key(),
        password.toCharArray(),
        identity.chain().toArray(Certificate[]::new));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    store.store(bytes, password.toCharArray());
    open.addProperty("pkcs12", Base64.getEncoder().encodeToString(bytes.toByteArray()));
    open.addProperty("password", password);
    return open;
  }

  /** Sends a command and waits until it is carried out; its result is in {@code result}. */
  JsonObject obey(JsonObject order) throws InterruptedException {
    try {
      orders.write(GSON.toJson(order));
      orders.newLine();
      orders.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("The official device's process has ended.", e);
    }
    String verb = order.get("verb").getAsString();
    JsonObject answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (answer == null || !answer.has("done")) {
      throw new AssertionError(
          "The official client did not " + verb + ": " + answer + ", events " + events);
    }
    return answer;
  }

  JsonObject obey(String verb) throws InterruptedException {
    return obey(order(verb));
  }

  /** Takes events until one matches, and returns it. */
  JsonObject await(String name, Predicate<JsonObject> fits) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    for (List<JsonObject> others = new ArrayList<>(); ; ) {
      @Nullable JsonObject event = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (event == null) {
        throw new AssertionError("No event " + name + " of the official client; " + others);
      }
      if (event.get("event").getAsString().equals(name) && fits.test(event)) {
        return event;
      }
      others.add(event);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
