package dev.fairlead.localhub.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.mqtt.WebSocketPeer.Answer;
import dev.fairlead.localhub.mqtt.WebSocketPeer.Frame;
import dev.fairlead.localhub.mqtt.WebSocketPeer.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTPS port below MQTT: the upgrade and the frames. */
class WebSocketTest {

  private static final int FIN = WebSocketPeer.FIN;
  private final LocalHub hub = LocalHub.start();

  @AfterEach
  void stop() {
    hub.close();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/$iothub/websocket",
        "/%24iothub/websocket",
        "/$iothub/websocket?",
        "/$iothub/websocket?iothub-no-client-cert=true",
        "/$iothub/websocket?a=b&c=%zz&d"
      })
  void upgradesWhateverTheQuery(String path) throws IOException {
    WebSocketPeer.open(hub, null, new Request().path(path)).close();
  }

  @Test
  void picksMqttFromWhatIsOffered() throws IOException {
    Request request = new Request().with("Sec-WebSocket-Protocol", "AMQPWSB10, mqtt");
    WebSocketPeer.open(hub, null, request).close();
    Request twoLines =
        new Request()
            .with("Sec-WebSocket-Protocol", "AMQPWSB10")
            .with("sec-websocket-protocol", "mqtt");
    WebSocketPeer.open(hub, null, twoLines).close();
  }

  /** A server must accept it (RFC 9112, 3.2.2), and Proton-J's WebSocket extension sends it. */
  @Test
  void takesATargetWithSchemeAndHost() throws IOException {
    Request request = new Request().path("https://localhost:443" + WebSocketPeer.PATH + "?x=y");
    WebSocketPeer.open(hub, null, request).close();
  }

  static List<Arguments> badRequests() {
    String ask = " HTTP/1.1";
    String path = WebSocketPeer.PATH;
    return List.of(
        Arguments.of(405, new Request().line("POST " + path + ask), "GET"),
        Arguments.of(505, new Request().line("GET " + path + " HTTP/1.0"), "HTTP/1.1"),
        Arguments.of(400, new Request().line("what is this"), "not an HTTP/1.1 request"),
        Arguments.of(400, new Request().without("Host"), "Host"),
        Arguments.of(426, new Request().without("Upgrade"), "Upgrade: websocket"),
        Arguments.of(426, new Request().with("Connection", "close"), "Connection: Upgrade"),
        Arguments.of(426, new Request().with("Sec-WebSocket-Version", "8"), "version 13"),
        Arguments.of(426, new Request().without("Sec-WebSocket-Version"), "version 13"),
        Arguments.of(400, new Request().without("Sec-WebSocket-Key"), "Sec-WebSocket-Key"),
        Arguments.of(400, new Request().with("Sec-WebSocket-Key", "c2hvcnQ="), "16 random bytes"),
        Arguments.of(400, new Request().with("Sec-WebSocket-Key", "!"), "16 random bytes"),
        Arguments.of(400, new Request().without("Sec-WebSocket-Protocol"), "mqtt"),
        Arguments.of(400, new Request().with("Sec-WebSocket-Protocol", "MQTT"), "mqtt"),
        Arguments.of(400, new Request().with("Sec-WebSocket-Protocol", "amqp"), "AMQPWSB10"),
        Arguments.of(400, new Request().with("Content-Length", "3"), "no body"),
        Arguments.of(400, new Request().with("Transfer-Encoding", "chunked"), "no body"),
        Arguments.of(414, new Request().path(path + "?" + "x".repeat(17_000)), "too long"),
        Arguments.of(431, new Request().with("X", "x".repeat(17_000)), "too long"));
  }

  @ParameterizedTest
  @MethodSource("badRequests")
  void refusesWhatIsNoGoodUpgrade(int status, Request request, String reason) throws IOException {
    Answer answer = WebSocketPeer.answerTo(hub, request);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.body()).contains(reason);
    assertThat(answer.headers().get("connection")).startsWith("close");
    if (status == 426) {
      assertThat(answer.headers()).containsEntry("upgrade", "websocket");
    }
    if (status == 405) {
      assertThat(answer.headers()).containsEntry("allow", "GET");
    }
  }

  @Test
  void namesItsVersion() throws IOException {
    Answer answer = WebSocketPeer.answerTo(hub, new Request().with("Sec-WebSocket-Version", "14"));
    assertThat(answer.headers()).containsEntry("sec-websocket-version", "13");
  }

  @Test
  void closesAConnectionThatAsksForNothing() throws IOException {
    LocalHubOptions impatient =
        LocalHubOptions.defaults().idleBeforeConnect(Duration.ofMillis(100));
    try (LocalHub other = LocalHub.start(impatient);
        WebSocketPeer peer = WebSocketPeer.dial(other, null)) {
      peer.expectEnd();
    }
  }

  @Test
  void answersPingsWithTheirContent() throws IOException {
    try (WebSocketPeer peer = WebSocketPeer.open(hub)) {
      peer.send(FIN | WebSocketPeer.PONG, utf8("nobody asked"));
      peer.send(FIN | WebSocketPeer.PING, utf8("are you there"));
      Frame pong = peer.read();
      assertThat(pong.head()).isEqualTo(FIN | WebSocketPeer.PONG);
      assertThat(pong.payload()).isEqualTo(utf8("are you there"));
    }
  }

  @Test
  void answersCloseWithClose() throws IOException {
    try (WebSocketPeer peer = WebSocketPeer.open(hub)) {
      peer.send(FIN | WebSocketPeer.CLOSE, new byte[] {3, (byte) 0xe9});
      peer.expectClose(1001);
    }
    try (WebSocketPeer peer = WebSocketPeer.open(hub)) {
      peer.send(FIN | WebSocketPeer.CLOSE, new byte[0]);
      assertThat(peer.read().payload()).isEmpty();
      peer.expectEnd();
    }
  }

  @Test
  void refusesText() throws IOException {
    try (WebSocketPeer peer = WebSocketPeer.open(hub)) {
      peer.send(FIN | WebSocketPeer.TEXT, utf8("hello"));
      peer.expectClose(1003);
    }
    try (WebSocketPeer peer = WebSocketPeer.open(hub)) {
      peer.send(WebSocketPeer.TEXT, utf8("the first of several"));
      peer.expectClose(1003);
    }
  }

  @Test
  void refusesAFrameThatIsTooLongByItsHead() throws IOException {
    try (WebSocketPeer peer = WebSocketPeer.open(hub)) {
      peer.write(WebSocketPeer.frameHead(FIN | WebSocketPeer.BINARY, 1024 * 1024 + 1));
      peer.expectClose(1009);
    }
  }

  static List<byte[]> violations() {
    return List.of(
        new byte[] {(byte) (FIN | WebSocketPeer.BINARY), 1, 0}, // no mask
        WebSocketPeer.frame(FIN | WebSocketPeer.CONTINUATION, new byte[1]), // without a first frame
        WebSocketPeer.frame(FIN | 0x40 | WebSocketPeer.BINARY, new byte[1]), // an extension
        WebSocketPeer.frame(FIN | 3, new byte[1]), // an unknown opcode
        WebSocketPeer.frame(WebSocketPeer.PING, new byte[1]), // control in fragments
        WebSocketPeer.frame(FIN | WebSocketPeer.PING, new byte[126])); // control too long
  }

  @ParameterizedTest
  @MethodSource("violations")
  void closesWith1002WhenTheProtocolIsBroken(byte[] bytes) throws IOException {
    try (WebSocketPeer peer = WebSocketPeer.open(hub)) {
      peer.write(bytes);
      peer.expectClose(1002);
    }
  }

  @Test
  void doesNotTakeFramesThatComeBeforeTheAnswer() throws IOException {
    try (WebSocketPeer peer = WebSocketPeer.dial(hub, null)) {
      ByteArrayOutputStream early = new ByteArrayOutputStream();
      early.writeBytes(utf8(new Request().toString()));
      early.writeBytes(WebSocketPeer.frame(FIN | WebSocketPeer.PING, utf8("early")));
      peer.write(early.toByteArray());
      assertThat(peer.readAnswer().status()).isEqualTo(101);
      peer.expectClose(1002);
    }
  }
}
