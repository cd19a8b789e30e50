package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A hub that does not take the batch format, in each way in which it can refuse. */
class BatchAnswersTest extends ScriptedCase {
  private static final int BATCH = TelemetryEncoder.BATCH_FORMAT;

  private enum Answer {
    REJECTED(peer -> {}, HubPeer.rejected("amqp:not-implemented", "no batches")),
    DECODE_ERROR(peer -> {}, HubPeer.rejected("amqp:decode-error", "what is this")),
    INTERNAL_ERROR(peer -> {}, HubPeer.rejected("amqp:internal-error", "")),
    RELEASED(peer -> {}, Released.getInstance()),
    DETACHED(
        peer -> peer.detach(TELEMETRY, HubPeer.condition("amqp:internal-error", "no batches")),
        null),
    END(
        peer -> peer.endSession(TELEMETRY, HubPeer.condition("amqp:internal-error", "no batches")),
        null),
    CLOSE(peer -> peer.closeConnection(HubPeer.condition("amqp:internal-error", "")), null),
    NOTHING(peer -> {}, null);

    private final Consumer<HubPeer> act;
    private final @Nullable DeliveryState outcome;

    Answer(Consumer<HubPeer> act, @Nullable DeliveryState outcome) {
      this.act = act;
      this.outcome = outcome;
    }
  }

  private void answering(HubPeer hub, Answer answer) {
    hub.outcome =
        bodies -> {
          if (bodies.size() == 1) {
            return Accepted.getInstance();
          }
          new Thread(() -> answer.act.accept(hub), "test answer").start();
          return answer.outcome;
        };
  }

  @ParameterizedTest
  @EnumSource
  void itsMessagesGoOutSinglyAndTheHubIsRemembered(Answer answer) throws Exception {
    useFakeTime();
    send(0, 20);
    HubPeer first = open(hub -> answering(hub, answer));
    until(() -> first.look(() -> first.formats.contains(BATCH)));
    until(
        () -> {
          outbox.resume();
          if (!context.ends().isEmpty()) {
            session = again();
          }
          advance(seconds(1));
          return outbox.accepted().size() == 20;
        });
    assertThat(outbox.failures()).isEmpty();
    assertThat(outbox.sendsBatches()).isFalse();
    long batches = batches();
    assertThat(batches).isBetween(1L, 2L);

    // The next session does not send one either.
    context.onLoop(session::abort);
    done(session.ended());
    send(20, 40);
    session = again();
    awaitAccepted(40);
    assertThat(batches()).isEqualTo(batches);
    assertThat(outbox.accepted())
        .containsAll(IntStream.range(0, 40).mapToObj(Long::valueOf).toList());
  }

  @Test
  void afterAnHourABatchIsTriedAgain() throws Exception {
    useFakeTime();
    AtomicBoolean refuses = new AtomicBoolean(true);
    send(0, 20);
    open(
        hub -> {
          if (refuses.get()) {
            answering(hub, Answer.REJECTED);
          }
        });
    awaitAcceptedIfAskedAgain(20);
    refuses.set(false);
    context.onLoop(session::abort);
    done(session.ended());
    advance(Duration.ofMinutes(61));
    session = again();
    send(20, 60);
    awaitAccepted(60);
    assertThat(batches()).isGreaterThan(1);
    assertThat(outbox.sendsBatches()).isTrue();
  }

  private TransportSession again() throws Exception {
    context.close();
    outbox.revoke();
    return done(context.follow(openAgain()));
  }

  private long batches() {
    return hub.peers().stream()
        .mapToLong(
            peer -> peer.look(() -> peer.formats.stream().filter(each -> each == BATCH).count()))
        .sum();
  }
}
