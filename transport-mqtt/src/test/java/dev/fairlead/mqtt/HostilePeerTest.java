package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.mqtt.MqttPeer.Script;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.RecordingInbox;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.SerialLoop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A peer that breaks every rule: a clear failure, no hang, no thread left. */
@Timeout(60)
class HostilePeerTest {
  private static final String METHOD = "$iothub/methods/POST/name/?$rid=1";

  private SerialLoop loop;
  private ScriptedOutbox outbox;
  private RecordingContext context;

  @BeforeEach
  void start() {
    loop = new SerialLoop();
    outbox = new ScriptedOutbox();
  }

  @AfterEach
  void nothingIsLeft() {
    await()
        .pollInterval(Duration.ofMillis(2))
        .until(() -> SessionCase.threadsOf("dev-h").isEmpty() && loop.pending() == 0);
    loop.close();
    assertThat(loop.thrown()).isEmpty();
  }

  /** Where the bytes of these tests travel. */
  Protocol protocol() {
    return Protocol.MQTT;
  }

  private ScriptedPeer newHub(Script script) {
    return protocol() == Protocol.MQTT_WS ? MqttPeer.overWebSockets(script) : MqttPeer.tls(script);
  }

  final Opening<TransportSession> opening(ScriptedPeer hub) {
    context =
        MqttPeer.context(hub, "dev-h")
            .feeds(Set.of(Feed.values()))
            .outbox(outbox)
            .loop(loop)
            .build();
    MqttTransport transport =
        new MqttTransport(MqttOptions.builder().lockTime(Duration.ofMinutes(5)).build());
    return transport.offer().routes().stream()
        .map(RouteOffer::route)
        .filter(route -> route.protocol() == protocol())
        .findFirst()
        .map(route -> transport.open(route, context))
        .orElseThrow();
  }

  private RecordingInbox inbox() {
    return context.inbox();
  }

  static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  final void onLoop(Runnable task) {
    loop.execute(task);
  }

  private HubException refused(Script script) throws Exception {
    try (ScriptedPeer hub = newHub(script)) {
      done(opening(hub).outcome());
    } catch (ExecutionException e) {
      assertThat(((HubException) e.getCause()).progress()).isEqualTo(Progress.NOT_SENT);
      return (HubException) e.getCause();
    }
    throw new AssertionError("It opened.");
  }

