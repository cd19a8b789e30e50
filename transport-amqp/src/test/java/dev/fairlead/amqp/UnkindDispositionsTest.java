package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.apache.qpid.proton.amqp.UnsignedInteger;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Modified;
import org.apache.qpid.proton.amqp.messaging.Received;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.Receiver;
import org.junit.jupiter.api.Test;

/** Dispositions that come late, twice, in part, out of order, or say nothing final. */
class UnkindDispositionsTest extends ScriptedCase {
  private HubPeer peer;

  /** Opens, and lets the hub receive messages one to a transfer without answering. */
  private List<Delivery> undecided(int count) throws Exception {
    options =
        AmqpOptions.builder()
            .ping(Duration.ofHours(1), Duration.ofHours(1))
            .idleTimeout(Duration.ofHours(1))
            .batchBytes(0)
            .build();
    peer = open(hub -> hub.outcome = bodies -> null);
    send(0, count);
    until(() -> peer.look(() -> peer.undecided.size()) == count);
    return peer.look(() -> List.copyOf(peer.undecided));
  }

  private void accept(Delivery delivery) {
    delivery.disposition(Accepted.getInstance());
    delivery.settle();
  }

  @Test
  void late() throws Exception {
    time = new dev.fairlead.tck.FakeTime();
    List<Delivery> deliveries = undecided(3);
    settle();
    advance(seconds(110));
    peer.act(() -> deliveries.forEach(this::accept));
    awaitAccepted(3);
    advance(seconds(600));
    assertThat(context.ends()).isEmpty();
  }

  @Test
  void outOfOrder() throws Exception {
    List<Delivery> deliveries = new java.util.ArrayList<>(undecided(50));
    Collections.reverse(deliveries);
    peer.act(() -> deliveries.forEach(this::accept));
    awaitAccepted(50);
    assertThat(outbox.accepted())
        .containsExactlyElementsOf(
            LongStream.iterate(49, i -> i >= 0, i -> i - 1).boxed().toList());
    assertAlive(50);
  }

  /** Some of them are settled, and the others with the next disposition. */
  @Test
  void inPart() throws Exception {
    List<Delivery> deliveries = undecided(10);
    peer.act(() -> deliveries.subList(0, 4).forEach(this::accept));
    awaitAccepted(4);
    peer.act(() -> deliveries.subList(4, 10).forEach(this::accept));
    awaitAccepted(10);
    assertAlive(10);
  }

  @Test
  void twice() throws Exception {
    List<Delivery> deliveries = undecided(3);
    peer.act(() -> deliveries.forEach(this::accept));
    peer.repeat();
    awaitAccepted(3);
    assertAlive(3);
  }

  /** The first disposition counts. */
  @Test
  void twiceAndOtherwise() throws Exception {
    List<Delivery> deliveries = undecided(1);
    Delivery delivery = deliveries.get(0);
    peer.act(() -> delivery.disposition(Accepted.getInstance()));
    awaitAccepted(1);
    peer.act(
        () -> {
          delivery.disposition(new Rejected());
          delivery.settle();
        });
    assertAlive(1);
    assertThat(outbox.failures()).isEmpty();
  }

  /** Received says how far a transfer has come, and is no outcome. [AMQP 3.4.1] */
  @Test
  void receivedIsNoOutcome() throws Exception {
    Delivery delivery = undecided(1).get(0);
    Received received = new Received();
    received.setSectionNumber(UnsignedInteger.ZERO);
    received.setSectionOffset(UnsignedLong.ZERO);
    peer.act(() -> delivery.disposition(received));
    peer.act(() -> accept(delivery));
    awaitAccepted(1);
    assertThat(peer.look(() -> peer.formats.size())).isEqualTo(1);
    assertAlive(1);
  }

  @Test
  void modifiedReleasedAndSettledWithoutAWordGoOutAgain() throws Exception {
    List<Delivery> deliveries = undecided(3);
    peer.act(
        () -> {
          peer.outcome = bodies -> Accepted.getInstance();
          deliveries.get(0).disposition(new Modified());
          deliveries.get(0).settle();
          deliveries.get(1).disposition(Released.getInstance());
          deliveries.get(1).settle();
          Received received = new Received();
          received.setSectionNumber(UnsignedInteger.ZERO);
          received.setSectionOffset(UnsignedLong.ZERO);
          deliveries.get(2).disposition(received);
          deliveries.get(2).settle();
        });
    awaitAcceptedIfAskedAgain(3);
    assertThat(outbox.refusals()).hasSize(3);
    assertThat(peer.look(() -> List.copyOf(peer.telemetry))).containsExactly("0", "1", "2");
    assertAlive(3);
  }

  /** [AMQP 2.6.7] */
  @Test
  void aDrainIsAnswered() throws Exception {
    peer = open(hub -> hub.replenish = false);
    Receiver link = (Receiver) peer.links.get(TELEMETRY);
    send(0, 3);
    awaitAccepted(3);
    assertThat(peer.look(link::getRemoteCredit)).isBetween(97, 99);
    peer.act(() -> link.drain(0));
    until(() -> peer.look(() -> !link.draining()));
    assertThat(peer.look(link::getRemoteCredit)).isZero();
    peer.act(
        () -> {
          link.setDrain(false);
          link.flow(10);
        });
    assertAlive(3);
  }

  private void assertAlive(int accepted) {
    peer.act(() -> peer.outcome = bodies -> Accepted.getInstance());
    send(accepted, accepted + 1);
    awaitAccepted(accepted + 1);
    assertThat(context.ends()).isEmpty();
    assertThat(outbox.lateCalls()).isZero();
  }

  /** The hub counts the encoded message; the others are unaffected. */
  @Test
  void aMessageThatIsTooLargeWhenEncodedIsNotSent() throws Exception {
    HubPeer peer = open(hub -> {});
    int largest = TelemetryMessage.MAX_BYTES - 8;
    CompletableFuture<Void> fits = outbox.add(TelemetryMessage.of(new byte[largest])).outcome();
    CompletableFuture<Void> over = outbox.add(TelemetryMessage.of(new byte[largest + 1])).outcome();
    CompletableFuture<Void> next = outbox.add("next").outcome();
    done(fits);
    assertThat(failure(over))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("takes 262145 bytes when encoded for AMQP");
    done(next);
    assertThat(peer.look(() -> peer.telemetry.size())).isEqualTo(2);
  }
}
