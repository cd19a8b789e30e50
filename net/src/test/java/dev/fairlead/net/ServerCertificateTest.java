package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import dev.fairlead.spi.Credential;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which certificates a dial refuses, and with which message. */
@Timeout(60)
class ServerCertificateTest {
  private static TestCa.Issued root;
  private static Trust trust;

  @BeforeAll
  static void makeRoot() throws Exception {
    root = TestCa.root("test root");
    trust = Trust.only(List.of(root.certificate()));
  }

  private static Dialer dialer() {
    return new Dialer().resolver(host -> List.of(InetAddress.getByName("127.0.0.1")));
  }

  private static Dial dial(String host, int port, Trust trusted) {
    return dialer().dial(new Endpoint(host, port, trusted), Optional.empty());
  }

  private static UnreachableException refused(Dial dial) {
    return catchThrowableOfType(UnreachableException.class, dial::connect);
  }

  private static UnreachableException refusedBy(TestCa.Issued server, String host)
      throws Exception {
    try (ScriptedPeer peer = ScriptedPeer.greeting(server.server(null))) {
      UnreachableException failure = refused(dial(host, peer.port(), trust));
      await().pollInterval(Duration.ofMillis(2)).until(peer::idle);
      assertThat(failure.stage()).isEqualTo(Stage.TLS);
      assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT);
      return failure;
    }
  }

  @Test
  void refusesAnotherHostsCertificate() throws Exception {
    UnreachableException failure =
        refusedBy(TestCa.leaf(root, "other.example.net", "*.example.org"), "hub.example.net");

    assertThat(failure)
        .hasMessageContaining("for other.example.net, *.example.org, not for hub.example")
        .hasMessageContaining("Check the host name");
    assertThat(failure.clockEvidence()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "single", "my_hub", "my_hub.example.net"})
  void refusesAnotherHostsCertificateForEveryKindOfName(String host) throws Exception {
    assertThat(refusedBy(TestCa.leaf(root, "other.example.net", "*.net"), host))
        .hasMessageContaining("is not the host that was dialled");
  }

  @Test
  void refusesACertificateWithoutAnyName() throws Exception {
    assertThat(refusedBy(TestCa.leaf(root), "hub.example.net"))
        .hasMessageContaining("no host name at all");
  }

  @Test
  void saysThatACertificateHasExpired() throws Exception {
    UnreachableException failure =
        refusedBy(
            TestCa.leaf(root, TestCa.days(-9), TestCa.days(-2), "hub.example.net"),
            "hub.example.net");

    assertThat(failure).hasMessageContaining("has expired").hasMessageContaining("renew");
    assertThat(failure.clockEvidence()).hasValueSatisfying(e -> assertThat(e).contains("clock"));
  }

  @Test
  void saysThatACertificateIsNotYetValidAndShowsTheClock() throws Exception {
    TestCa.Issued early = TestCa.leaf(root, TestCa.days(2), TestCa.days(9), "hub.example.net");
    Instant then = Instant.parse("1970-01-01T00:01:00Z");
    try (ScriptedPeer peer = ScriptedPeer.greeting(early.server(null))) {
      UnreachableException failure =
          refused(
              dialer()
                  .clock(() -> then)
                  .dial(new Endpoint("hub.example.net", peer.port(), trust), Optional.empty()));

      assertThat(failure).hasMessageContaining("not valid yet");
      assertThat(failure.clockEvidence()).get().asString().contains(then.toString());
    }
  }

  @Test
  void saysThatACertificateIsSelfSigned() throws Exception {
    assertThat(refusedBy(TestCa.leaf(null, "hub.example.net"), "hub.example.net"))
        .hasMessageContaining("self-signed");
  }

  @Test
  void saysThatTheIssuerIsUnknown() throws Exception {
    TestCa.Issued middle = TestCa.intermediate(TestCa.root("another root"), "another middle");
    assertThat(refusedBy(TestCa.leaf(middle, "hub.example.net"), "hub.example.net"))
        .hasMessageContaining("CN=another root")
        .hasMessageContaining("unknown to the trust in use");
  }

  @Test
  void saysThatAnIntermediateIsMissing() throws Exception {
    TestCa.Issued middle = TestCa.intermediate(root, "the middle");
    TestCa.Issued leaf = TestCa.leaf(middle, "hub.example.net");

    assertThat(refusedBy(leaf.alone(), "hub.example.net"))
        .hasMessageContaining("alone")
        .hasMessageContaining("intermediate");
    try (ScriptedPeer peer = ScriptedPeer.greeting(leaf.server(null))) {
      dial("hub.example.net", peer.port(), trust).connect().cut();
    }
  }

  @Test
  void doesNotTrustAnybodyElseThanGiven() throws Exception {
    TestCa.Issued leaf = TestCa.leaf(root, "hub.example.net");
    try (ScriptedPeer peer = ScriptedPeer.greeting(leaf.server(null))) {
      assertThat(refused(dial("hub.example.net", peer.port(), Trust.platform())).stage())
          .isEqualTo(Stage.TLS);
    }
  }

  /** The path alone is good: only the connection brings the rules of TLS about algorithms. */
  @ParameterizedTest
  @ValueSource(strings = {"hub.example.net", "my_hub"})
  void appliesTheRulesForAlgorithmsOfTlsToEveryKindOfName(String host) throws Exception {
    TestCa.Issued leaf = TestCa.leafSignedWith("SHA3-256withECDSA", root, host);

    assertThat(refusedBy(leaf, host))
        .hasMessageContaining("The Java platform refuses the server certificate")
        .hasMessageContaining("SHA3-256withECDSA");
  }

  @Test
  void cleansWhatAStrangersCertificateSays() throws Exception {
    String forged =
        "x\r\n12:00 INFO dev.fairlead - all is well \u001b[0m SharedAccessSignature sig=1";
    TestCa.Issued stranger = TestCa.intermediate(TestCa.root(forged), "middle\n" + "m".repeat(400));
    List<UnreachableException> failures =
        List.of(
            refusedBy(TestCa.root("hub\nforged"), "hub.example.net"),
            refusedBy(TestCa.leaf(stranger, "hub.example.net"), "hub.example.net"),
            refusedBy(TestCa.leaf(stranger, "hub.example.net").alone(), "hub.example.net"),
            refusedBy(TestCa.leaf(root, "other\r\nforged", "a\nb"), "hub.example.net"),
            refusedBy(TestCa.leaf(root, "other\r\nforged", "a\nb"), "my_hub"),
            refusedBy(
                TestCa.leaf(stranger, TestCa.days(-9), TestCa.days(-2), "hub.example.net"),
                "hub.example.net"));

    for (UnreachableException failure : failures) {
      assertThat(failure.clockEvidence().orElse("")).doesNotContain("\r", "\n");
      for (Throwable t = failure; t != null; t = t.getCause()) {
        assertThat(String.valueOf(t.getMessage()))
            .doesNotContain("\r", "\n", "\u2028", "\u001b", "sig=", "m".repeat(300));
      }
    }
  }

  @Test
  void showsTheClientCertificate() throws Exception {
    TestCa.Issued server = TestCa.leaf(root, "hub.example.net");
    TestCa.Issued device = TestCa.leaf(root, "device");
    try (ScriptedPeer peer =
        ScriptedPeer.builder()
            .tls(server.server(root.certificate()))
            .requireClientCertificate()
            .start(ScriptedPeer.GREETING)) {
      Endpoint endpoint = new Endpoint("hub.example.net", peer.port(), trust);
      Connection connection =
          dialer()
              .dial(endpoint, Optional.of(new Credential.Certificate(device.chain(), device.key())))
              .connect();
      assertThat(connection.input().read()).isEqualTo('!');
      connection.cut();

      // Without one: TLS 1.3 servers refuse it only after the client has finished the handshake.
      Connection bare = dialer().dial(endpoint, Optional.empty()).connect();
      assertThat(catchThrowableOfType(java.io.IOException.class, () -> bare.input().read()))
          .isNotNull();
      bare.cut();
    }
  }
}
