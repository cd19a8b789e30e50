package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.Outcomes.progressOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static dev.fairlead.outbox.OutboxRig.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.ClientClosedException;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class OutboxOverflowTest {
  private static final int MAX = TelemetryMessage.MAX_BYTES;

  /** What each message costs in addition to its payload. */
  private static final int OVERHEAD = 600;

  private static OutboxRig rig(OverflowPolicy policy, int messages) {
    return new OutboxRig(OutboxLimits.builder().overflow(policy).maxMessages(messages).build());
  }

  private static OutboxRig byteRig(OverflowPolicy policy) {
    return new OutboxRig(OutboxLimits.builder().overflow(policy).maxBytes(MAX).build());
  }

  private static void assertFull(CompletableFuture<Void> sent, Progress progress) {
    assertThat(sent).isCompletedExceptionally();
    assertThat(failureOf(sent)).isInstanceOf(RejectedException.class);
    assertThat(progressOf(sent)).isEqualTo(progress);
  }

  @Nested
  class Reject {
    @Test
    void refusesTheMessageOverTheCount() {
      OutboxRig rig = rig(OverflowPolicy.REJECT, 2);
      rig.sendAll("a", "b");

      CompletableFuture<Void> third = rig.send("c");

      assertFull(third, Progress.NOT_SENT);
      assertThat(failureOf(third)).hasMessageContaining("2 of 2 messages");
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(2, 0, 1202, 0, 1, 0, Optional.empty()));
    }

    @Test
    void countsWhatIsUnderWay() {
      OutboxRig rig = rig(OverflowPolicy.REJECT, 2);
      rig.sendAll("a", "b");
      Lease lease = rig.outbox.lease();
      var taken = take(lease, 2);
      assertFull(rig.send("c"), Progress.NOT_SENT);

      taken.get(0).accepted();

      assertThat(rig.send("d")).isNotDone();
    }

    @Test
    void fillsTheBytesToTheLastOne() {
      OutboxRig rig = byteRig(OverflowPolicy.REJECT);
      rig.send(MAX - 10 - 2 * OVERHEAD);

      assertFull(rig.send(11), Progress.NOT_SENT);
      assertThat(rig.send(10)).isNotDone();
      assertFull(rig.send(1), Progress.NOT_SENT);
      assertThat(rig.outbox.status().bytes()).isEqualTo(MAX);
    }

    @Test
    void hasRoomAgainForBytesThatLeft() {
      OutboxRig rig = byteRig(OverflowPolicy.REJECT);
      rig.send(MAX);
      takeOne(rig.outbox.lease()).accepted();

      assertThat(rig.send(MAX)).isNotDone();
    }
  }

  /** What the limit is for: payloads of 100 bytes cost several times that. */
  @Test
  void theBytesAreThoseOfTheHeap() {
    assertThat(bytesOf(OutboxRig.message(""))).isEqualTo(OVERHEAD);
    assertThat(bytesOf(TelemetryMessage.json("{}")))
        .as("content type and encoding, which the hub counts with the body")
        .isEqualTo(OVERHEAD + 2 * 160 + 2 + 16 + 5);
    assertThat(bytesOf(TelemetryMessage.builder().property("name", "value").build()))
        .isEqualTo(OVERHEAD + 160 + 9);
  }

  private static long bytesOf(TelemetryMessage message) {
    OutboxRig rig = new OutboxRig(OutboxLimits.defaults());
    rig.outbox.offer(message);
    return rig.outbox.status().bytes();
  }

  @Test
  void aSingleMessageAlwaysFits() {
    for (OverflowPolicy policy : OverflowPolicy.values()) {
      OutboxRig rig = byteRig(policy);
      TelemetryMessage.Builder message = TelemetryMessage.builder();
      for (int i = 0; i < 2000; i++) {
        message.property("p" + i, "v");
      }
      assertThat(rig.outbox.offer(message.build())).isNotDone();
      assertThat(rig.outbox.status().bytes()).isGreaterThan(MAX);
    }
  }

  @Nested
  class DropOldest {
    @Test
    void givesTheOldestsPlaceToTheNewest() {
      OutboxRig rig = rig(OverflowPolicy.DROP_OLDEST, 2);
      CompletableFuture<Void> oldest = rig.send("a");
      rig.sendAll("b", "c");

      assertFull(oldest, Progress.NOT_SENT);
      assertThat(texts(take(rig.outbox.lease(), 9))).containsExactly("b", "c");
    }

    @Test
    void dropsAsManyAsTheBytesNeed() {
      OutboxRig rig = byteRig(OverflowPolicy.DROP_OLDEST);
      CompletableFuture<Void> first = rig.send(MAX / 2 - OVERHEAD);
      CompletableFuture<Void> second = rig.send(MAX / 4 - OVERHEAD);
      CompletableFuture<Void> third = rig.send(MAX / 4 - OVERHEAD);

      rig.send(MAX * 3 / 4 - OVERHEAD);

      assertFull(first, Progress.NOT_SENT);
      assertFull(second, Progress.NOT_SENT);
      assertThat(third).isNotDone();
    }

    @Test
    void leavesAloneWhatIsUnderWay() {
      OutboxRig rig = rig(OverflowPolicy.DROP_OLDEST, 2);
      CompletableFuture<Void> underWay = rig.send("a");
      take(rig.outbox.lease(), 1);
      CompletableFuture<Void> oldestWaiting = rig.send("b");

      rig.send("c");

      assertThat(underWay).isNotDone();
      assertFull(oldestWaiting, Progress.NOT_SENT);
    }

    @Test
    void refusesTheNewOneWhenAllIsUnderWay() {
      OutboxRig rig = rig(OverflowPolicy.DROP_OLDEST, 2);
      rig.sendAll("a", "b");
      take(rig.outbox.lease(), 2);

      assertFull(rig.send("c"), Progress.NOT_SENT);
      assertThat(rig.outbox.status().underWay()).isEqualTo(2);
    }

    @Test
    void dropsNothingForAMessageThatFindsNoRoomAnyway() {
      OutboxRig rig = byteRig(OverflowPolicy.DROP_OLDEST);
      rig.send(MAX - 100 - 2 * OVERHEAD);
      take(rig.outbox.lease(), 1);
      CompletableFuture<Void> waiting = rig.send(50);

      assertFull(rig.send(101), Progress.NOT_SENT);
      assertThat(waiting).isNotDone();

      assertThat(rig.send(100)).as("now dropping makes room").isNotDone();
      assertFull(waiting, Progress.NOT_SENT);
    }

    @Test
    void saysThatTheDroppedOneMayHaveBeenSent() {
      OutboxRig rig = rig(OverflowPolicy.DROP_OLDEST, 1);
      CompletableFuture<Void> oldest = rig.send("a");
      Lease lease = rig.outbox.lease();
      take(lease, 1);
      lease.revoke(SessionEnd.PLANNED, null);

      rig.send("b");

      assertFull(oldest, Progress.MAYBE_SENT);
    }
  }

  @Nested
  class Block {
    private final OutboxRig rig = rig(OverflowPolicy.BLOCK, 1);

    /** A thread in {@code offer}, known to wait. */
    private Thread blockedSender(FutureTask<CompletableFuture<Void>> send) {
      Thread thread = new Thread(send, "sender");
      thread.setDaemon(true);
      thread.start();
      await().until(() -> thread.getState() == Thread.State.WAITING);
      return thread;
    }

    private FutureTask<CompletableFuture<Void>> sending(String text) {
      return new FutureTask<>(() -> rig.send(text));
    }

    @Test
    void waitsUntilAMessageHasLeft() throws Exception {
      rig.send("a");
      FutureTask<CompletableFuture<Void>> send = sending("b");
      blockedSender(send);
      Lease lease = rig.outbox.lease();

      takeOne(lease).accepted();

      assertThat(send.get(30, TimeUnit.SECONDS)).isNotDone();
      assertThat(texts(take(lease, 9))).containsExactly("b");
    }

    @Test
    void isWokenByAFailureToo() throws Exception {
      rig.send("a");
      FutureTask<CompletableFuture<Void>> send = sending("b");
      blockedSender(send);

      takeOne(rig.outbox.lease()).failed(new RejectedException("no", Progress.MAYBE_SENT));

      assertThat(send.get(30, TimeUnit.SECONDS)).isNotDone();
    }

    @Test
    void stillWaitsWhenAMessageOnlyComesBack() throws Exception {
      rig.send("a");
      FutureTask<CompletableFuture<Void>> send = sending("b");
      Thread thread = blockedSender(send);
      Lease lease = rig.outbox.lease();

      takeOne(lease).giveBack();
      take(lease, 1);
      lease.revoke(SessionEnd.PLANNED, null);

      assertThat(thread.getState()).isEqualTo(Thread.State.WAITING);
      rig.close();
      assertThat(failureOf(send.get(30, TimeUnit.SECONDS)))
          .as("it was still waiting for room")
          .isInstanceOf(ClientClosedException.class);
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void isWokenByTheEnd(Ending ending) throws Exception {
      rig.send("a");
      FutureTask<CompletableFuture<Void>> first = sending("b");
      FutureTask<CompletableFuture<Void>> second = sending("c");
      blockedSender(first);
      blockedSender(second);

      if (ending == Ending.DRAIN) {
        rig.outbox.drain(() -> {});
      } else {
        rig.close();
      }

      for (FutureTask<CompletableFuture<Void>> send : List.of(first, second)) {
        CompletableFuture<Void> outcome = send.get(30, TimeUnit.SECONDS);
        assertThat(failureOf(outcome)).isInstanceOf(ClientClosedException.class);
        assertThat(progressOf(outcome)).isEqualTo(Progress.NOT_SENT);
      }
    }

    enum Ending {
      DRAIN,
      CLOSE
    }

    @Test
    void isWokenByAnInterruptAndKeepsIt() throws Exception {
      rig.send("a");
      CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
      FutureTask<CompletableFuture<Void>> send =
          new FutureTask<>(
              () -> {
                CompletableFuture<Void> outcome = rig.send("b");
                interrupted.complete(Thread.currentThread().isInterrupted());
                return outcome;
              });
      Thread thread = blockedSender(send);

      thread.interrupt();

      assertFull(send.get(30, TimeUnit.SECONDS), Progress.NOT_SENT);
      assertThat(interrupted).isCompletedWithValue(true);
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(1, 0, 601, 0, 1, 0, Optional.empty()));
    }

    @Test
    void refusesWhereWaitingWouldNeverEnd() {
      rig.send("a");
      rig.mayBlock = false;

      CompletableFuture<Void> second = rig.send("b");

      assertFull(second, Progress.NOT_SENT);
      assertThat(failureOf(second)).hasMessageContaining("thenRunAsync(…, executor)");
    }

    @Test
    void needsNoWaitingWhereThereIsRoom() {
      rig.mayBlock = false;

      assertThat(rig.send("a")).isNotDone();
    }
  }
}
