package dev.fairlead.integration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Servers that are not the hub, or cannot prove that they are: the client distinguishes them all,
 * and none of them receives data.
 */
@Timeout(120)
@ParameterizedClass
@EnumSource
class BadCertificatesTest {
  private static final String SECRET = "canary-device-key-of-32-bytes-!!";
  private static final Duration SOON = Duration.ofSeconds(60);

  /** A flaw, and the words that only its error text contains. */
  private enum Flaw {
    WRONG_HOST("its certificate is for elsewhere.example.net, not for localhost"),
    EXPIRED("The server's certificate has expired"),
    NOT_YET_VALID("The server's certificate is not valid yet"),
    SELF_SIGNED("it is self-signed"),
    UNKNOWN_CA("the issuer at the top of its chain"),
    MISSING_INTERMEDIATE("the server leaves out an intermediate certificate"),
    TLS_1_1_ONLY("supports no safe TLS version");

    private final String words;

    Flaw(String words) {
      this.words = words;
    }
  }

  @Parameter TransportUnderTest transport;

  private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
  private final AtomicInteger visits = new AtomicInteger();

  private ScriptedPeer server(Flaw flaw, TestCa.Issued root) throws Exception {
    if (flaw == Flaw.TLS_1_1_ONLY) {
      return tooOld();
    }
    TestCa.Issued intermediate = TestCa.intermediate(root, "test intermediate");
    TestCa.Issued shown =
        switch (flaw) {
          case WRONG_HOST -> TestCa.leaf(root, "elsewhere.example.net");
          case EXPIRED -> dated(root, -30, -1);
          case NOT_YET_VALID -> dated(root, 1, 30);
          case SELF_SIGNED -> TestCa.leaf(null, "localhost");
          case UNKNOWN_CA ->
              TestCa.leaf(TestCa.intermediate(TestCa.root("somebody else"), "theirs"), "localhost");
          case MISSING_INTERMEDIATE -> TestCa.leaf(intermediate, "localhost").alone();
          case TLS_1_1_ONLY -> throw new AssertionError("has no certificate");
        };
    return listening(shown.server(null));
  }

  private static TestCa.Issued dated(TestCa.Issued root, int from, int until) throws Exception {
    Instant now = Instant.now();
    return TestCa.leaf(
        root, now.plus(Duration.ofDays(from)), now.plus(Duration.ofDays(until)), "localhost");
  }

  /** Records all that a client sends. */
  private ScriptedPeer listening(SSLContext context) throws IOException {
    return ScriptedPeer.builder()
        .tls(context)
        .start(
            connection -> {
              visits.incrementAndGet();
              connection.input().transferTo(seen);
            });
  }

  /** Answers a ClientHello without versions below TLS 1.2 as a server of TLS 1.1 does. */
  private ScriptedPeer tooOld() {
    return ScriptedPeer.plain(
        connection -> {
          visits.incrementAndGet();
          byte[] hello = new byte[16 * 1024];
          if (connection.input().read(hello) > 0) {
            // The fatal alert protocol_version (70), RFC 4346, section 7.2.
            connection.output().write(new byte[] {21, 3, 2, 0, 2, 2, 70});
            connection.input().transferTo(seen);
          }
        });
  }

  @Test
  void eachIsToldApartAndSeesNothing() throws Exception {
    TestCa.Issued root = TestCa.root("test root");
    Map<Flaw, String> told = new EnumMap<>(Flaw.class);
    for (Flaw flaw : Flaw.values()) {
      try (ScriptedPeer server = server(flaw, root)) {
        told.put(flaw, refusal(server.port(), root));
      }
    }
    assertThat(told)
        .allSatisfy((flaw, words) -> assertThat(words).as(flaw.name()).contains(flaw.words));
    for (Flaw flaw : Flaw.values()) {
      assertThat(told.values().stream().filter(words -> words.contains(flaw.words)))
          .as("only the text for %s contains these words", flaw)
          .hasSize(1);
    }
    assertThat(visits).hasValueGreaterThanOrEqualTo(Flaw.values().length);
    assertThat(seen.size()).as("bytes that a false server could read").isZero();
    assertThat(told.toString()).doesNotContain(SECRET).doesNotContain("SharedAccess");
  }

  /** The client's error text about the server. */
  private String refusal(int port, TestCa.Issued root) {
    String key = Base64.getEncoder().encodeToString(SECRET.getBytes(StandardCharsets.US_ASCII));
    Endpoint endpoint = new Endpoint("localhost", port, Trust.only(List.of(root.certificate())));
    try (DeviceClient client =
        transport
            .builder("HostName=localhost;DeviceId=careful;SharedAccessKey=" + key, endpoint)
            .drainTime(Duration.ZERO)
            .build()) {
      client.open();
      client.send(TelemetryMessage.json("{\"secret\":\"" + SECRET + "\"}"));
      ConnectionState waiting =
          Awaitility.await()
              .atMost(SOON)
              .until(client::state, ConnectionState.Waiting.class::isInstance);
      UnreachableException cause =
          (UnreachableException) waiting.cause().orElseThrow(AssertionError::new);
      assertThat(cause.stage()).isEqualTo(Stage.TLS);
      return String.valueOf(cause.getMessage());
    }
  }
}
