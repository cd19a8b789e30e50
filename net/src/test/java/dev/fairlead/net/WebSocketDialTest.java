package dev.fairlead.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.Proxy;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.peers.PeerConnection;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import dev.fairlead.peers.TestProxy;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class WebSocketDialTest {
  private static final WebSocketTarget TARGET = new WebSocketTarget("/$iothub/websocket", "mqtt");
  private static TestCa.Issued hub;
  private static Trust trust;

  @BeforeAll
  static void makeCertificates() throws Exception {
    TestCa.Issued root = TestCa.root("test root");
    trust = Trust.only(List.of(root.certificate()));
    hub = TestCa.leaf(root, "localhost");
  }

  private static ScriptedPeer server(ScriptedPeer.Script script) throws Exception {
    return ScriptedPeer.builder().tls(hub.server(null)).start(script);
  }

  private static Dial dial(Dialer dialer, int port) {
    return dialer
        .resolver(host -> List.of(InetAddress.getByName("127.0.0.1")))
        .dialWebSocket(new Endpoint("localhost", port, trust), Optional.empty(), TARGET);
  }

  private static UnreachableException refused(Dial dial) {
    UnreachableException failure = catchThrowableOfType(UnreachableException.class, dial::connect);
    assertThat(failure.stage()).isEqualTo(Stage.UPGRADE);
    assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT);
    return failure;
  }

  private static String request(PeerConnection connection) throws IOException {
    InputStream in = connection.input();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static String accept(String request) throws Exception {
    String key = request.replaceAll("(?s).*Sec-WebSocket-Key: (\\S+)\r\n.*", "$1");
    assertThat(Base64.getDecoder().decode(key)).hasSize(16);
    return Base64.getEncoder()
        .encodeToString(
            MessageDigest.getInstance("SHA-1")
                .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(ISO_8859_1)));
  }

  private static void say(PeerConnection connection, String text) throws IOException {
    connection.output().write(text.getBytes(ISO_8859_1));
  }

  private static String upgrade(PeerConnection connection) throws Exception {
    String request = request(connection);
    say(
        connection,
        "HTTP/1.1 101 Switching\r\nUPGRADE: WebSocket\r\nConnection: keep-alive,Upgrade\r\n"
            + "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: "
            + accept(request)
            + "\r\n\r\n");
    return request;
  }

  /** Reads one masked frame of a client: its opcode, then its payload. */
  private static byte[] frame(DataInputStream in) throws IOException {
    int opcode = in.readUnsignedByte() & 15;
    int length = in.readUnsignedByte() & 0x7f;
    length = length == 126 ? in.readUnsignedShort() : length;
    byte[] mask = in.readNBytes(4);
    byte[] payload = new byte[length + 1];
    payload[0] = (byte) opcode;
    for (int i = 0; i < length; i++) {
      payload[i + 1] = (byte) (in.readByte() ^ mask[i % 4]);
    }
    return payload;
  }

  @Test
  void closesFirstAndEndsWithTheServersAnswer() throws Exception {
    try (ScriptedPeer server =
        server(
            connection -> {
              upgrade(connection);
              DataInputStream in = connection.input();
              assertThat(frame(in)).containsExactly(2, 7);
              assertThat(frame(in)).containsExactly(8, 3, (byte) 0xe8);
              // Frames sent before the answer still count.
              connection.output().write(new byte[] {(byte) 0x82, 1, 9});
              connection.output().write(new byte[] {(byte) 0x88, 2, 3, (byte) 0xe8});
              assertThat(in.read()).as("the answer is not answered").isEqualTo(-1);
            })) {
      Connection connection = dial(new Dialer(), server.port()).connect();
      connection.output().write(7);
      connection.output().flush();

      assertThat(connection.end()).isTrue();
      assertThat(connection.input().readAllBytes()).containsExactly(9);
      connection.output().write(8);
      assertThatThrownBy(connection.output()::flush).hasMessageContaining("closed");
      connection.cut();
      await().until(server::idle);
    }
  }

  @Test
  void asksAsTheRfcWantsAndCarriesBothWays() throws Exception {
    List<String> requests = new ArrayList<>();
    CountDownLatch paused = new CountDownLatch(1);
    try (ScriptedPeer server =
        server(
            connection -> {
              requests.add(upgrade(connection));
              OutputStream out = connection.output();
              DataInputStream in = connection.input();
              // A frame that pauses in its middle, after a ping inside the message.
              out.write(new byte[] {2, 1, 1, (byte) 0x89, 1, 9, (byte) 0x80, 3, 2});
              assertThat(frame(in)).containsExactly(10, 9);
              paused.await();
              out.write(new byte[] {3, 4});
              assertThat(frame(in)).containsExactly(2, 5, 6);
              out.write(new byte[] {(byte) 0x88, 2, 3, (byte) 0xe9});
              assertThat(frame(in)).containsExactly(8, 3, (byte) 0xe9);
              out.write(new byte[] {(byte) 0x82, 1, 1});
            })) {
      Connection connection = dial(new Dialer(), server.port()).connect();

      assertThat(connection.input().readNBytes(2)).containsExactly(1, 2);
      paused.countDown();
      assertThat(connection.input().readNBytes(2)).containsExactly(3, 4);
      connection.output().write(5);
      connection.output().write(6);
      connection.output().flush();
      assertThat(connection.input().read()).isEqualTo(-1);
      assertThat(connection.bytesReceived()).isPositive();
      connection.cut();

      assertThat(requests.get(0))
          .startsWith(
              "GET /$iothub/websocket HTTP/1.1\r\nHost: localhost:" + server.port() + "\r\n")
          .contains("\r\nUpgrade: websocket\r\n", "\r\nConnection: Upgrade\r\n")
          .contains("\r\nSec-WebSocket-Version: 13\r\n", "\r\nSec-WebSocket-Protocol: mqtt\r\n");
      await().until(server::idle);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 200 OK%Content-Type: text/html; charset=x%%|HTTP 200 and a page. A captive portal",
        "HTTP/1.1 302 Found%Location: http://x%%|HTTP 302. It redirects elsewhere",
        "HTTP/1.1 511 N%Content-Type: text/html%%|HTTP 511 and a page. The network requires a sign-in",
        "HTTP/1.1 401 N%%|HTTP 401. Something in between or the hub's network rules",
        "HTTP/1.1 403 N%%|the device's credentials were not shown yet",
        "HTTP/1.1 404 N%%|HTTP 404. There is no WebSocket at the path of IoT Hub",
        "HTTP/1.1 407 N%%|HTTP 407. A proxy on the way requires credentials",
        "HTTP/1.1 426 N%%|HTTP 426. It requires another version, or a proxy",
        "HTTP/1.1 429 N%%|too many requests",
        "HTTP/1.1 400 N%%|HTTP 400. A proxy in between may have changed the request",
        "HTTP/1.1 503 N%%|HTTP 503. It, or a proxy before it, is not able to serve",
        "HTTP/1.1 100 Go on%%|HTTP 100. That is no answer to an upgrade",
        "220 mail%%|is not HTTP: it does not begin with HTTP/1",
        "HTTP/1.1 101 S%Upgrade: h2c%Connection: Upgrade%%|does not say that it changes",
        "HTTP/1.1 101 S%Upgrade: websocket%%|does not say that it changes",
        "HTTP/1.1 101 S%Upgrade: websocket%Connection: upgrade%%|Accept is not for this request",
        "HTTP/1.1 10|closed the connection during the WebSocket upgrade",
      })
  void tellsEachRefusalInItsOwnWords(String answer, String words) throws Exception {
    try (ScriptedPeer server =
        server(
            connection -> {
              request(connection);
              say(connection, answer.replace("%", "\r\n"));
            })) {
      assertThat(refused(dial(new Dialer(), server.port()))).hasMessageContaining(words);
      await().until(server::idle);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Sec-WebSocket-Protocol: AMQPWSB10|another sub-protocol than mqtt",
        "Sec-WebSocket-Protocol: mqtt, other|another sub-protocol than mqtt",
        "Sec-WebSocket-Extensions: permessage-deflate|an extension that was not offered",
        "Sec-WebSocket-Accept: twice|Accept is not for this request",
      })
  void refusesWhatItDidNotAskFor(String field, String words) throws Exception {
    try (ScriptedPeer server =
        server(
            connection ->
                say(
                    connection,
                    "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: "
                        + accept(request(connection))
                        + "\r\n"
                        + field
                        + "\r\n\r\n"))) {
      assertThat(refused(dial(new Dialer(), server.port()))).hasMessageContaining(words);
    }
  }

  @Test
  void takesAnAnswerThatLeavesTheSubProtocolOut() throws Exception {
    try (ScriptedPeer server =
        server(
            connection ->
                say(
                    connection,
                    "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: "
                        + accept(request(connection))
                        + "\r\n\r\n"))) {
      Connection connection = dial(new Dialer(), server.port()).connect();

      assertThat(connection.input().read()).isEqualTo(-1);
      connection.cut();
    }
  }

  @Test
  void waitsOnlySoLongForAnAnswer() throws Exception {
    try (ScriptedPeer server = server(connection -> connection.input().readAllBytes())) {
      assertThat(refused(dial(new Dialer().handshakeTimeout(Duration.ofSeconds(1)), server.port())))
          .hasMessageContaining("did not answer the WebSocket upgrade in time");
      await().until(server::idle);
    }
  }

  @Test
  void goesThroughAnAuthenticatingProxy() throws Exception {
    List<String> heads = new ArrayList<>();
    try (ScriptedPeer server =
            server(
                connection -> {
                  upgrade(connection);
                  say(connection, "\u0082\u0001!");
                  connection.input().readAllBytes();
                });
        ScriptedPeer proxy = TestProxy.http(server.port(), heads, TestProxy.basic())) {
      Proxy known =
          Proxy.http("localhost", proxy.port())
              .withCredentials(TestProxy.USER, Secret.of(TestProxy.PASSWORD));
      Connection connection = dial(new Dialer().proxy(Optional.of(known)), 443).connect();

      assertThat(connection.input().read()).isEqualTo('!');
      connection.cut();
      await().until(() -> server.idle() && proxy.idle());
    }
  }

  @Test
  void limitsReadsWithoutALoss() throws Exception {
    CountDownLatch limited = new CountDownLatch(1);
    try (ScriptedPeer server =
        server(
            connection -> {
              upgrade(connection);
              // Half a head: what follows says how long the frame is.
              connection.output().write(new byte[] {(byte) 0x82, 126, 0});
              limited.await();
              byte[] rest = new byte[201];
              rest[0] = (byte) 200;
              connection.output().write(rest);
              connection.input().readAllBytes();
            })) {
      Connection connection = dial(new Dialer(), server.port()).connect();
      connection.limitReads(100);
      assertThatThrownBy(connection.input()::read).isInstanceOf(SocketTimeoutException.class);
      limited.countDown();
      connection.limitReads(0);

      assertThat(connection.input().readNBytes(200)).hasSize(200).containsOnly(0);
      connection.cut();
      await().until(server::idle);
    }
  }

  /** A peer that does not read blocks the writer without any queue; cutting releases it. */
  @Test
  void aWriterWaitsForThePeer() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (ScriptedPeer server =
        server(
            connection -> {
              upgrade(connection);
              over.await();
            })) {
      Connection connection = dial(new Dialer(), server.port()).connect();
      AtomicLong written = new AtomicLong();
      Thread writer =
          new Thread(
              () -> {
                byte[] block = new byte[8192];
                try {
                  while (true) {
                    connection.output().write(block);
                    connection.output().flush();
                    written.addAndGet(block.length);
                  }
                } catch (IOException e) {
                  written.set(-1);
                }
              });
      writer.start();
      AtomicLong before = new AtomicLong(-1);
      await()
          .pollInterval(Duration.ofMillis(300))
          .until(
              () -> {
                long now = written.get();
                return before.getAndSet(now) == now && now > 0;
              });
      connection.cut();
      writer.join();

      assertThat(written).hasValue(-1);
      over.countDown();
      await().until(server::idle);
    }
  }

  @RepeatedTest(30)
  void canBeAbortedDuringTheUpgrade() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (ScriptedPeer server =
        server(
            connection -> {
              request(connection);
              say(connection, "HTTP/1.1 101 ");
              asked.countDown();
              connection.input().readAllBytes();
            })) {
      Dial dial = dial(new Dialer(), server.port());
      CompletableFuture<UnreachableException> failure =
          CompletableFuture.supplyAsync(() -> refused(dial));
      asked.await();
      assertThat(dial.step())
          .isEqualTo("the answer of localhost:" + server.port() + " to the WebSocket upgrade");
      dial.abort();

      assertThat(failure.get()).hasMessageContaining("was stopped by this client");
      await().pollInterval(Duration.ofMillis(2)).until(server::idle);
    }
  }

  @RepeatedTest(30)
  void canBeCutWhileReadingAFrame() throws Exception {
    try (ScriptedPeer server =
        server(
            connection -> {
              upgrade(connection);
              say(connection, "\u0082\u0005ab");
              connection.input().readAllBytes();
            })) {
      Connection connection = dial(new Dialer(), server.port()).connect();
      assertThat(connection.input().readNBytes(2)).containsExactly('a', 'b');
      CompletableFuture<Void> reader =
          CompletableFuture.runAsync(
              () -> assertThatThrownBy(connection.input()::read).isInstanceOf(IOException.class));
      connection.cut();

      reader.get();
      await().pollInterval(Duration.ofMillis(2)).until(server::idle);
    }
  }

  @Test
  void refusesATargetThatWouldNotBeOneLine() {
    assertThatThrownBy(() -> new WebSocketTarget("/a\r\nb", "mqtt"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new WebSocketTarget("a", "mqtt"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new WebSocketTarget("/a", "mq tt"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
