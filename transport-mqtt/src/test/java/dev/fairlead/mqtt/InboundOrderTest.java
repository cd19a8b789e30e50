package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.fairlead.HubException;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportSession;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What is acknowledged of what the hub sends at QoS 1, and in which order. */
class InboundOrderTest extends ScriptedCase {
  private static final String METHOD = "$iothub/methods/POST/name/?$rid=";
  private static final String DESIRED = "$iothub/twin/PATCH/properties/desired/?$version=";

  /** The packet ids of the PUBACKs so far. */
  private final BlockingQueue<Integer> pubacks = new LinkedBlockingQueue<>();

  private void readPubacks(MqttPeer peer) throws Exception {
    while (true) {
      pubacks.add(MqttPeer.packetIdOf(peer.await(MqttPeer.PUBACK)));
    }
  }

  private List<Integer> nextPubacks(int count) throws Exception {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(pubacks.poll(20, TimeUnit.SECONDS));
    }
    return ids;
  }

  /** [MQTT-4.6.0-2]. An earlier client of the identity may have subscribed all at QoS 1. */
  @Test
  void allThatComesAtQos1IsAcknowledgedInOrder() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.await(MqttPeer.CONNECT);
              peer.send(0x20, 2, 1, 0);
              peer.send(MqttPeer.publish(0x32, METHOD + "1", 1, "{}"));
              peer.send(MqttPeer.publish(0x32, DESIRED + "2", 2, "{}"));
              peer.send(MqttPeer.publish(0x32, "what/is/this", 3, "x"));
              peer.send(MqttPeer.publish(0x32, "$iothub/twin/res/200/?$rid=99", 4, "{}"));
              peer.send(MqttPeer.publish(0x32, CLOUD, 5, "m"));
              peer.send(MqttPeer.publish(0x32, METHOD + "2", 6, "{}"));
              peer.send(MqttPeer.publish(0x3a, METHOD + "2", 6, "{}"));
              peer.send(MqttPeer.publish(0x32, "what/is/this", 7, "x"));
              peer.send(MqttPeer.publish(0x32, CLOUD, 8, "m"));
              peer.grant(peer.await(MqttPeer.SUBSCRIBE));
              readPubacks(peer);
            })) {
      TransportSession session = open(hub);
      await().until(() -> inbox().cloudMessages().size() == 2);
      // Methods and changes are handed over immediately, and only once; their PUBACKs wait.
      assertThat(inbox().calls()).hasSize(2);
      assertThat(inbox().patches()).hasSize(1);
      assertThat(nextPubacks(4)).containsExactly(1, 2, 3, 4);
      CompletionStage<Void> second = inbox().cloudMessages().get(1).complete();
      loop.run(() -> assertThat(second.toCompletableFuture()).isNotDone());
      assertThat(pubacks).isEmpty();
      SessionCase.done(inbox().cloudMessages().get(0).complete());
      SessionCase.done(second);
      assertThat(nextPubacks(4)).containsExactly(5, 6, 7, 8);
      close(session);
    }
  }

  @Test
  void whatHasNoHandlerStaysTheHubsAndHoldsWhatComesBehind() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.await(MqttPeer.CONNECT);
              peer.send(0x20, 2, 1, 0);
              peer.send(MqttPeer.publish(0x32, METHOD + "1", 1, "{}"));
              peer.send(MqttPeer.publish(0x32, CLOUD, 2, "m"));
              peer.send(MqttPeer.publish(0x32, METHOD + "2", 3, "{}"));
              peer.grant(peer.await(MqttPeer.SUBSCRIBE));
              byte[] packet = peer.read();
              while (MqttPeer.typeOf(packet) != MqttPeer.DISCONNECT) {
                if (MqttPeer.typeOf(packet) == MqttPeer.PUBACK) {
                  pubacks.add(MqttPeer.packetIdOf(packet));
                }
                packet = peer.read();
              }
              closed.countDown();
            })) {
      TransportSession session =
          SessionCase.done(
              opening(hub, MQTT, MqttOptions.defaults(), Feed.DIRECT_METHODS).outcome());
      await().until(() -> inbox().calls().size() == 2);
      assertThat(inbox().cloudMessages()).isEmpty();
      close(session);
      assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(pubacks).containsExactly(1);
    }
  }

  /** It could no longer be settled, so the next session receives it. */
  @Test
  void whatComesToAClosingSessionIsNotHandedOut() throws Exception {
    CountDownLatch closing = new CountDownLatch(1);
    CompletableFuture<Boolean> acknowledged = new CompletableFuture<>();
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              byte[] message = peer.await(MqttPeer.PUBLISH);
              closing.await();
              peer.send(MqttPeer.publish(0x32, CLOUD, 1, "m"));
              peer.acknowledge(MqttPeer.packetIdOf(message));
              byte[] next = peer.read();
              acknowledged.complete(MqttPeer.typeOf(next) == MqttPeer.PUBACK);
            })) {
      TransportSession session = open(hub);
      outbox.add("x");
      await().until(() -> outbox.underWay() == 1);
      loop.run(session::close);
      closing.countDown();
      assertThat(SessionCase.done(session.ended())).isEmpty();
      assertThat(SessionCase.done(acknowledged)).isFalse();
      assertThat(inbox().cloudMessages()).isEmpty();
    }
  }

  @Test
  void aReplyIsConfirmedWhenItIsWritten() throws Exception {
    CompletableFuture<String> topic = new CompletableFuture<>();
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              peer.send(MqttPeer.publish(0x30, METHOD + "1", -1, "{}"));
              topic.complete(MqttPeer.topicOf(peer.await(MqttPeer.PUBLISH)));
              peer.drain();
            })) {
      TransportSession session = open(hub);
      await().until(() -> inbox().calls().size() == 1);
      SessionCase.done(
          loop.call(
              () -> inbox().calls().get(0).reply().respond(dev.fairlead.MethodResponse.of(204))));
      assertThat(SessionCase.done(topic)).isEqualTo("$iothub/methods/res/204/?$rid=1");
      close(session);
    }
  }

  @Test
  void aGrantOfQos0ForCloudMessagesIsWarnedOf() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(MqttSession.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.addAppender(logged);
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.await(MqttPeer.CONNECT);
              peer.send(0x20, 2, 0, 0);
              byte[] subscribe = peer.await(MqttPeer.SUBSCRIBE);
              peer.send(0x90, 4, subscribe[1], subscribe[2], 0, 0);
              peer.send(MqttPeer.publish(0x30, CLOUD, -1, "m"));
              peer.drain();
            })) {
      TransportSession session =
          SessionCase.done(
              opening(hub, MQTT, MqttOptions.defaults(), Feed.CLOUD_MESSAGES).outcome());
      await().until(() -> inbox().cloudMessages().size() == 1);
      SessionCase.done(inbox().cloudMessages().get(0).complete());
      assertThat(logged.list)
          .anySatisfy(
              event ->
                  assertThat(event.getFormattedMessage())
                      .contains("grants only QoS 0 for cloud-to-device messages"));
      close(session);
    } finally {
      logger.detachAppender(logged);
    }
  }

  @Test
  void theTextOfATwinErrorIsCleaned() throws Exception {
    try (ScriptedPeer hub =
        MqttPeer.tls(
            peer -> {
              peer.welcome();
              for (String text :
                  List.of(
                      "bad\\nForged log entry\\u0007", "for SharedAccessSignature sr=h&sig=s")) {
                String topic = MqttPeer.topicOf(peer.await(MqttPeer.PUBLISH));
                String rid = topic.substring(topic.indexOf("$rid=") + 5);
                peer.send(
                    MqttPeer.publish(
                        0x30,
                        "$iothub/twin/res/400/?$rid=" + rid,
                        -1,
                        "{\"errorCode\":400004,\"message\":\"" + text + "\"}"));
              }
              peer.drain();
            })) {
      TransportSession session = open(hub);
      HubException first = SessionCase.failure(loop.call(() -> session.twin().orElseThrow().get()));
      assertThat(first)
          .hasMessageContaining("bad Forged log entry")
          .hasMessageContaining("400004")
          .hasMessageNotContainingAny("\n", "\u0007");
      HubException second =
          SessionCase.failure(loop.call(() -> session.twin().orElseThrow().report("{}")));
      assertThat(second).hasMessageNotContaining("SharedAccess").hasMessageNotContaining("sig=");
      close(session);
    }
  }
}
