package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Carrier;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A hub that lives and does not do what it owes. */
class ForgetfulHubTest {
  private static final int PUBLISH = 3;
  private static final int PINGREQ = 12;

  @Test
  void isGivenUpWhenItAnswersPingsAndAcknowledgesNothing() throws Exception {
    TestLoop loop = new TestLoop();
    try (ScriptedHub hub =
        new ScriptedHub(
            peer -> {
              peer.welcome();
              peer.await(PUBLISH);
              while (true) {
                peer.await(PINGREQ);
                peer.send(0xD0, 0);
              }
            })) {
      TestContext context = new TestContext(loop, "dev-1", hub.port(), ScriptedHub.trust());
      MqttOptions options =
          MqttOptions.builder()
              .ping(Duration.ofMillis(50), Duration.ofSeconds(3))
              .acknowledgementTimeout(Duration.ofMillis(300))
              .build();
      TransportSession session =
          new MqttTransport(options)
              .open(new Route(Protocol.MQTT, Carrier.TCP, 8883), context)
              .outcome()
              .toCompletableFuture()
              .get(20, TimeUnit.SECONDS);
      context.outbox.send("x");

      HubException reason =
          session.ended().toCompletableFuture().get(20, TimeUnit.SECONDS).orElseThrow();
      assertThat(reason)
          .isInstanceOfSatisfying(
              // Not a cut by the hub: those count against the message.
              UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.SESSION))
          .hasMessageContaining("answers pings")
          .hasMessageContaining("1 message waits");
      assertThat(reason.progress()).isEqualTo(Progress.MAYBE_SENT);
    } finally {
      loop.close();
    }
  }
}
