package dev.fairlead.peers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ScriptedPeerTest {
  private static Socket connect(ScriptedPeer peer) throws IOException {
    Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), peer.port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static SSLSocket connectTls(ScriptedPeer peer, X509Certificate trusted) throws Exception {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    anchors.setCertificateEntry("root", trusted);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return (SSLSocket)
        context.getSocketFactory().createSocket(connect(peer), "localhost", peer.port(), true);
  }

  private static boolean hasThreads(ScriptedPeer peer) {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().startsWith("scripted-peer-" + peer.port()));
  }

  @Test
  void readsWritesAndCountsOnEachConnection() throws Exception {
    ScriptedPeer peer =
        ScriptedPeer.plain(
            connection -> {
              String line = connection.readLine();
              byte[] two = connection.read(2);
              connection.write(connection.number() + " " + line + " " + new String(two, UTF_8));
            });
    try (peer) {
      for (int i = 0; i < 3; i++) {
        try (Socket client = connect(peer)) {
          client.getOutputStream().write("hello\r\nxy".getBytes(UTF_8));
          assertThat(client.getInputStream().readAllBytes())
              .isEqualTo((i + " hello xy").getBytes(UTF_8));
        }
      }
      assertThat(peer.accepted()).isEqualTo(3);
    }
    assertThat(hasThreads(peer)).isFalse();
  }

  @Test
  void speaksTlsWithTheNameThatClientsVerify() throws Exception {
    try (ScriptedPeer peer = ScriptedPeer.tls(connection -> connection.write("!"));
        SSLSocket client = connectTls(peer, ScriptedPeer.authority())) {
      var parameters = client.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      client.setSSLParameters(parameters);
      assertThat(client.getInputStream().readAllBytes()).isEqualTo(new byte[] {'!'});
    }
  }

  @Test
  void requiresAClientCertificateIfAsked() throws Exception {
    TestCa.Issued root = TestCa.root("root");
    SSLContext context = TestCa.leaf(root, "localhost").server(root.certificate());
    ScriptedPeer.Script script = PeerConnection::echo;
    try (ScriptedPeer peer =
            ScriptedPeer.builder().tls(context).requireClientCertificate().start(script);
        SSLSocket client = connectTls(peer, root.certificate())) {
      assertThatThrownBy(
              () -> {
                client.getOutputStream().write('?');
                client.getInputStream().read();
              })
          .isInstanceOfAny(SSLException.class, SocketException.class);
    }
  }

  @Test
  void halfCloses() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    ScriptedPeer.Script script =
        connection -> {
          connection.write("bye");
          connection.halfClose();
          heard.add(connection.readLine());
        };
    try (ScriptedPeer peer = ScriptedPeer.tls(script);
        SSLSocket client = connectTls(peer, ScriptedPeer.authority())) {
      assertThat(client.getInputStream().readAllBytes()).isEqualTo("bye".getBytes(UTF_8));
      client.getOutputStream().write("late\n".getBytes(UTF_8));
      assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("late");
    }
  }

  @Test
  void resets() throws Exception {
    try (ScriptedPeer peer =
            ScriptedPeer.plain(
                connection -> {
                  connection.readByte();
                  connection.reset();
                });
        Socket client = connect(peer)) {
      client.getOutputStream().write(1);
      assertThatThrownBy(() -> client.getInputStream().read())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
  }

  @Test
  void theTestCutsWhatIsOpen() throws Exception {
    try (ScriptedPeer peer =
            ScriptedPeer.tls(
                connection -> {
                  connection.write("!");
                  connection.holdSilent();
                });
        SSLSocket client = connectTls(peer, ScriptedPeer.authority())) {
      assertThat(client.getInputStream().read()).isEqualTo('!');
      peer.cut();
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  @Timeout(20)
  void holdsSilentUntilClosedAndLeavesNoThread() throws Exception {
    ScriptedPeer peer = ScriptedPeer.tls(PeerConnection::holdSilent);
    try (peer;
        Socket client = connect(peer)) {
      client.setSoTimeout(50);
      assertThatThrownBy(() -> client.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      while (peer.open() == 0) { // The system accepts a connection before the peer does.
        Thread.onSpinWait();
      }
      assertThat(peer.open()).isEqualTo(1);
    }
    assertThat(hasThreads(peer)).isFalse();
    assertThat(peer.open()).isZero();
  }

  @Test
  void aReadEndsAfterItsTimeout() throws Exception {
    BlockingQueue<Exception> seen = new LinkedBlockingQueue<>();
    ScriptedPeer.Script script =
        connection -> {
          try {
            connection.readByte();
          } catch (IOException e) {
            seen.add(e);
          }
        };
    try (ScriptedPeer peer =
            ScriptedPeer.builder().readTimeout(Duration.ofMillis(20)).start(script);
        Socket client = connect(peer)) {
      assertThat(client.isConnected()).isTrue();
      assertThat(seen.poll(20, TimeUnit.SECONDS)).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void closeThrowsWhatAScriptFailedWith() throws Exception {
    ScriptedPeer peer =
        ScriptedPeer.plain(
            connection -> {
              throw new AssertionError("the client said something else");
            });
    try (Socket client = connect(peer)) {
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
    assertThatThrownBy(peer::close).hasMessageContaining("the client said something else");
  }
}