  private UnreachableException ended(Script afterOpening) throws Exception {
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              peer.welcome();
              // The client takes the session for open when it sends telemetry.
              peer.await(MqttPeer.PUBLISH);
              afterOpening.run(peer);
            })) {
      outbox.add("x");
      TransportSession session = done(opening(hub).outcome());
      return (UnreachableException) done(session.ended()).orElseThrow();
    }
  }

  // While opening.

  @Test
  void closesBeforeConnect() throws Exception {
    assertThat(refused(peer -> {})).hasMessageContaining("closed");
  }

  @Test
  void closesAfterConnect() throws Exception {
    assertThat(refused(MqttPeer::read))
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.OPEN))
        .hasMessageContaining("closed the connection before the session was open");
  }

  @Test
  void closesAfterConnack() throws Exception {
    assertThat(
            refused(
                peer -> {
                  peer.await(1);
                  peer.send(0x20, 2, 0, 0);
                }))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void closesInsideConnack() throws Exception {
    assertThat(
            refused(
                peer -> {
                  peer.await(1);
                  peer.send(0x20, 2, 0);
                }))
        .hasMessageContaining("closed the connection");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6, 128, 255})
  void refusesConnect(int code) throws Exception {
    assertThat(
            refused(
                peer -> {
                  peer.await(1);
                  peer.send(0x20, 2, 0, code);
                }))
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.OPEN));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void refusesTheCredential(int code) throws Exception {
    assertThat(
            refused(
                peer -> {
                  peer.await(1);
                  peer.send(0x20, 2, 0, code);
                }))
        .isInstanceOf(UnauthorizedException.class);
  }

  @Test
  void refusesASubscription() throws Exception {
    assertThat(
            refused(
                peer -> {
                  peer.await(1);
                  peer.send(0x20, 2, 0, 0);
                  byte[] subscribe = peer.await(8);
                  peer.send(0x90, 6, subscribe[1], subscribe[2], 0, 1, 0x80, 0);
                }))
        .hasMessageContaining("refused the subscription to $iothub/methods/POST/#");
  }

  static Stream<Arguments> brokenGreetings() {
    return Stream.of(
        Arguments.of("text", "HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
        Arguments.of("zeros", new byte[64]),
        Arguments.of("a huge length", bytes(0x20, 0xff, 0xff, 0xff, 0x7f)),
        Arguments.of("a length of five bytes", bytes(0x20, 0x80, 0x80, 0x80, 0x80, 1)),
        Arguments.of("a message before", MqttPeer.publish(0x30, METHOD, -1, "")),
        Arguments.of("a long CONNACK", bytes(0x20, 3, 0, 0, 0)),
        Arguments.of("a CONNACK with flags", bytes(0x21, 2, 0, 0)),
        Arguments.of("an empty CONNACK", bytes(0x20, 0)));
  }

  @ParameterizedTest
  @MethodSource("brokenGreetings")
  void greetsWith(String what, byte[] greeting) throws Exception {
    assertThat(
            refused(
                peer -> {
                  peer.await(1);
                  peer.send(greeting);
                  peer.drain();
                }))
        .as(what)
        .hasMessageContaining("It is not an IoT hub");
  }

  // When open.

  static Stream<Arguments> breaches() {
    return Stream.of(
        Arguments.of("QoS 3", MqttPeer.publish(0x36, METHOD, 1, "")),
        Arguments.of("QoS 2", MqttPeer.publish(0x34, METHOD, 1, "")),
        Arguments.of("packet id 0", MqttPeer.publish(0x32, METHOD, 0, "")),
        Arguments.of(
            "a topic that is not UTF-8", MqttPeer.publish(0x30, bytes('$', 0xc3, 0x28), -1, "")),
        Arguments.of(
            "a surrogate in the topic",
            MqttPeer.publish(0x30, bytes('$', 0xed, 0xa0, 0x80), -1, "")),
        Arguments.of("U+0000 in the topic", MqttPeer.publish(0x30, bytes('$', 0), -1, "")),
        Arguments.of("a topic longer than the packet", bytes(0x30, 4, 0, 9, 'a', 'b')),
        Arguments.of("no room for the packet id", bytes(0x32, 4, 0, 2, 'a', 'b')),
        Arguments.of("a message of one byte", bytes(0x30, 1, 0)),
        Arguments.of("a second CONNACK", bytes(0x20, 2, 0, 0)),
        Arguments.of("a CONNECT", bytes(0x10, 2, 0, 0)),
        Arguments.of("a PUBREC", bytes(0x50, 2, 0, 1)),
        Arguments.of("a PUBREL", bytes(0x62, 2, 0, 1)),
        Arguments.of("a DISCONNECT", bytes(0xe0, 0)),
        Arguments.of("type 0", bytes(0, 0)),
        Arguments.of("type 15", bytes(0xf0, 0)),
        Arguments.of("a long PUBACK", bytes(0x40, 3, 0, 1, 0)),
        Arguments.of("a PINGRESP with a body", bytes(0xd0, 1, 0)),
        Arguments.of("an empty SUBACK", bytes(0x90, 2, 0, 1)),
        Arguments.of("too large a packet", bytes(0x30, 0xff, 0xff, 0x7f)),
        Arguments.of("the largest length", bytes(0x30, 0xff, 0xff, 0xff, 0x7f)));
  }

  @ParameterizedTest
  @MethodSource("breaches")
  void breaksTheRules(String what, byte[] packet) throws Exception {
    UnreachableException failure =
        ended(
            peer -> {
              peer.send(packet);
              peer.drain();
            });
    assertThat(failure.stage()).as(what).isEqualTo(Stage.SESSION);
    assertThat(failure).hasMessageContaining("tamper");
  }

  static Stream<Arguments> answersToNothing() {
    return Stream.of(
        Arguments.of("PINGRESP", bytes(0xd0, 0)),
        Arguments.of("SUBACK", bytes(0x90, 3, 0, 99, 0)),
        Arguments.of("UNSUBACK", bytes(0xb0, 2, 0, 99)));
  }

  @ParameterizedTest
  @MethodSource("answersToNothing")
  void answersWhatNobodyAsked(String what, byte[] packet) throws Exception {
    assertThat(
            ended(
                    peer -> {
                      peer.send(packet);
                      peer.drain();
                    })
                .stage())
        .as(what)
        .isEqualTo(Stage.SESSION);
  }

  @Test
  void survivesOddButLegalTopics() throws Exception {
    CompletableFuture<List<Integer>> acknowledged = new CompletableFuture<>();
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              peer.welcome();
              String[] topics = {
                "",
                "/",
                "!",
                "$iothub/",
                "$iothub/methods/POST/",
                "$iothub/methods/POST//?$rid=1",
                "$iothub/methods/POST/x/",
                "$iothub/methods/POST/x/?",
                "$iothub/methods/POST/x/?$rid=",
                "$iothub/methods/POST/x/?$rid=#",
                "$iothub/twin/res/",
                "$iothub/twin/res/200",
                "$iothub/twin/res/abc/?$rid=1",
                "$iothub/twin/res/200/?$rid=99",
                "$iothub/twin/res/99999999999999999999/?$rid=1",
                "devices/dev-h/messages/devicebound",
                "devices/other/messages/devicebound/",
                "\u0001\u007f\u0080",
                "\uffff",
                "\ud83d\ude00"
              };
              for (String topic : topics) {
                peer.send(MqttPeer.publish(0x30, topic, -1, "x"));
              }
              peer.send(
                  MqttPeer.publish(
                      0x30, "$iothub/methods/POST/\ud83d\ude00 \ufffd/?%24rid=7&x", -1, "{}"));
              peer.send(
                  MqttPeer.publish(
                      0x32,
                      "devices/dev-h/messages/devicebound/%zz=%&\ud83d\ude00=\u0007&%24.mid=m&=&&k",
                      5,
                      "x"));
              peer.send(MqttPeer.publish(0x32, "what/is/this", 6, "x"));
              peer.send(
                  MqttPeer.publish(
                      0x30, "$iothub/twin/PATCH/properties/desired/?nothing", -1, "{"));
              acknowledged.complete(
                  List.of(
                      MqttPeer.packetIdOf(peer.await(MqttPeer.PUBACK)),
                      MqttPeer.packetIdOf(peer.await(MqttPeer.PUBACK))));
              peer.drain();
            })) {
      TransportSession session = done(opening(hub).outcome());
      await().until(() -> inbox().patches().size() == 1);
      assertThat(inbox().calls()).hasSize(1);
      assertThat(inbox().calls().get(0).request().name()).isEqualTo("\ud83d\ude00 \ufffd");
      assertThat(inbox().cloudMessages()).hasSize(1);
      assertThat(inbox().cloudMessages().get(0).properties())
          .containsEntry("%zz", "%")
          .containsEntry("\ud83d\ude00", "\u0007")
          .containsEntry("k", "");
      assertThat(inbox().cloudMessages().get(0).messageId()).contains("m");
      assertThat(acknowledged).isNotDone();
      done(inbox().cloudMessages().get(0).complete());
      assertThat(done(acknowledged)).containsExactly(5, 6);
      loop.execute(session::close);
      assertThat(done(session.ended())).isEmpty();
    }
  }

  @Test
  void handlesMessagesBetweenConnackAndSuback() throws Exception {
    CountDownLatch acknowledged = new CountDownLatch(2);
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              peer.await(1);
              peer.send(0x20, 2, 1, 0);
              for (int id = 1; id <= 2; id++) {
                peer.send(
                    MqttPeer.publish(0x32, "devices/dev-h/messages/devicebound/", id, "m" + id));
              }
              byte[] subscribe = peer.await(8);
              peer.send(0x90, 6, subscribe[1], subscribe[2], 0, 1, 0, 0);
              for (int id = 1; id <= 2; id++) {
                byte[] puback = peer.await(4);
                if (puback[2] == id) {
                  acknowledged.countDown();
                }
              }
              peer.drain();
            })) {
      TransportSession session = done(opening(hub).outcome());
      await().until(() -> inbox().cloudMessages().size() == 2);
      done(inbox().cloudMessages().get(0).complete());
      done(inbox().cloudMessages().get(1).complete());
      assertThat(acknowledged.await(10, TimeUnit.SECONDS)).isTrue();
      loop.execute(session::abort);
      done(session.ended());
    }
  }

  @Test
  void givesARepetitionToTheApplicationOnce() throws Exception {
    String topic = "devices/dev-h/messages/devicebound/%24.mid=same";
    CompletableFuture<List<Integer>> acknowledged = new CompletableFuture<>();
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              peer.welcome();
              peer.send(MqttPeer.publish(0x32, topic, 1, "m"));
              peer.send(MqttPeer.publish(0x3a, topic, 1, "m"));
              peer.send(MqttPeer.publish(0x3a, topic, 2, "m"));
              peer.send(MqttPeer.publish(0x32, topic.replace("same", "other"), 3, "m"));
              acknowledged.complete(
                  List.of((int) peer.await(4)[2], (int) peer.await(4)[2], (int) peer.await(4)[2]));
              peer.drain();
            })) {
      TransportSession session = done(opening(hub).outcome());
      await().until(() -> inbox().cloudMessages().size() == 2);
      assertThat(inbox().cloudMessages().get(1).messageId()).contains("other");
      inbox().cloudMessages().get(1).complete();
      done(inbox().cloudMessages().get(0).complete());
      assertThat(done(acknowledged)).containsExactly(1, 2, 3);
      loop.execute(session::abort);
      done(session.ended());
    }
  }

  @Test
  void boundsTheMessagesWithoutAcknowledgement() throws Exception {
    UnreachableException failure =
        ended(
            peer -> {
              for (int id = 1; id < 60_000; id++) {
                peer.send(MqttPeer.publish(0x32, "devices/dev-h/messages/devicebound/", id, "m"));
              }
              peer.drain();
            });
    assertThat(failure).hasMessageContaining("more than 1000 messages without");
    assertThat(inbox().cloudMessages()).hasSize(1000);
  }

  /** The client times the closing; the session leaves when it is aborted. */
  @Test
  void neverReads() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              peer.welcome();
              over.await();
            })) {
      TransportSession session = done(opening(hub).outcome());
      // More than the sockets hold: the writer blocks.
      for (int i = 0; i < 40; i++) {
        outbox.add(dev.fairlead.TelemetryMessage.of(new byte[200_000]));
      }
      loop.execute(session::close);
      loop.execute(session::abort);
      assertThat(done(session.ended())).isPresent();
      await().until(() -> SessionCase.threadsOf("dev-h").isEmpty());
      over.countDown();
    }
  }

  // Races.

  @RepeatedTest(300)
  void abortsAtAnyMoment() throws Exception {
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              peer.welcome();
              peer.drain();
            })) {
      Opening<TransportSession> opening = opening(hub);
      pause(opening.outcome());
      opening.abort();
      Optional<HubException> end;
      try {
        end = done(done(opening.outcome()).ended());
      } catch (ExecutionException e) {
        end = Optional.of((HubException) e.getCause());
      }
      assertThat(end).get().asString().containsAnyOf("by this client", "stopped by this client");
    }
  }

  @RepeatedTest(300)
  void closesAtAnyMoment() throws Exception {
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              int bytes = ThreadLocalRandom.current().nextInt(12);
              if (bytes == 0) {
                return;
              }
              peer.await(1);
              byte[] all = {0x20, 2, 0, 0, (byte) 0x90, 6, 0, 1, 0, 1, 0, 0};
              for (int i = 0; i < Math.min(bytes, 4); i++) {
                peer.send(all[i]);
              }
              if (bytes > 4) {
                byte[] subscribe = peer.await(8);
                all[6] = subscribe[1];
                all[7] = subscribe[2];
                for (int i = 4; i < bytes + 1; i++) {
                  peer.send(all[i]);
                }
              }
            })) {
      Opening<TransportSession> opening = opening(hub);
      outbox.add("x");
      Optional<HubException> end;
      try {
        end = done(done(opening.outcome()).ended());
      } catch (ExecutionException e) {
        end = Optional.of((HubException) e.getCause());
      }
      assertThat(end).get().isInstanceOf(UnreachableException.class);
    }
  }

  @RepeatedTest(100)
  void bothSidesCloseAtOnce() throws Exception {
    CountDownLatch now = new CountDownLatch(1);
    try (ScriptedPeer hub =
        newHub(
            peer -> {
              peer.welcome();
              now.await();
              spin();
            })) {
      TransportSession session = done(opening(hub).outcome());
      outbox.add("x");
      now.countDown();
      spin();
      loop.execute(session::close);
      // Whichever was first: it ends, once.
      done(session.ended());
    }
  }

  private static void pause(CompletionStage<?> until) {
    long spins = ThreadLocalRandom.current().nextLong(200_000);
    for (long i = 0; i < spins && !until.toCompletableFuture().isDone(); i++) {
      Thread.onSpinWait();
    }
  }

  private static void spin() {
    int spins = ThreadLocalRandom.current().nextInt(20_000);
    for (int i = 0; i < spins; i++) {
      Thread.onSpinWait();
    }
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
