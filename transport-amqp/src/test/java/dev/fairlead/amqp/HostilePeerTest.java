package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.Target;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A peer that breaks every rule, or the connection at every byte: a clear failure, nothing left.
 */
@Timeout(120)
class HostilePeerTest {
  private static final byte[] HEADER = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};

  private static final TestCa.Issued ROOT = root();

  private final List<RecordingContext> contexts = new CopyOnWriteArrayList<>();

  @AfterEach
  void nothingIsLeft() {
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(
            () ->
                ScriptedCase.threads() == 0
                    && contexts.stream().allMatch(each -> each.serialLoop().pending() == 0));
    for (RecordingContext context : contexts) {
      assertThat(context.serialLoop().thrown()).isEmpty();
      context.close();
    }
  }

  private static TestCa.Issued root() {
    try {
      return TestCa.root("Hostile peers");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The hub's side of one connection. */
  private interface Script {
    void run(Socket socket) throws Exception;
  }

  private static ScriptedPeer peer(Script script) {
    return ScriptedPeer.tls(connection -> script.run(connection.socket()));
  }

  private Opening<TransportSession> opening(int port, int route) {
    return opening(target(port, ScriptedHub.trust()), route);
  }

  private static Target target(int port, Trust trust) {
    return new Target(
        "scripted.hub.test",
        DeviceIdentity.device("dev-h"),
        Secret.of("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
        new Endpoint("localhost", port, trust));
  }

  private Opening<TransportSession> opening(Target target, int route) {
    RecordingContext context =
        RecordingContext.builder(target).feeds(Set.of(Feed.values())).build();
    contexts.add(context);
    AmqpTransport transport = new AmqpTransport();
    return transport.open(transport.offer().routes().get(route).route(), context);
  }

  private HubException refused(Script script) throws Exception {
    try (ScriptedPeer hub = peer(script)) {
      HubException failure = ScriptedCase.failure(opening(hub.port(), 0).outcome());
      assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT);
      return failure;
    }
  }

  private static void send(Socket socket, byte[]... parts) throws IOException {
    for (byte[] part : parts) {
      socket.getOutputStream().write(part);
    }
    socket.getOutputStream().flush();
    drain(socket);
  }

  private static void drain(Socket socket) throws IOException {
    byte[] sink = new byte[4096];
    while (socket.getInputStream().read(sink) >= 0) {
      // Until the client is gone.
    }
  }

  private static byte[] frame(int... body) {
    ByteBuffer frame = ByteBuffer.allocate(8 + body.length);
    frame.putInt(8 + body.length).put((byte) 2).put((byte) 0).putShort((short) 0);
    for (int each : body) {
      frame.put((byte) each);
    }
    return frame.array();
  }

  /** OPEN with the container id "h". */
  private static byte[] open() {
    return frame(0x00, 0x53, 0x10, 0xc0, 4, 1, 0xa1, 1, 'h');
  }

  // What is not AMQP.

  @Test
  void closesAtOnce() throws Exception {
    assertThat(refused(socket -> {})).hasMessageContaining("closed the connection");
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 400 Bad Request\r\n\r\n", "AMQP\u0003\u0001\u0000\u0000", "x"})
  void speaksSomethingElse(String text) throws Exception {
    assertThat(
            refused(
                socket ->
                    send(socket, text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1))))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("not an IoT hub");
  }

  @Test
  void claimsFramesThatAreTooLargeOrTooSmall() throws Exception {
    byte[] large = {0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, 2, 0, 0, 0};
    byte[] small = {0, 0, 0, 7, 2, 0, 0, 0};
    byte[] negative = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 2, 0, 0, 0};
    for (byte[] head : List.of(large, small, negative)) {
      assertThat(refused(socket -> send(socket, HEADER, head))).hasMessageContaining("frame size");
    }
  }

  @Test
  void nestsTooDeeply() throws Exception {
    assertThat(refused(socket -> send(socket, HEADER, frame(new int[60_000]))))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void opensSessionsOfItsOwn() throws Exception {
    // BEGIN without a remote channel.
    byte[] begin = frame(0x00, 0x53, 0x11, 0xc0, 6, 5, 0x40, 0x43, 0x43, 0x43, 0x40);
    assertThat(refused(socket -> send(socket, HEADER, open(), begin)))
        .hasMessageContaining("session of its own");
  }

  @Test
  void settlesAnImpossibleRange() throws Exception {
    // DISPOSITION of role receiver, from 0 to 2^32 - 1.
    byte[] disposition =
        frame(0x00, 0x53, 0x15, 0xc0, 8, 3, 0x41, 0x43, 0x70, 0xff, 0xff, 0xff, 0xff);
    assertThat(refused(socket -> send(socket, HEADER, open(), disposition)))
        .hasMessageContaining("impossible range");
  }

  @Test
  void answersSessionsThatWereNeverBegun() throws Exception {
    byte[] begin = frame(0x00, 0x53, 0x11, 0xc0, 7, 4, 0x60, 0x7f, 0x00, 0x43, 0x43, 0x43);
    assertThat(refused(socket -> send(socket, HEADER, open(), begin)))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void givesTwoLinksTheSameHandle() throws Exception {
    byte[] begin = frame(0x00, 0x53, 0x11, 0xc0, 7, 4, 0x60, 0x00, 0x00, 0x43, 0x43, 0x43);
    assertThat(
            refused(
                socket -> {
                  byte[] attach = answerToFirstAttach(socket);
                  send(socket, HEADER, open(), begin, attach, attach);
                }))
        .hasMessageContaining("handle of another");
  }

  /** ATTACH of the same name, in the other role, with the handle 0. */
  private static byte[] answerToFirstAttach(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    in.readFully(new byte[HEADER.length]);
    while (true) {
      ByteBuffer frame = ByteBuffer.wrap(new byte[in.readInt() - 4]);
      in.readFully(frame.array());
      frame.position(6); // offset, type, channel, and the first octets of the descriptor
      if (frame.get() != 0x12) {
        continue;
      }
      frame.position(frame.position() + (frame.get() == (byte) 0xc0 ? 3 : 9));
      assertThat(frame.get()).isEqualTo((byte) 0xa1);
      byte[] name = new byte[frame.get() & 0xff];
      frame.get(name);
      if (frame.get() == 0x52) {
        frame.get(); // a handle other than 0
      }
      int[] body = new int[10 + name.length];
      int[] head = {0x00, 0x53, 0x12, 0xc0, name.length + 5, 3, 0xa1, name.length};
      System.arraycopy(head, 0, body, 0, head.length);
      for (int i = 0; i < name.length; i++) {
        body[head.length + i] = name[i];
      }
      body[head.length + name.length] = 0x43;
      body[head.length + name.length + 1] = frame.get() == 0x41 ? 0x42 : 0x41;
      return frame(body);
    }
  }

  @Test
  void goesOnAfterClosing() throws Exception {
    byte[] close = frame(0x00, 0x53, 0x18, 0xc0, 1, 0);
    assertThat(refused(socket -> send(socket, HEADER, open(), close, open())))
        .isInstanceOf(UnreachableException.class);
  }

  // The connection breaks at every byte of what a hub sends.

  /** Records what a good hub sends while a session opens, then sends only a part of it. */
  @Test
  void theConnectionBreaksAtEveryByteOfTheOpening() throws Exception {
    byte[] whole = whatAHubSays();
    for (int cut = 0; cut < whole.length; cut += cut < 64 ? 1 : 7) {
      int length = cut;
      HubException failure =
          refused(
              socket -> {
                byte[] sink = new byte[1];
                if (socket.getInputStream().read(sink) > 0) {
                  socket.getOutputStream().write(whole, 0, length);
                  socket.getOutputStream().flush();
                }
              });
      assertThat(failure).isInstanceOf(UnreachableException.class);
    }
  }

  /** Any of its bytes is another. */
  @Test
  void theOpeningIsSpoiledAnywhere() throws Exception {
    byte[] whole = whatAHubSays();
    Random random = new Random(7);
    for (int i = 0; i < 100; i++) {
      byte[] spoiled = whole.clone();
      spoiled[random.nextInt(spoiled.length)] ^= (byte) (1 + random.nextInt(255));
      try (ScriptedPeer hub =
          peer(
              socket -> {
                socket.getOutputStream().write(spoiled);
                socket.getOutputStream().flush();
              })) {
        Opening<TransportSession> opening = opening(hub.port(), 0);
        opening
            .outcome()
            .whenComplete(
                (session, failure) -> {
                  if (session != null) {
                    session.abort();
                  }
                });
        ScriptedCase.done(opening.outcome().handle((session, failure) -> Optional.empty()));
      }
    }
  }

  private byte[] whatAHubSays() throws Exception {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (ScriptedHub hub = new ScriptedHub(peer -> peer.said = said)) {
      Opening<TransportSession> opening = opening(hub.port(), 0);
      RecordingContext context = contexts.get(contexts.size() - 1);
      TransportSession session = ScriptedCase.done(opening.outcome());
      context.onLoop(session::abort);
      ScriptedCase.done(session.ended());
    }
    return said.toByteArray();
  }

  // Its claimed identity.

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aCertificateForAnotherHostIsRefusedOnBothRoutes(int route) throws Exception {
    List<Integer> bytes = new CopyOnWriteArrayList<>();
    TestCa.Issued other = TestCa.leaf(ROOT, "other.example.net");
    try (ScriptedPeer hub =
        ScriptedPeer.builder()
            .tls(other.server(null))
            .start(connection -> bytes.add(connection.socket().getInputStream().read()))) {
      Target target = target(hub.port(), Trust.only(List.of(ROOT.certificate())));
      HubException failure = ScriptedCase.failure(opening(target, route).outcome());
      assertThat(failure)
          .isInstanceOfSatisfying(
              UnreachableException.class,
              e -> assertThat(e.stage()).isEqualTo(UnreachableException.Stage.TLS));
    }
    assertThat(bytes).doesNotContain((int) 'A', (int) 'G');
  }
}
