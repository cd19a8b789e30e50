package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static dev.fairlead.outbox.OutboxRig.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final OutboxRig rig = new OutboxRig(OutboxLimits.defaults());

  private static RejectedException refusal() {
    return new RejectedException("no", Progress.MAYBE_SENT);
  }

  @Nested
  class Taking {
    @Test
    void followsTheOrderOfSending() {
      rig.sendAll("a", "b", "c");
      Lease lease = rig.outbox.lease();

      List<Envelope> taken = take(lease, 2);

      assertThat(texts(taken)).containsExactly("a", "b");
      assertThat(taken).extracting(Envelope::sequence).containsExactly(1L, 2L);
      assertThat(texts(take(lease, 2))).containsExactly("c");
      assertThat(take(lease, 2)).isEmpty();
    }

    @Test
    void keepsToTheNumberAskedFor() {
      rig.sendAll("a", "b");
      Lease lease = rig.outbox.lease();

      assertThat(take(lease, 0)).isEmpty();
      assertThat(take(lease, -1)).isEmpty();
      assertThat(rig.outbox.status().underWay()).isZero();
      assertThat(take(lease, 1)).hasSize(1);
    }

    @Test
    void countsBytesAsTheWireWouldWriteThem() {
      rig.sendAll("aa", "bb", "cc");
      Lease lease = rig.outbox.lease();

      assertThat(texts(lease.take(9, 20, message -> message.size() * 5L)))
          .as("two of ten bytes each fill twenty")
          .containsExactly("aa", "bb");
    }

    @Test
    void givesOneMessageEvenIfItAloneIsTooLarge() {
      rig.sendAll("large", "x");
      Lease lease = rig.outbox.lease();

      assertThat(texts(lease.take(9, 1, TelemetryMessage::size))).containsExactly("large");
    }

    @Test
    void doesNotReachPastAMessageThatDoesNotFit() {
      rig.sendAll("a", "large", "b");
      Lease lease = rig.outbox.lease();

      assertThat(texts(lease.take(9, 3, TelemetryMessage::size)))
          .as("b would fit, but order counts")
          .containsExactly("a");
    }

    @Test
    void asksForASizeOnceInALeaseAndOutsideOfTheLock() {
      rig.sendAll("a", "b", "c");
      List<String> asked = new ArrayList<>();
      ToLongFunction<TelemetryMessage> wireSize =
          message -> {
            // Another thread can use the outbox at the same time.
            CompletableFuture.supplyAsync(rig.outbox::status).join();
            asked.add(OutboxRig.text(message));
            return 10;
          };
      Lease lease = rig.outbox.lease();

      assertThat(texts(lease.take(3, 20, wireSize))).containsExactly("a", "b");
      assertThat(texts(lease.take(3, 20, wireSize))).containsExactly("c");
      assertThat(asked).containsExactly("a", "b", "c");

      lease.revoke(SessionEnd.PLANNED, null);
      assertThat(texts(rig.outbox.lease().take(1, 20, wireSize))).containsExactly("a");
      assertThat(asked).as("another session encodes in its own way").hasSizeGreaterThan(3);
    }

    @Test
    void losesNothingToASizeThatThrows() {
      rig.sendAll("a", "b");
      Lease lease = rig.outbox.lease();
      ToLongFunction<TelemetryMessage> wireSize =
          message -> {
            throw new IllegalStateException("expected by the test");
          };

      assertThatThrownBy(() -> lease.take(2, 20, wireSize))
          .isInstanceOf(IllegalStateException.class);

      assertThat(texts(take(lease, 2))).containsExactly("a", "b");
    }

    @Test
    void seesAMessageThatComesBackBetweenSizesInItsPlace() {
      rig.sendAll("a", "b", "c");
      Lease lease = rig.outbox.lease();
      Envelope a = takeOne(lease);
      ToLongFunction<TelemetryMessage> wireSize =
          message -> {
            a.giveBack();
            return 1;
          };

      assertThat(texts(lease.take(3, 20, wireSize))).containsExactly("a", "b", "c");
    }

    @Test
    void isCalledAgainAfterItStoppedAtItsByteBound() {
      rig.sendAll("aa", "bb");
      Lease lease = rig.outbox.lease();
      AtomicInteger woken = new AtomicInteger();
      lease.whenReadable(woken::incrementAndGet);
      int before = woken.get();
      assertThat(lease.take(9, 2, TelemetryMessage::size)).hasSize(1);

      rig.send("cc");

      assertThat(woken).hasValue(before + 1);
    }

    @Test
    void aSessionsWakeupThatThrowsDoesNotMeetTheSender() {
      rig.outbox
          .lease()
          .whenReadable(
              () -> {
                throw new AssertionError("expected by the test");
              });

      assertThat(rig.send("a")).isNotDone();
    }

    @Test
    void isForOneLeaseAtATime() {
      Lease lease = rig.outbox.lease();
      assertThatThrownBy(rig.outbox::lease).isInstanceOf(IllegalStateException.class);

      lease.revoke(SessionEnd.PLANNED, null);

      rig.outbox.lease();
    }
  }

  @Nested
  class Settling {
    @Test
    void completesTheFutureOnAcceptance() {
      CompletableFuture<Void> sent = rig.send("a");
      Envelope envelope = takeOne(rig.outbox.lease());
      assertThat(sent).isNotDone();

      envelope.accepted();

      assertThat(sent).isCompletedWithValue(null);
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(0, 0, 0, 1, 0, 0, Optional.empty()));
    }

    @Test
    void failsTheFutureWithTheVeryFailure() {
      CompletableFuture<Void> sent = rig.send("a");
      RejectedException refusal = refusal();

      takeOne(rig.outbox.lease()).failed(refusal);

      assertThat(failureOf(sent)).isSameAs(refusal);
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(0, 0, 0, 0, 1, 0, Optional.empty()));
    }

    @Test
    void countsTheFirstOutcomeOnly() {
      CompletableFuture<Void> sent = rig.send("a");
      Envelope envelope = takeOne(rig.outbox.lease());

      envelope.accepted();
      envelope.failed(refusal());
      envelope.giveBack();
      envelope.accepted();

      assertThat(sent).isCompletedWithValue(null);
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(0, 0, 0, 1, 0, 0, Optional.empty()));
    }

    @Test
    void acceptsInAnyOrder() {
      CompletableFuture<Void> first = rig.send("a");
      CompletableFuture<Void> second = rig.send("b");
      List<Envelope> taken = take(rig.outbox.lease(), 2);

      taken.get(1).accepted();

      assertThat(second).isDone();
      assertThat(first).isNotDone();
    }

    @Test
    void completesFuturesWithTheLockReleased() {
      List<OutboxStatus> seen = new ArrayList<>();
      CompletableFuture<Void> sent = rig.send("a");
      sent.thenRun(
          () ->
              seen.add(
                  CompletableFuture.supplyAsync(rig.outbox::status)
                      .orTimeout(20, TimeUnit.SECONDS)
                      .join()));

      takeOne(rig.outbox.lease()).accepted();

      assertThat(sent.thenApply(done -> seen))
          .isCompletedWithValueMatching(list -> list.size() == 1);
    }
  }

  @Nested
  class ComingBack {
    @Test
    void returnsByNumberInWhateverOrderItIsGivenBack() {
      rig.sendAll("a", "b", "c", "d", "e");
      Lease lease = rig.outbox.lease();
      List<Envelope> taken = take(lease, 4);

      for (int index : new int[] {2, 0, 3, 1}) {
        taken.get(index).giveBack();
      }

      assertThat(texts(take(lease, 9))).containsExactly("a", "b", "c", "d", "e");
    }

    @Test
    void returnsByNumberWhenTheLeaseEnds() {
      rig.sendAll("a", "b", "c", "d");
      Lease first = rig.outbox.lease();
      take(first, 3).get(1).accepted();

      first.revoke(SessionEnd.PLANNED, null);

      assertThat(texts(take(rig.outbox.lease(), 9))).containsExactly("a", "c", "d");
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(0, 3, 1803, 1, 0, 2, Optional.empty()));
    }

    @Test
    void givesNothingToARevokedLease() {
      Lease lease = rig.outbox.lease();
      lease.revoke(SessionEnd.PLANNED, null);
      rig.send("a");

      assertThat(take(lease, 1)).isEmpty();
      assertThat(rig.outbox.status().waiting()).isEqualTo(1);
    }

    @Test
    void ignoresLateCallsOfAnEndedLease() {
      CompletableFuture<Void> sent = rig.send("a");
      Lease first = rig.outbox.lease();
      Envelope late = takeOne(first);
      first.revoke(SessionEnd.PLANNED, null);

      late.accepted();
      late.failed(refusal());
      late.giveBack();

      assertThat(sent).isNotDone();
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(1, 0, 601, 0, 0, 1, Optional.empty()));
    }

    @Test
    void ignoresLateCallsOnAMessageThatTheNextLeaseHolds() {
      CompletableFuture<Void> sent = rig.send("a");
      Lease first = rig.outbox.lease();
      Envelope late = takeOne(first);
      first.revoke(SessionEnd.PLANNED, null);
      Envelope current = takeOne(rig.outbox.lease());

      late.giveBack();
      late.accepted();
      late.failed(refusal());

      assertThat(rig.outbox.status().underWay()).isEqualTo(1);
      assertThat(sent).isNotDone();
      current.accepted();
      assertThat(sent).isCompletedWithValue(null);
    }

    @Test
    void ignoresLateCallsOfAnEarlierTakingByTheSameLease() {
      CompletableFuture<Void> sent = rig.send("a");
      Lease lease = rig.outbox.lease();
      Envelope earlier = takeOne(lease);
      earlier.giveBack();
      Envelope current = takeOne(lease);

      earlier.accepted();
      earlier.giveBack();

      assertThat(sent).isNotDone();
      current.accepted();
      assertThat(sent).isDone();
    }

    @Test
    void revokesOnceOnly() {
      rig.sendAll("a");
      Lease first = rig.outbox.lease();
      first.revoke(SessionEnd.PLANNED, null);
      Lease second = rig.outbox.lease();
      take(second, 1);

      first.revoke(SessionEnd.EXPLAINED, null);

      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(0, 1, 601, 0, 0, 0, Optional.empty()));
    }
  }

  @Nested
  class Waking {
    private final AtomicInteger woken = new AtomicInteger();
    private final Lease lease = rig.outbox.lease();

    @Test
    void tellsAtOnceOfWhatWaitsAlready() {
      rig.send("a");

      lease.whenReadable(woken::incrementAndGet);

      assertThat(woken).hasValue(1);
    }

    @Test
    void tellsOfAMessageAfterTakingLessThanAskedFor() {
      lease.whenReadable(woken::incrementAndGet);
      assertThat(take(lease, 5)).isEmpty();

      rig.send("a");

      assertThat(woken).hasValue(1);
    }

    @Test
    void tellsOnceUntilTheSessionTakesAgain() {
      lease.whenReadable(woken::incrementAndGet);
      rig.sendAll("a", "b", "c");
      assertThat(woken).hasValue(1);

      take(lease, 5);
      rig.send("d");

      assertThat(woken).hasValue(2);
    }

    @Test
    void doesNotDisturbASessionWhoseWindowIsFull() {
      rig.send("a");
      lease.whenReadable(woken::incrementAndGet);
      take(lease, 1);
      woken.set(0);

      rig.send("b");

      assertThat(woken).as("it got all it asked for").hasValue(0);
    }

    @Test
    void remembersAHungerThatCameBeforeTheCallback() {
      assertThat(take(lease, 1)).isEmpty();
      rig.send("a");

      lease.whenReadable(woken::incrementAndGet);

      assertThat(woken).hasValue(1);
    }

    @Test
    void tellsTheNextLeaseOfWhatCameBack() {
      rig.send("a");
      take(lease, 1);
      lease.revoke(SessionEnd.PLANNED, null);
      Lease next = rig.outbox.lease();

      next.whenReadable(woken::incrementAndGet);

      assertThat(woken).hasValue(1);
    }

    @Test
    void saysNothingToARevokedLease() {
      lease.whenReadable(woken::incrementAndGet);
      lease.revoke(SessionEnd.PLANNED, null);

      rig.send("a");

      assertThat(woken).hasValue(0);
    }

    @Test
    void runsTheCallbackWithTheLockReleased() {
      List<OutboxStatus> seen = new ArrayList<>();
      lease.whenReadable(
          () ->
              seen.add(
                  CompletableFuture.supplyAsync(rig.outbox::status)
                      .orTimeout(20, TimeUnit.SECONDS)
                      .join()));

      rig.send("a");

      assertThat(seen).hasSize(1);
    }

    @Test
    void letsTheCallbackTakeAtOnce() {
      List<String> taken = new ArrayList<>();
      lease.whenReadable(() -> taken.addAll(texts(take(lease, 2))));

      rig.sendAll("a", "b");

      assertThat(taken).containsExactly("a", "b");
    }
  }
}
