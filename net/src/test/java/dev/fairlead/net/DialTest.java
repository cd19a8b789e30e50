package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DialTest {
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

  @ParameterizedTest
  @ValueSource(
      strings = {"hub.example.net", "HUB.Example.net.", "127.0.0.1", "single", "my_hub", "a_b.x.y"})
  void opensToEveryKindOfName(String host) throws Exception {
    TestCa.Issued leaf =
        TestCa.leaf(root, "hub.example.net", "127.0.0.1", "single", "my_hub", "*.x.y");
    try (ScriptedPeer peer = ScriptedPeer.greeting(leaf.server(null))) {
      Connection connection = dial(host, peer.port(), trust).connect();

      connection.output().write("echo".getBytes(StandardCharsets.US_ASCII));
      assertThat(connection.input().readNBytes(5)).asString().isEqualTo("!echo");
      assertThat(connection.bytesReceived()).isGreaterThan(500);
      assertThat(connection.bytesSent()).isGreaterThan(200);
      assertThat(connection.address().getHostAddress()).isEqualTo("127.0.0.1");
      connection.cut();
      await().pollInterval(Duration.ofMillis(2)).until(peer::idle);
    }
  }

  @Test
  void saysThatTheNameIsUnknown() {
    UnreachableException failure =
        refused(
            dialer()
                .resolver(
                    host -> {
                      throw new UnknownHostException(host);
                    })
                .dial(new Endpoint("nobody.example.net", 8883, trust), Optional.empty()));

    assertThat(failure.stage()).isEqualTo(Stage.RESOLVE);
    assertThat(failure).hasMessageContaining("nobody.example.net is not known");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x-.example", "hub!.example", "a..b", "a b", "a\r\nb"})
  void saysThatItIsNoHostName(String host) {
    UnreachableException failure = refused(dial(host, 8883, trust));

    assertThat(failure.stage()).isEqualTo(Stage.RESOLVE);
    assertThat(failure)
        .hasMessageContaining("\" is not a host name")
        .hasMessageContaining("Check the name in the connection string");
    assertThat(failure.getMessage()).doesNotContain("\r", "\n");
  }

  @Test
  void asksTheResolverOnEveryConnect() throws Exception {
    List<String> asked = new ArrayList<>();
    Dialer counting =
        dialer()
            .resolver(
                host -> {
                  asked.add(host);
                  throw new UnknownHostException(host);
                });
    Endpoint endpoint = new Endpoint("hub.example.net", 8883, trust);
    refused(counting.dial(endpoint, Optional.empty()));
    refused(counting.dial(endpoint, Optional.empty()));
    assertThat(asked).hasSize(2);
  }

  @Test
  void saysThatTheConnectionIsRefused() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      port = free.getLocalPort();
    }
    UnreachableException failure = refused(dial("hub.example.net", port, trust));

    assertThat(failure.stage()).isEqualTo(Stage.CONNECT);
    assertThat(failure)
        .hasMessageContaining("127.0.0.1: connection refused")
        .hasMessageContaining("Nothing listens on port " + port);
  }

  @Test
  void triesEveryAddress() throws Exception {
    TestCa.Issued leaf = TestCa.leaf(root, "hub.example.net");
    try (ScriptedPeer peer = ScriptedPeer.greeting(leaf.server(null))) {
      Connection connection =
          dialer()
              .resolver(
                  host ->
                      List.of(
                          InetAddress.getByName("127.0.0.7"),
                          InetAddress.getByName("127.0.0.8"),
                          InetAddress.getByName("127.0.0.1")))
              .dial(new Endpoint("hub.example.net", peer.port(), trust), Optional.empty())
              .connect();
      assertThat(connection.address().getHostAddress()).isEqualTo("127.0.0.1");
      connection.cut();
    }
  }

  @Test
  void overtakesAnAddressThatDoesNotAnswer() throws Exception {
    TestCa.Issued leaf = TestCa.leaf(root, "hub.example.net");
    try (ScriptedPeer peer = ScriptedPeer.greeting(leaf.server(null));
        Silence silence = new Silence("127.0.0.9", peer.port())) {
      Connection connection =
          dialer()
              .stagger(Duration.ofMillis(20))
              .resolver(
                  host ->
                      List.of(
                          InetAddress.getByName("127.0.0.9"), InetAddress.getByName("127.0.0.1")))
              .dial(new Endpoint("hub.example.net", peer.port(), trust), Optional.empty())
              .connect();
      assertThat(connection.address().getHostAddress()).isEqualTo("127.0.0.1");
      connection.cut();
      assertThat(silence.connections()).isPositive();
    }
  }

  @Test
  void saysThatNobodyAnswers() throws Exception {
    try (Silence silence = new Silence("127.0.0.9", 0)) {
      UnreachableException failure =
          refused(
              dialer()
                  .connectTimeout(Duration.ofMillis(50))
                  .dial(new Endpoint("127.0.0.9", silence.port(), trust), Optional.empty()));
      assertThat(failure.stage()).isEqualTo(Stage.CONNECT);
      assertThat(failure)
          .hasMessageContaining("no answer within 50 ms")
          .hasMessageContaining("Open that port");
    }
  }

  @Test
  void limitsTheWholeHandshake() throws Exception {
    // One byte of a handshake record at a time: no single read times out.
    try (ScriptedPeer drip =
        ScriptedPeer.plain(
            connection -> {
              connection.output().write(new byte[] {22, 3, 3, 10, 0});
              CountDownLatch never = new CountDownLatch(1);
              while (!never.await(10, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                connection.output().write(0);
              }
            })) {
      UnreachableException failure =
          refused(
              dialer()
                  .handshakeTimeout(Duration.ofMillis(300))
                  .dial(new Endpoint("127.0.0.1", drip.port(), trust), Optional.empty()));
      assertThat(failure.stage()).isEqualTo(Stage.TLS);
      assertThat(failure).hasMessageContaining("did not finish the TLS handshake in time");
      await().until(drip::idle);
    }
  }

  @Test
  void saysThatTheVersionIsTooOld() throws Exception {
    // The alert protocol_version (70), RFC 5246, section 7.2.
    assertThat(answered(21, 3, 3, 0, 2, 2, 70)).hasMessageContaining("TLS 1.2 or 1.3 is needed");
  }

  @Test
  void saysThatTheServerSpeaksPlainText() throws Exception {
    assertThat(answered("HTTP/1.1 400 Bad Request\r\n\r\n".chars().toArray()))
        .hasMessageContaining("does not use TLS");
  }

  @Test
  void saysThatTheServerClosed() throws Exception {
    assertThat(answered()).hasMessageContaining("closed the connection during the TLS handshake");
  }

  @Test
  void saysThatThereIsNoCommonCipher() throws Exception {
    assertThat(answered(21, 3, 3, 0, 2, 2, 40)).hasMessageContaining("no common way");
  }

  private static UnreachableException answered(int... bytes) throws Exception {
    try (ScriptedPeer peer =
        ScriptedPeer.plain(
            connection -> {
              connection.input().read(new byte[4096]);
              for (int b : bytes) {
                connection.output().write(b);
              }
            })) {
      UnreachableException failure = refused(dial("127.0.0.1", peer.port(), trust));
      assertThat(failure.stage()).isEqualTo(Stage.TLS);
      return failure;
    }
  }

  @Test
  void namesTheStepThatItWaitsFor() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    TestCa.Issued leaf = TestCa.leaf(root, "hub.example.net");
    try (Silence silence = new Silence("127.0.0.9", 0);
        ScriptedPeer mute = ScriptedPeer.plain(connection -> connection.input().readAllBytes());
        ScriptedPeer peer = ScriptedPeer.greeting(leaf.server(null))) {
      Dial resolving =
          new Dialer()
              .resolver(
                  host -> {
                    asked.countDown();
                    try {
                      answer.await();
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                    return List.of();
                  })
              .dial(new Endpoint("hub.example.net", 8883, trust), Optional.empty());
      assertThat(resolving.step())
          .isEqualTo("this machine to begin the connection to hub.example.net:8883");
      CompletableFuture<UnreachableException> failed =
          CompletableFuture.supplyAsync(() -> refused(resolving));
      asked.await();
      assertThat(resolving.step())
          .isEqualTo("the addresses of hub.example.net from the name server");
      answer.countDown();
      failed.join();

      assertWaitsFor(
          dial("127.0.0.9", silence.port(), trust),
          "a TCP connection to 127.0.0.9:" + silence.port() + " (127.0.0.9)");
      assertWaitsFor(
          dial("hub.example.net", mute.port(), trust),
          "the TLS handshake with hub.example.net:" + mute.port() + " (127.0.0.1)");

      Dial whole = dial("hub.example.net", peer.port(), trust);
      whole.connect().cut();
      assertThat(whole.step())
          .isEqualTo("the connection to hub.example.net:" + peer.port() + ", which is open");
    }
  }

  private static void assertWaitsFor(Dial dial, String step) {
    CompletableFuture<UnreachableException> failed =
        CompletableFuture.supplyAsync(() -> refused(dial));
    await().untilAsserted(() -> assertThat(dial.step()).isEqualTo(step));
    dial.abort();
    failed.join();
  }

  /**
   * What was written last arrives, and the host sees an end and no reset, although it had sent more
   * than anybody has read by then.
   */
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void endsWithoutLosingWhatWasWrittenLast(String version) throws Exception {
    TestCa.Issued leaf = TestCa.leaf(root, "hub.example.net");
    CountDownLatch sent = new CountDownLatch(1);
    CompletableFuture<byte[]> received = new CompletableFuture<>();
    try (ScriptedPeer peer =
        ScriptedPeer.builder()
            .tls(leaf.server(null))
            .adjust(tls -> tls.setEnabledProtocols(new String[] {version}))
            .start(
                connection -> {
                  connection.output().write(new byte[20_000]);
                  sent.countDown();
                  try {
                    received.complete(connection.input().readAllBytes());
                  } catch (java.io.IOException e) {
                    received.completeExceptionally(e);
                  }
                })) {
      Connection connection = dial("hub.example.net", peer.port(), trust).connect();
      sent.await();
      connection.output().write("DISCONNECT".getBytes(StandardCharsets.US_ASCII));

      assertThat(connection.end()).isTrue();
      assertThat(connection.input().readAllBytes()).hasSize(20_000);
      connection.cut();
      assertThat(received.get()).asString().isEqualTo("DISCONNECT");
      await().until(peer::idle);
    }
  }

  @Test
  void abortsWhileConnecting() throws Exception {
    try (Silence silence = new Silence("127.0.0.9", 0)) {
      Dial dial = dial("127.0.0.9", silence.port(), trust);
      CompletableFuture<UnreachableException> failed =
          CompletableFuture.supplyAsync(() -> refused(dial));
      await().until(() -> silence.connections() > 0);
      dial.abort();
      assertThat(failed.join()).hasMessageContaining("stopped by this client");
    }
  }

  @Test
  void abortsInsideTheHandshake() throws Exception {
    CountDownLatch greeted = new CountDownLatch(1);
    try (ScriptedPeer peer =
        ScriptedPeer.plain(
            connection -> {
              connection.input().read();
              greeted.countDown();
              connection.input().transferTo(java.io.OutputStream.nullOutputStream());
            })) {
      Dial dial = dial("127.0.0.1", peer.port(), trust);
      CompletableFuture<UnreachableException> failed =
          CompletableFuture.supplyAsync(() -> refused(dial));
      greeted.await();
      dial.abort();
      assertThat(failed.join()).hasMessageContaining("stopped by this client");
      await().pollInterval(Duration.ofMillis(2)).until(peer::idle);
    }
  }

  @Test
  void abortsBeforeItBegins() {
    Dial dial = dial("127.0.0.1", 1, trust);
    dial.abort();
    dial.abort();
    assertThat(refused(dial)).hasMessageContaining("stopped by this client");
  }

  @RepeatedTest(300)
  void abortsAtAnyMomentAndLeavesNothing() throws Exception {
    TestCa.Issued leaf = shared();
    try (ScriptedPeer peer = ScriptedPeer.greeting(leaf.server(null))) {
      Dial dial = dial("hub.example.net", peer.port(), trust);
      CompletableFuture<Object> done =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return dial.connect().input().read();
                } catch (UnreachableException | java.io.IOException e) {
                  return e;
                }
              });
      long spins = (long) (Math.random() * 40_000);
      for (long i = 0; i < spins && !done.isDone(); i++) {
        Thread.onSpinWait();
      }
      dial.abort();
      done.join();
      await().pollInterval(Duration.ofMillis(2)).until(peer::idle);
    }
  }

  private static TestCa.Issued sharedLeaf;

  private static synchronized TestCa.Issued shared() throws Exception {
    if (sharedLeaf == null) {
      sharedLeaf = TestCa.leaf(root, "hub.example.net");
    }
    return sharedLeaf;
  }

  /** A listener whose queue is full: the kernel lets further connections wait. */
  private static final class Silence implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> filling = new ArrayList<>();

    Silence(String address, int port) throws Exception {
      listener = new ServerSocket(port, 1, InetAddress.getByName(address));
      for (int i = 0; i < 2; i++) {
        filling.add(new Socket(listener.getInetAddress(), listener.getLocalPort()));
      }
    }

    int port() {
      return listener.getLocalPort();
    }

    int connections() {
      return filling.size();
    }

    @Override
    public void close() throws java.io.IOException {
      for (Socket socket : filling) {
        socket.close();
      }
      listener.close();
    }
  }
}
