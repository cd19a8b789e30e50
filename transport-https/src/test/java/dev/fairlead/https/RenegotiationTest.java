package dev.fairlead.https;

import static dev.fairlead.https.http.ScriptedServer.noContent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.peers.PeerConnection;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.TransportSession;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Hubs that want the client certificate after the first request only, as older documents describe
 * it: TLS 1.2 can renegotiate for that, TLS 1.3 of Java cannot.
 */
class RenegotiationTest extends SessionCase {
  private static final String REFUSED = error(401, "IotHubUnauthorizedAccess");

  private static TestCa.Issued root;
  private static TestCa.Issued server;
  private static TestCa.Issued device;

  /** The TLS version of each connection, in the order in which their first requests came. */
  private final List<String> versions = new CopyOnWriteArrayList<>();

  private final List<Certificate> shown = new CopyOnWriteArrayList<>();
  private ScriptedPeer hub;

  @BeforeAll
  static void makeCertificates() throws Exception {
    root = TestCa.root("hub");
    server = TestCa.leaf(root, "localhost");
    device = TestCa.leaf(root);
  }

  @BeforeEach
  void useCertificate() {
    credential = Optional.of(new Credential.Certificate(device.chain(), device.key()));
  }

  @AfterEach
  void stop() throws IOException {
    opening.abort();
    hub.close();
  }

  private interface Answers {
    String to(SSLSocket tls) throws IOException;
  }

  private void hub(Answers answers, String... speaks) throws Exception {
    hub =
        ScriptedPeer.builder()
            .tls(server.server(root.certificate()))
            .adjust(socket -> socket.setEnabledProtocols(speaks))
            .start(
                connection -> {
                  for (boolean first = true; ; first = false) {
                    read(connection);
                    SSLSocket tls = (SSLSocket) connection.socket();
                    if (first) {
                      versions.add(tls.getSession().getProtocol());
                    }
                    connection.write(answers.to(tls));
                  }
                });
  }

  private static void read(PeerConnection connection) throws IOException {
    int length = 0;
    for (String field = connection.readLine(); !field.isEmpty(); field = connection.readLine()) {
      if (field.startsWith("Content-Length: ")) {
        length = Integer.parseInt(field.substring("Content-Length: ".length()));
      }
    }
    connection.read(length);
  }

  /** Takes a device whose certificate it has, and asks for it where TLS lets it. */
  private String renegotiating(SSLSocket tls) throws IOException {
    try {
      tls.getSession().getPeerCertificates();
    } catch (SSLPeerUnverifiedException none) {
      if (tls.getSession().getProtocol().equals("TLSv1.3")) {
        return REFUSED;
      }
      renegotiate(tls);
    }
    shown.add(tls.getSession().getPeerCertificates()[0]);
    return noContent();
  }

  /** Java's server sends HelloRequest and makes the handshake while it reads. */
  private static void renegotiate(SSLSocket tls) throws IOException {
    CountDownLatch done = new CountDownLatch(1);
    tls.addHandshakeCompletedListener(event -> done.countDown());
    tls.setNeedClientAuth(true);
    tls.startHandshake();
    int limit = tls.getSoTimeout();
    tls.setSoTimeout(20);
    while (done.getCount() > 0) {
      try {
        assertThat(tls.getInputStream().read()).as("nothing is sent in between").isNegative();
        throw new IOException("the client has disconnected");
      } catch (SocketTimeoutException e) {
        // The handshake may need another read.
      }
    }
    tls.setSoTimeout(limit);
  }

  private TransportSession open() {
    return result(opening(endpoint()));
  }

  private Endpoint endpoint() {
    return new Endpoint("localhost", hub.port(), Trust.only(List.of(root.certificate())));
  }

  @Test
  void aHubOfTls12GetsTheCertificateWhenItAsks() throws Exception {
    hub(this::renegotiating, "TLSv1.2");
    open();
    assertThat(shown).containsExactly(device.certificate());
    assertThat(versions).containsExactly("TLSv1.2");
  }

  @Test
  void aHubThatCannotAskInTls13IsDialledWithTls12AndThatIsRemembered() throws Exception {
    hub(this::renegotiating, "TLSv1.3", "TLSv1.2");
    TransportSession session = open();
    assertThat(shown).containsExactly(device.certificate());
    assertThat(versions).containsExactly("TLSv1.3", "TLSv1.2");

    outbox.add(message("on the same connection"));
    await().until(() -> shown.size() == 2);
    assertThat(versions).hasSize(2);

    context.onLoop(session::abort);
    open();
    assertThat(versions).as("this hub is known").endsWith("TLSv1.2", "TLSv1.2").hasSize(3);
  }

  @Test
  void aHubThatRefusesTheCertificateIsAskedOnceInEitherVersion() throws Exception {
    hub(tls -> REFUSED, "TLSv1.3", "TLSv1.2");
    for (int opened = 1; opened <= 2; opened++) {
      assertThat(failure(opening(endpoint()))).isInstanceOf(UnauthorizedException.class);
      assertThat(versions).hasSize(2 * opened).endsWith("TLSv1.3", "TLSv1.2");
    }
  }

  @Test
  void aHubOfTls13OnlyThatRefusesHasRefused() throws Exception {
    hub(tls -> REFUSED, "TLSv1.3");
    assertThat(failure(opening(endpoint()))).isInstanceOf(UnauthorizedException.class);
    assertThat(versions).containsExactly("TLSv1.3");
  }

  @Test
  void aTokenThatIsRefusedIsNotShownAgain() throws Exception {
    credential = Optional.empty();
    hub(tls -> REFUSED, "TLSv1.3", "TLSv1.2");
    assertThat(failure(opening(endpoint()))).isInstanceOf(UnauthorizedException.class);
    assertThat(versions).containsExactly("TLSv1.3");
  }
}
