package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.mqtt.MqttPeer.Script;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.ScriptedOutbox.Sent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Hubs whose PUBACKs come late, never, twice, in part or in another order. */
class AcknowledgementTest extends ScriptedCase {
  private static final Duration LONG = Duration.ofMinutes(2);

  private static List<Integer> awaitMessages(MqttPeer peer, int count) throws Exception {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(MqttPeer.packetIdOf(peer.await(MqttPeer.PUBLISH)));
    }
    return ids;
  }

  @Test
  void late() throws Exception {
    CountDownLatch now = new CountDownLatch(1);
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              int id = awaitMessages(peer, 1).get(0);
              now.await();
              peer.acknowledge(id);
              peer.drain();
            })) {
      TransportSession session = open(hub);
      Sent sent = outbox.add("x");
      await().until(() -> outbox.underWay() == 1);
      // A session that is closing waits for it as well.
      loop.execute(session::close);
      assertThat(sent.outcome()).isNotDone();
      now.countDown();
      SessionCase.done(sent.outcome());
      assertThat(SessionCase.done(session.ended())).isEmpty();
    }
  }

  @Test
  void twice() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              for (int i = 0; i < 3; i++) {
                int id = awaitMessages(peer, 1).get(0);
                peer.acknowledge(id);
                peer.acknowledge(id);
              }
              peer.drain();
            })) {
      TransportSession session = open(hub);
      for (int i = 0; i < 3; i++) {
        SessionCase.done(outbox.add("m" + i).outcome());
      }
      assertThat(outbox.accepted()).containsExactly(0L, 1L, 2L);
      close(session);
    }
  }

  @Test
  void ofAMessageThatWasNotSent() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              int id = awaitMessages(peer, 1).get(0);
              peer.acknowledge(id + 1);
              peer.acknowledge(id);
              peer.drain();
            })) {
      TransportSession session = open(hub);
      SessionCase.done(outbox.add("x").outcome());
      Sent next = outbox.add("y");
      await().until(() -> outbox.underWay() == 1);
      assertThat(next.outcome()).isNotDone();
      abort(session);
    }
  }

  @Test
  void inAnotherOrder() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              List<Integer> ids = awaitMessages(peer, 3);
              peer.acknowledge(ids.get(2));
              peer.acknowledge(ids.get(0));
              peer.acknowledge(ids.get(1));
              peer.drain();
            })) {
      TransportSession session = open(hub);
      for (int i = 0; i < 3; i++) {
        outbox.add("m" + i);
      }
      await().until(() -> outbox.accepted().size() == 3);
      assertThat(outbox.accepted()).containsExactly(2L, 0L, 1L);
      close(session);
    }
  }

  private HubException endAfter(Duration acknowledgementTimeout, Script acknowledgement)
      throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              peer.await(MqttPeer.PUBLISH);
              acknowledgement.run(peer);
            })) {
      MqttOptions options =
          MqttOptions.builder()
              .ping(Duration.ofMillis(50), Duration.ofMillis(500))
              .acknowledgementTimeout(acknowledgementTimeout)
              .build();
      TransportSession session = open(hub, options);
      Sent sent = outbox.add("x");
      HubException reason = SessionCase.done(session.ended()).orElseThrow();
      assertThat(sent.outcome()).isNotDone();
      assertThat(reason.progress()).isEqualTo(Progress.MAYBE_SENT);
      return reason;
    }
  }

  private static Stage stageOf(HubException failure) {
    return ((UnreachableException) failure).stage();
  }

  @Test
  void aHalfAndTheEnd() throws Exception {
    HubException reason = endAfter(LONG, peer -> peer.send(0x40, 2, 0));
    assertThat(stageOf(reason)).isEqualTo(Stage.CUT_BY_HUB);
  }

  @Test
  void aHalfAndSilence() throws Exception {
    HubException reason =
        endAfter(
            LONG,
            peer -> {
              peer.send(0x40, 2, 0);
              peer.drain();
            });
    assertThat(stageOf(reason)).isEqualTo(Stage.NETWORK);
    assertThat(reason).hasMessageContaining("not even an answer to a ping");
  }

  /** Not a cut by the hub: those count against the message. */
  @Test
  void neverAlthoughPingsAreAnswered() throws Exception {
    HubException reason =
        endAfter(
            Duration.ofMillis(300),
            peer -> {
              while (true) {
                peer.await(MqttPeer.PINGREQ);
                peer.send(0xd0, 0);
              }
            });
    assertThat(stageOf(reason)).isEqualTo(Stage.SESSION);
    assertThat(reason)
        .hasMessageContaining("did not send the acknowledgement of 1 message within")
        .hasMessageContaining("although it answers pings")
        .hasMessageContaining("A new session sends them again.");
  }

  // Our own PUBACKs.

  /** A session whose writer is blocked because the peer reads nothing. */
  private TransportSession blocked(ScriptedPeer hub, Duration acknowledgementTimeout)
      throws Exception {
    TransportSession session =
        open(
            hub,
            MqttOptions.builder()
                .window(200, 64 * 1024 * 1024)
                .acknowledgementTimeout(acknowledgementTimeout)
                .build());
    // More than the sockets hold.
    for (int i = 0; i < 150; i++) {
      outbox.add(TelemetryMessage.of(new byte[200_000]));
    }
    await().until(() -> inbox().cloudMessages().size() == 1);
    await().during(Duration.ofMillis(500)).until(AcknowledgementTest::writerIsBlocked);
    return session;
  }

  private static boolean writerIsBlocked() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> thread.getKey().getName().endsWith("dev-s"))
        .map(Map.Entry::getValue)
        .filter(stack -> stack.length > 0 && stack[0].getClassName().startsWith("sun.nio.ch."))
        .flatMap(Arrays::stream)
        .anyMatch(frame -> frame.getClassName().equals(PacketWriter.class.getName()));
  }

  @Test
  void aCompletionSucceedsWhenItsPubackIsWritten() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    CompletableFuture<Integer> puback = new CompletableFuture<>();
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              peer.await(MqttPeer.PUBLISH);
              peer.send(MqttPeer.publish(0x32, CLOUD, 7, "m"));
              read.await();
              puback.complete(MqttPeer.packetIdOf(peer.await(MqttPeer.PUBACK)));
              peer.drain();
            })) {
      TransportSession session = blocked(hub, LONG);
      CompletableFuture<Void> completed =
          inbox().cloudMessages().get(0).complete().toCompletableFuture();
      loop.run(() -> assertThat(completed).isNotDone());
      read.countDown();
      SessionCase.done(completed);
      assertThat(SessionCase.done(puback)).isEqualTo(7);
      abort(session);
    }
  }

  @Test
  void aCompletionFailsWhenItsPubackIsNotWritten() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              peer.await(MqttPeer.PUBLISH);
              peer.send(MqttPeer.publish(0x32, CLOUD, 7, "m"));
              over.await();
            })) {
      TransportSession session = blocked(hub, LONG);
      CompletableFuture<Void> completed =
          inbox().cloudMessages().get(0).complete().toCompletableFuture();
      loop.run(() -> assertThat(completed).isNotDone());
      abort(session);
      assertThat(SessionCase.failure(completed))
          .isInstanceOfSatisfying(
              UnreachableException.class,
              e -> assertThat(e.progress()).isEqualTo(Progress.MAYBE_SENT));
      over.countDown();
    }
  }

  /** Pings say nothing about a hub that only sends. */
  @Test
  void aHubThatOnlySendsIsLeft() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              peer.send(MqttPeer.publish(0x32, CLOUD, 7, "m"));
              while (true) {
                peer.send(MqttPeer.publish(0x30, "$iothub/twin/res/200/?$rid=99", -1, "{}"));
                // Paces the flood, which otherwise fills memory. No check depends on the time.
                Thread.sleep(5);
              }
            })) {
      TransportSession session = blocked(hub, Duration.ofMillis(300));
      inbox().cloudMessages().get(0).complete();
      assertThat(SessionCase.done(session.ended()))
          .get()
          .isInstanceOf(UnreachableException.class)
          .asString()
          .contains("has read nothing for");
    }
  }
}
