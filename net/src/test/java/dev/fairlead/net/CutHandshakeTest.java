package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.peers.PeerConnection;
import dev.fairlead.peers.ScriptedPeer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A TLS handshake that is cut after any number of the server's bytes. */
@Timeout(60)
class CutHandshakeTest {
  /** What a relay lets through of the server's answer: nothing, parts of records, whole ones. */
  private static final int[] PLACES = {0, 1, 4, 5, 6, 60, 127, 128, 133, 134, 300, 450};

  private static UnreachableException refusedBy(int port) {
    Dialer dialer = new Dialer().resolver(host -> List.of(InetAddress.getByName("127.0.0.1")));
    Trust trust = Trust.only(List.of(ScriptedPeer.authority()));
    return catchThrowableOfType(
        UnreachableException.class,
        () -> dialer.dial(new Endpoint("localhost", port, trust), Optional.empty()).connect());
  }

  private static void assertClosed(UnreachableException failure, String how) {
    assertThat(failure).as(how).isNotNull();
    assertThat(failure.stage()).as(how).isEqualTo(Stage.TLS);
    assertThat(failure)
        .as(how)
        .hasMessageContaining("closed the connection during the TLS handshake")
        .hasMessageContaining("firewall");
  }

  @ParameterizedTest
  @CsvSource({"TLSv1.2, false", "TLSv1.2, true", "TLSv1.3, false", "TLSv1.3, true"})
  void saysSoWhereverItIsCut(String version, boolean reset) throws Exception {
    try (ScriptedPeer server =
        ScriptedPeer.builder()
            .tls()
            .adjust(socket -> socket.setEnabledProtocols(new String[] {version}))
            .start(ScriptedPeer.GREETING)) {
      for (int place : PLACES) {
        try (ScriptedPeer relay =
            ScriptedPeer.plain(client -> relay(client, server.port(), place, reset))) {
          assertClosed(
              refusedBy(relay.port()),
              version + " cut after " + place + " bytes" + (reset ? " by a reset" : ""));
        }
      }
    }
  }

  /** Lets the client's side through, and the given number of bytes of the other. */
  private static void relay(PeerConnection client, int port, int bytes, boolean reset)
      throws IOException {
    try (Socket server = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
      byte[] hello = new byte[4096];
      int count = client.input().read(hello);
      server.getOutputStream().write(hello, 0, count);
      InputStream answer = server.getInputStream();
      client.output().write(answer.readNBytes(bytes));
      client.output().flush();
      if (reset) {
        client.reset();
      }
    }
  }

  @Test
  void saysSoWhenTheServerClosesTlsInTheMiddle() throws Exception {
    // The alert close_notify (0), RFC 8446, section 6.1.
    try (ScriptedPeer peer =
        ScriptedPeer.plain(
            client -> {
              client.input().read(new byte[4096]);
              client.write(21, 3, 3, 0, 2, 1, 0);
            })) {
      assertClosed(refusedBy(peer.port()), "close_notify");
    }
  }
}
