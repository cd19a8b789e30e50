package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.function.Consumer;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.engine.Session;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hubs that do not accept an empty session, which this client uses as a ping. */
class PingTest extends ScriptedCase {
  private enum Refusal {
    CLOSE,
    END,
    CUT;

    Consumer<Session> by(HubPeer peer) {
      return session -> {
        switch (this) {
          case CLOSE -> peer.close(HubPeer.condition("amqp:not-allowed", "no empty sessions"));
          case END -> {
            session.open();
            session.setCondition(HubPeer.condition("amqp:not-allowed", "no empty sessions"));
            session.close();
          }
          case CUT -> peer.cut();
        }
      };
    }
  }

  private boolean answersEcho = true;

  /** A ping is sent soon, and no time that passes while the network works makes it late. */
  private void usePings() {
    useFakeTime(
        AmqpOptions.builder()
            .ping(seconds(2), Duration.ofMinutes(5))
            .acknowledgementTimeout(Duration.ofHours(9))
            .idleTimeout(Duration.ofHours(1)));
  }

  /** A hub that takes telemetry and does not acknowledge it yet. */
  private void waiting(Refusal refusal, Feed... feeds) throws Exception {
    usePings();
    open(
        peer -> {
          peer.outcome = bodies -> null;
          peer.emptySession = refusal.by(peer);
          peer.answerEcho = answersEcho;
        },
        feeds);
  }

  private HubPeer last() {
    return hub.peers().get(hub.peers().size() - 1);
  }

  private void again() throws Exception {
    Opening<TransportSession> opening = openAgain();
    session = done(context.follow(opening));
  }

  /** Moves the time until the hub has got a ping, and no further until the client has the cut. */
  private void awaitCut() {
    HubPeer peer = last();
    advanceUntil(() -> peer.look(() -> peer.sessions) > 2);
    until(() -> !context.ends().isEmpty());
  }

  private void awaitTelemetry(int count) {
    HubPeer peer = last();
    until(() -> peer.look(() -> peer.undecided.size()) == count);
  }

  @ParameterizedTest
  @EnumSource
  void aHubThatRefusesAnEmptySessionIsAskedByFlow(Refusal refusal) throws Exception {
    waiting(refusal, Feed.CLOUD_MESSAGES);
    send(0, 1);
    awaitTelemetry(1);
    if (refusal == Refusal.END) {
      HubPeer first = last();
      advanceUntil(() -> first.look(() -> first.sessions) > 3);
      assertThat(context.ends()).as("the connection is sound").isEmpty();
      context.onLoop(session::abort);
      done(session.ended());
    } else {
      awaitCut();
    }
    again();
    awaitTelemetry(1);
    HubPeer peer = last();
    for (int ping = 1; ping <= 3; ping++) {
      int echoes = peer.look(() -> peer.echoes);
      advanceUntil(() -> peer.look(() -> peer.echoes) > echoes);
    }
    assertThat(context.ends()).isEmpty();
    assertThat(peer.look(() -> peer.sessions)).isEqualTo(2);

    // Frames in between did not disturb the counts of the session.
    peer.act(() -> peer.outcome = bodies -> Accepted.getInstance());
    send(1, 20);
    awaitAccepted(19);
  }

  /** A hub that seems not to accept empty sessions, and does not answer FLOW either. */
  @Test
  void aHubThatAnswersNoFlowIsAskedByAnEmptySessionAgain() throws Exception {
    answersEcho = false;
    waiting(Refusal.CUT);
    send(0, 1);
    awaitTelemetry(1);
    awaitCut();
    again();
    awaitTelemetry(1);
    advanceUntil(() -> last().look(() -> last().echoes) == 1);
    time.advance(Duration.ofMinutes(5));
    until(() -> !context.ends().isEmpty());
    assertThat(end())
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("the acknowledgement of 1 message");
    assertThat(last().look(() -> last().echoes)).isEqualTo(1);

    again();
    awaitTelemetry(1);
    HubPeer peer = last();
    advanceUntil(() -> peer.look(() -> peer.sessions) == 3);
    assertThat(peer.look(() -> peer.echoes)).isZero();
  }

  /** Each front end of a hub may close while a ping is unanswered; the next asks as before. */
  @Test
  void aHubThatAnswersPingsKeepsGettingEmptySessions() throws Exception {
    usePings();
    HubPeer peer = open(hub -> hub.outcome = bodies -> null);
    send(0, 1);
    awaitTelemetry(1);
    advanceUntil(() -> peer.look(() -> peer.ends) > 2);
    assertThat(peer.look(() -> peer.echoes)).isZero();
    assertThat(context.ends()).isEmpty();
  }
}
