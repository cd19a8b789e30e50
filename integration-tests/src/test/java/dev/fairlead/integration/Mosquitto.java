package dev.fairlead.integration;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.net.TestCa;
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
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Assumptions;

/**
 * The Mosquitto broker in a process of its own, with TLS on one port and WebSockets over TLS on
 * another. It knows nothing of IoT Hub: it takes every topic and every path.
 */
final class Mosquitto implements AutoCloseable {
  /** Where packages of the usual distributions put it, which is not on every user's path. */
  private static final List<Path> HOMES =
      List.of(
          Path.of("/usr/sbin/mosquitto"),
          Path.of("/usr/local/sbin/mosquitto"),
          Path.of("/usr/bin/mosquitto"),
          Path.of("/opt/homebrew/sbin/mosquitto"));

  /** A port that is free when looked for may be taken a moment later. */
  private static final int ATTEMPTS = 5;

  private final Process process;
  private final X509Certificate ca;
  private final int tlsPort;
  private final int webSocketPort;

  private Mosquitto(Process process, X509Certificate ca, int tlsPort, int webSocketPort) {
    this.process = process;
    this.ca = ca;
    this.tlsPort = tlsPort;
    this.webSocketPort = webSocketPort;
  }

  /** Starts the broker that is installed here, or aborts the test and says why. */
  static Mosquitto start(Path directory) throws Exception {
    Optional<Path> binary = HOMES.stream().filter(Files::isExecutable).findFirst();
    Assumptions.assumeTrue(
        binary.isPresent(), "No Mosquitto is installed here (apt-get install mosquitto).");
    TestCa.Issued root = TestCa.root("broker CA");
    TestCa.Issued server = TestCa.leaf(root, "localhost", "127.0.0.1");
    Path certificate = directory.resolve("broker.pem");
    Path key = directory.resolve("broker-key.pem");
    Files.writeString(certificate, pem("CERTIFICATE", server.certificate().getEncoded()));
    Files.writeString(key, pem("PRIVATE KEY", server.key().getEncoded()));
    for (int attempt = 1; ; attempt++) {
      int tls = freePort();
      int webSocket = freePort();
      Path configuration = directory.resolve("mosquitto.conf");
      Files.writeString(configuration, configuration(certificate, key, tls, webSocket));
      Path log = directory.resolve("mosquitto.log");
      Process process =
          new ProcessBuilder(binary.get().toString(), "-c", configuration.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      Mosquitto broker = new Mosquitto(process, root.certificate(), tls, webSocket);
      if (broker.comesUp()) {
        return broker;
      }
      broker.close();
      if (attempt == ATTEMPTS) {
        throw new IOException("Mosquitto does not start: " + Files.readString(log));
      }
    }
  }

  private static String configuration(Path certificate, Path key, int tls, int webSocket) {
    String secured = "certfile " + certificate + "\nkeyfile " + key + "\n";
    return "allow_anonymous true\n"
        + "persistence false\n"
        // Started by root it would become another user, who may not read the key.
        + ("user " + System.getProperty("user.name") + "\n")
        + ("listener " + tls + " 127.0.0.1\n" + secured)
        + ("listener " + webSocket + " 127.0.0.1\nprotocol websockets\n" + secured);
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

  private boolean comesUp() {
    try {
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () ->
                  !process.isAlive()
                      || Stream.of(tlsPort, webSocketPort).allMatch(Mosquitto::listens));
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

  X509Certificate ca() {
    return ca;
  }

  int tlsPort() {
    return tlsPort;
  }

  Endpoint endpoint(Wire wire) {
    int port =
        switch (wire) {
          case MQTT -> tlsPort;
          case MQTT_WS -> webSocketPort;
        };
    return new Endpoint("localhost", port, Trust.only(List.of(ca)));
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
