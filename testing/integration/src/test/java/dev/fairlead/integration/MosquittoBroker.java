package dev.fairlead.integration;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.peers.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Assumptions;
import org.opentest4j.TestAbortedException;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerFetchException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;

/**
 * The Mosquitto broker, with TLS on one port and WebSockets over TLS on another. It implements
 * nothing of IoT Hub: it accepts every topic and every path.
 *
 * @param ca the CA that signed its certificate
 * @param host where it is
 * @param tlsPort its port for MQTT over TLS
 * @param webSocketPort its port for MQTT over WebSockets
 * @param stop ends it
 */
record MosquittoBroker(
    X509Certificate ca, String host, int tlsPort, int webSocketPort, Runnable stop)
    implements AutoCloseable {
  /**
   * Where packages of the usual distributions install it; not every user has these directories in
   * PATH.
   */
  private static final List<Path> HOMES =
      List.of(
          Path.of("/usr/sbin/mosquitto"),
          Path.of("/usr/local/sbin/mosquitto"),
          Path.of("/usr/bin/mosquitto"),
          Path.of("/opt/homebrew/sbin/mosquitto"));

  private static final Duration CONTAINER_LIMIT = Duration.ofSeconds(50);

  private static final String IMAGE = "eclipse-mosquitto:2.0.22";

  /** A port that is free during the search may be taken a moment later. */
  private static final int ATTEMPTS = 5;

  /** Starts the installed broker, else one in a container, else aborts the test with the reason. */
  static MosquittoBroker start(Path directory) throws Exception {
    Optional<Path> binary = HOMES.stream().filter(Files::isExecutable).findFirst();
    if (binary.isPresent()) {
      return installed(binary.get(), directory);
    }
    return inAContainer();
  }

  private static MosquittoBroker installed(Path binary, Path directory) throws Exception {
    TestCa.Issued root = TestCa.root("broker CA");
    TestCa.Issued server = TestCa.leaf(root, "localhost");
    Files.writeString(directory.resolve("broker.pem"), certificate(server));
    Files.writeString(directory.resolve("broker-key.pem"), key(server));
    for (int attempt = 1; ; attempt++) {
      int tls = freePort();
      int webSocket = freePort();
      Path configuration = directory.resolve("mosquitto.conf");
      Files.writeString(
          configuration,
          // Started by root it would switch to another user, who may not read the key.
          "user "
              + System.getProperty("user.name")
              + "\n"
              + configuration(directory.toString(), " 127.0.0.1", tls, webSocket));
      Path log = directory.resolve("mosquitto.log");
      Process process =
          new ProcessBuilder(binary.toString(), "-c", configuration.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      Runnable stop = () -> process.destroyForcibly().onExit().join();
      if (comesUp(process, tls, webSocket)) {
        return new MosquittoBroker(root.certificate(), "localhost", tls, webSocket, stop);
      }
      stop.run();
      if (attempt == ATTEMPTS) {
        throw new IOException("Mosquitto does not start: " + Files.readString(log));
      }
    }
  }

  /**
   * Skips the test if the container has not started within a minute, whatever the container engine
   * does.
   */
  private static MosquittoBroker inAContainer() throws Exception {
    FutureTask<MosquittoBroker> starting = new FutureTask<>(MosquittoBroker::container);
    Thread thread = new Thread(starting, "mosquitto-container");
    thread.setDaemon(true);
    thread.start();
    try {
      return starting.get(CONTAINER_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      starting.cancel(true);
      return Assumptions.abort(
          "No container of " + IMAGE + " has started within " + CONTAINER_LIMIT + ".");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ContainerFetchException unavailable) {
        return Assumptions.abort("The image " + IMAGE + " cannot be pulled: " + unavailable);
      }
      if (e.getCause() instanceof TestAbortedException aborted) {
        throw aborted;
      }
      throw e;
    }
  }

  @SuppressWarnings("resource") // The broker's own close stops the container.
  private static MosquittoBroker container() throws Exception {
    Assumptions.assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "No Mosquitto is installed here (apt-get install mosquitto), and no container engine runs.");
    String host = DockerClientFactory.instance().dockerHostIpAddress();
    TestCa.Issued root = TestCa.root("broker CA");
    TestCa.Issued server = TestCa.leaf(root, host);
    String home = "/mosquitto/config";
    GenericContainer<?> container =
        new GenericContainer<>(IMAGE)
            .withExposedPorts(8883, 8443)
            .withCopyToContainer(Transferable.of(certificate(server)), home + "/broker.pem")
            .withCopyToContainer(Transferable.of(key(server)), home + "/broker-key.pem")
            .withCopyToContainer(
                Transferable.of(configuration(home, "", 8883, 8443)), home + "/mosquitto.conf")
            .waitingFor(Wait.forListeningPort());
    container.start();
    return new MosquittoBroker(
        root.certificate(),
        host,
        container.getMappedPort(8883),
        container.getMappedPort(8443),
        container::stop);
  }

  private static String configuration(String directory, String address, int tls, int webSocket) {
    String secured =
        "certfile " + directory + "/broker.pem\nkeyfile " + directory + "/broker-key.pem\n";
    return "allow_anonymous true\n"
        + "persistence false\n"
        + ("listener " + tls + address + "\n" + secured)
        + ("listener " + webSocket + address + "\nprotocol websockets\n" + secured);
  }

  private static String certificate(TestCa.Issued issued) throws Exception {
    return pem("CERTIFICATE", issued.certificate().getEncoded());
  }

  private static String key(TestCa.Issued issued) {
    return pem("PRIVATE KEY", issued.key().getEncoded());
  }

  private static String pem(String what, byte[] der) {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n";
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private static boolean comesUp(Process process, int... ports) {
    try {
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> !process.isAlive() || IntStream.of(ports).allMatch(MosquittoBroker::listens));
    } catch (ConditionTimeoutException e) {
      return false;
    }
    return process.isAlive();
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  Endpoint endpoint(TransportUnderTest transport) {
    int port =
        switch (transport) {
          case MQTT -> tlsPort;
          case MQTT_WS -> webSocketPort;
          case AMQP, AMQP_WS, HTTPS ->
              throw new IllegalArgumentException("Mosquitto does not speak " + transport);
        };
    return new Endpoint(host, port, Trust.only(List.of(ca)));
  }

  @Override
  public void close() {
    stop.run();
  }
}
