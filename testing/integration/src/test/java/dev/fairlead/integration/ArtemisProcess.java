package dev.fairlead.integration;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.peers.JavaProcess;
import dev.fairlead.peers.TestCa;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.awaitility.Awaitility;

/**
 * The ActiveMQ Artemis broker in a separate JVM with its own libraries, controlled by lines of JSON
 * ({@code src/artemis/ArtemisBroker.java}). It speaks AMQP over TLS, and over WebSockets on the
 * same port, accepts one user, and implements nothing of IoT Hub.
 */
final class ArtemisProcess implements AutoCloseable {
  static final String USER = "device";
  static final String PASSWORD = "for-this-run-only";

  /** The queue for rejected messages. */
  static final String DEAD_LETTERS = "dead-letters";

  private static final Gson GSON = new Gson();
  private static final Path HOME = Path.of("target", "artemis").toAbsolutePath();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final BufferedWriter orders;
  private final BufferedReader answers;
  private final X509Certificate ca;
  private final int port;

  private ArtemisProcess(Process process, Path directory) throws Exception {
    this.process = process;
    orders = process.outputWriter(StandardCharsets.UTF_8);
    answers = process.inputReader(StandardCharsets.UTF_8);
    TestCa.Issued root = TestCa.root("Artemis CA");
    ca = root.certificate();
    JsonObject start = order("start");
    start.addProperty("user", USER);
    start.addProperty("password", PASSWORD);
    start.addProperty("keyStore", keyStore(directory, TestCa.leaf(root, "localhost")).toString());
    start.addProperty("directory", directory.resolve("large-messages").toString());
    port = obey(start).get("result").getAsInt();
  }

  /**
   * Starts a broker without queues.
   *
   * @param directory for the key and the log
   */
  static ArtemisProcess start(Path directory) throws Exception {
    Process process =
        JavaProcess.of(
                "-Xmx256m",
                "-cp",
                HOME.resolve("lib") + File.separator + "*" + File.pathSeparator + classes(),
                "ArtemisBroker")
            .redirectError(directory.resolve("artemis.err").toFile())
            .start();
    try {
      return new ArtemisProcess(process, directory);
    } catch (Exception | AssertionError e) {
      process.destroyForcibly().onExit().join();
      throw e;
    }
  }

  /** Compiles the broker program against the broker alone. */
  private static Path classes() throws IOException {
    Path classes = Files.createDirectories(HOME.resolve("classes"));
    String jars;
    try (Stream<Path> files = Files.list(HOME.resolve("lib"))) {
      jars = String.join(File.pathSeparator, files.map(Path::toString).toList());
    }
    String source = Path.of("src", "artemis", "ArtemisBroker.java").toString();
    int failed =
        Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "a JDK")
            .run(null, null, null, "-cp", jars, "-proc:none", "-d", classes.toString(), source);
    if (failed != 0) {
      throw new IOException("The broker program does not compile. Read the compiler's output.");
    }
    return classes;
  }

  private static Path keyStore(Path directory, TestCa.Issued server) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "broker", server.key(), PASSWORD.toCharArray(), server.chain().toArray(Certificate[]::new));
    Path file = directory.resolve("artemis.p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
    return file;
  }

  private static JsonObject order(String verb) {
    JsonObject order = new JsonObject();
    order.addProperty("verb", verb);
    return order;
  }

  private static JsonObject order(String verb, String queue) {
    JsonObject order = order(verb);
    order.addProperty("queue", queue);
    return order;
  }

  private synchronized JsonObject obey(JsonObject order) {
    CompletableFuture<JsonObject> answer = new CompletableFuture<>();
    Thread reader = new Thread(() -> read(answer), "artemis-answer");
    reader.setDaemon(true);
    try {
      orders.write(GSON.toJson(order));
      orders.newLine();
      orders.flush();
      reader.start();
      JsonObject said = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (said.has("done")) {
        return said;
      }
      throw new AssertionError("The broker refused: " + said);
    } catch (IOException | InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("The broker's process does not answer.", e);
    }
  }

  private void read(CompletableFuture<JsonObject> answer) {
    try {
      String line = answers.readLine();
      while (line != null && !line.startsWith("{")) {
        line = answers.readLine();
      }
      if (line == null) {
        answer.completeExceptionally(new IOException("It has ended."));
      } else {
        answer.complete(GSON.fromJson(line, JsonObject.class));
      }
    } catch (IOException | UncheckedIOException e) {
      answer.completeExceptionally(e);
    }
  }

  /** The endpoint of both routes. */
  Endpoint endpoint() {
    return new Endpoint("localhost", port, Trust.only(List.of(ca)));
  }

  /** Creates a queue of this address; each of its messages goes to one receiver. */
  void createQueue(String name) {
    obey(order("queue", name));
  }

  /** Consumes messages, each with {@code body} and {@code properties}; fewer if no more arrive. */
  List<JsonObject> take(String queue, int count) {
    JsonObject take = order("take", queue);
    take.addProperty("count", count);
    return obey(take).getAsJsonArray("result").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .toList();
  }

  /** Puts messages with one property {@code n}, the number of each, into a queue. */
  void put(String queue, List<String> bodies) {
    JsonArray messages = new JsonArray();
    for (String body : bodies) {
      JsonObject properties = new JsonObject();
      properties.add("n", new JsonPrimitive(String.valueOf(messages.size())));
      JsonObject message = new JsonObject();
      message.addProperty("body", body);
      message.add("properties", properties);
      messages.add(message);
    }
    JsonObject put = order("put", queue);
    put.add("messages", messages);
    obey(put);
  }

  /**
   * Waits until a queue has the given number of messages, counting those that a receiver holds
   * unsettled.
   */
  void awaitCount(String queue, int count) {
    Awaitility.await().atMost(PATIENCE).until(() -> count(queue) == count);
  }

  int count(String queue) {
    return obey(order("count", queue)).get("result").getAsInt();
  }

  /**
   * Cuts the connection of every client.
   *
   * @return how many there were
   */
  int cutConnections() {
    return obey(order("cut")).get("result").getAsInt();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
