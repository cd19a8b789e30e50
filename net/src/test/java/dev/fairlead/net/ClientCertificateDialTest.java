package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.peers.OpaqueKeys;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import dev.fairlead.spi.Credential;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server receives of a client certificate. */
@Timeout(60)
class ClientCertificateDialTest {
  private static TestCa.Issued root;
  private static TestCa.Issued server;

  @BeforeAll
  static void makeServer() throws Exception {
    root = TestCa.root("test root");
    server = TestCa.leaf(root, "localhost");
  }

  private static ScriptedPeer.Builder speaking(SSLContext context, String version) {
    return ScriptedPeer.builder()
        .tls(context)
        .adjust(socket -> socket.setEnabledProtocols(new String[] {version}))
        .requireClientCertificate();
  }

  private static Connection connect(ScriptedPeer peer, Credential.Certificate shown) {
    Trust trust = Trust.only(List.of(root.certificate()));
    return new Dialer()
        .dial(new Endpoint("localhost", peer.port(), trust), Optional.of(shown))
        .connect();
  }

  /** A key of a security module can sign; it cannot be copied into a key store. */
  @ParameterizedTest
  @CsvSource({"EC, TLSv1.3", "EC, TLSv1.2", "RSA, TLSv1.3", "RSA, TLSv1.2"})
  void aKeyThatCannotBeExportedSigns(String algorithm, String version) throws Exception {
    TestCa.Issued device = algorithm.equals("RSA") ? TestCa.rsaLeaf(root) : TestCa.leaf(root);
    try (OpaqueKeys module = new OpaqueKeys();
        ScriptedPeer peer =
            speaking(server.server(root.certificate()), version).start(ScriptedPeer.GREETING)) {
      Connection connection =
          connect(peer, new Credential.Certificate(device.chain(), module.of(device.key())));
      try {
        assertThat(connection.input().read()).isEqualTo('!');
        assertThat(module.signatures()).isEqualTo(1);
      } finally {
        connection.cut();
      }
    }
  }

  @Test
  void theWholeChainIsShown() throws Exception {
    TestCa.Issued device = TestCa.leaf(TestCa.intermediate(root, "middle"));
    try (ScriptedPeer peer =
        speaking(server.server(root.certificate()), "TLSv1.3").start(ScriptedPeer.GREETING)) {
      Connection connection =
          connect(peer, new Credential.Certificate(device.chain(), device.key()));
      assertThat(connection.input().read()).isEqualTo('!');
      connection.cut();
    }
  }

  /** A hub identifies it by its thumbprint, regardless of the issuers that its front end names. */
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void aCertificateThatNoneOfTheNamedIssuersSignedIsShown(String version) throws Exception {
    TestCa.Issued device = TestCa.leaf(null);
    BlockingQueue<Certificate> seen = new LinkedBlockingQueue<>();
    try (ScriptedPeer peer =
        speaking(server.serverTaking(root.certificate()), version)
            .start(
                connection -> {
                  connection.write('!');
                  SSLSocket tls = (SSLSocket) connection.socket();
                  seen.add(tls.getSession().getPeerCertificates()[0]);
                })) {
      Connection connection =
          connect(peer, new Credential.Certificate(device.chain(), device.key()));
      assertThat(connection.input().read()).isEqualTo('!');
      connection.cut();
      assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo(device.certificate());
    }
  }
}
