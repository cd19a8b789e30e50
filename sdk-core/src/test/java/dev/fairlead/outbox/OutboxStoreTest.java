package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.Outcomes.progressOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static dev.fairlead.outbox.OutboxRig.texts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Priority;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ManualLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What an outbox does with its store: at the beginning, while it runs, and at the end. */
class OutboxStoreTest {
  private final ManualLoop loop = new ManualLoop();
  private final MemoryStore store = new MemoryStore(loop.time);
  private @Nullable OutboxRig made;

  private OutboxRig rig() {
    return rig(OutboxLimits.defaults());
  }

  private OutboxRig rig(OutboxLimits limits) {
    return rig(limits, store);
  }

  private OutboxRig rig(OutboxLimits limits, MemoryStore with) {
    OutboxRig rig = OutboxRig.settled(loop, limits, with);
    made = rig;
    return rig;
  }

  private void settle() {
    Objects.requireNonNull(made).settle();
  }

  private static void assertNotStored(CompletableFuture<?> sent, Progress progress) {
    assertThat(sent).isCompletedExceptionally();
    assertThat(failureOf(sent))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("no space left");
    assertThat(progressOf(sent)).isEqualTo(progress);
  }

  // ---- what an earlier run left

  @Test
  void sendsFirstWhatTheLastRunLeft() {
    store.left(7, OutboxRig.message("old"));
    store.left(9, OutboxRig.message("younger"));
    OutboxRig rig = rig();
    OutboxStatus status = rig.outbox.status();
    assertThat(status.waiting()).isEqualTo(2);
    assertThat(status.durable().orElseThrow().recovered()).isEqualTo(2);
    assertThat(status.durable().orElseThrow().oldest()).isPresent();

    rig.send("new");
    rig.settle();

    List<Envelope> taken = take(rig.outbox.lease(), 9);
    assertThat(texts(taken)).containsExactly("old", "younger", "new");
    assertThat(taken).extracting(Envelope::sequence).containsExactly(7L, 9L, 10L);
  }

  @Test
  void theListenerReceivesWhatBecomesOfThem() {
    store.left(1, OutboxRig.message("good"));
    store.left(2, OutboxRig.message("bad"));
    OutboxRig rig = rig();
    List<Envelope> taken = take(rig.outbox.lease(), 2);

    taken.get(0).accepted();
    taken.get(1).failed(new RejectedException("no", Progress.MAYBE_SENT));

    assertThat(rig.outcomes).extracting(StoredOutcome::number).containsExactly(1L, 2L);
    assertThat(rig.outcomes.get(0).failure()).isEmpty();
    assertThat(OutboxRig.text(rig.outcomes.get(0).message().orElseThrow())).isEqualTo("good");
    assertThat(rig.outcomes.get(1).failure()).isPresent();
    assertThat(rig.outbox.status().durable().orElseThrow().recovered()).isZero();
  }

  @Test
  void wakesASessionForWhatTheLastRunLeft() {
    store.left(1, OutboxRig.message("old"));
    AtomicInteger woken = new AtomicInteger();
    OutboxRig rig = new OutboxRig(loop, OutboxLimits.defaults(), false, store);

    rig.outbox.lease().whenReadable(woken::incrementAndGet);
    assertThat(woken).hasValue(0);
    rig.settle();

    assertThat(woken).hasValue(1);
  }

  @Test
  void letsWhatTheLastRunLeftExpire() {
    store.left(1, OutboxRig.message("old"));
    OutboxRig rig = rig(OutboxLimits.builder().timeToLive(Duration.ofMinutes(1)).build());

    loop.advance(Duration.ofMinutes(1));
    settle();

    assertThat(rig.outbox.status().failed()).isEqualTo(1);
    assertThat(rig.outcomes.get(0).failure().orElseThrow()).hasMessageContaining("time to live");
    assertThat(store.kept).isEmpty();
  }

  @Test
  void aDamagedMessageFailsAloneAndIsNeverSent() {
    store.left(1, OutboxRig.message("a"));
    store.left(2, OutboxRig.message("b"));
    store.left(3, OutboxRig.message("c"));
    store.damaged.add(2L);
    OutboxRig rig = rig();

    assertThat(rig.deliverAll(rig.outbox.lease())).containsExactly("a", "c");

    assertThat(rig.outcomes.get(0).number()).isEqualTo(2);
    assertThat(rig.outcomes.get(0).failure().orElseThrow()).hasMessageContaining("checksum");
    assertThat(rig.outbox.status().waiting()).isZero();
  }

  @Test
  void higherClassesOvertakeAndTheLowestKeepsItsShare() {
    OutboxRig rig = rig();
    for (int i = 0; i < 10; i++) {
      rig.outbox.offer(message("low" + i, Priority.LOW));
      rig.outbox.offer(message("normal" + i, Priority.NORMAL));
    }
    rig.outbox.offer(message("alarm", Priority.HIGH));
    rig.settle();

    List<String> order = rig.deliverAll(rig.outbox.lease());

    assertThat(order.get(0)).isEqualTo("alarm");
    assertThat(order.subList(0, 11).stream().filter(text -> text.startsWith("low")).count())
        .isEqualTo(2);
    assertThat(order.stream().filter(text -> text.startsWith("normal"))).isSorted();
    assertThat(order.stream().filter(text -> text.startsWith("low"))).isSorted();
    assertThat(order).hasSize(21);
  }

  private static TelemetryMessage message(String text, Priority priority) {
    return TelemetryMessage.builder()
        .body(OutboxRig.message(text).body())
        .priority(priority)
        .build();
  }

  // ---- storing

  @Test
  void whatIsAddedDuringAWriteGoesIntoTheNextOne() {
    store.holds = true;
    OutboxRig rig = rig();
    rig.send("a");
    rig.settle();
    rig.sendAll("b", "c");
    rig.settle();
    assertThat(store.log).containsExactly("open", "+1");

    store.answerOne();
    settle();

    assertThat(store.log).containsExactly("open", "+1", "+2", "+3");
  }

  @Test
  void whatIsDeliveredBeforeItIsPassedOnIsNeverWritten() {
    OutboxRig rig = rig();
    CompletableFuture<Long> stored = rig.outbox.store(OutboxRig.message("a"), 0);
    takeOne(rig.outbox.lease()).accepted();
    rig.settle();

    assertThat(store.log).containsExactly("open");
    assertThat(stored).isCompletedWithValue(1L);
  }

  @Test
  void storedAndAcknowledgedAreTwoEvents() {
    OutboxRig rig = rig();
    CompletableFuture<Long> stored = rig.outbox.store(OutboxRig.message("a"), 0);
    assertThat(stored).isNotDone();
    assertThat(rig.outbox.status().durable().orElseThrow().unstored()).isEqualTo(1);

    rig.settle();

    assertThat(stored).isCompletedWithValue(1L);
    assertThat(rig.outbox.status().durable().orElseThrow().unstored()).isZero();
    assertThat(rig.outcomes).isEmpty();
    takeOne(rig.outbox.lease()).accepted();
    assertThat(rig.outcomes).hasSize(1);
  }

  @Test
  void storeNeedsADurableOutbox() {
    OutboxRig rig = new OutboxRig(OutboxLimits.defaults());

    CompletableFuture<Long> stored = rig.outbox.store(OutboxRig.message("a"), 0);

    assertThat(failureOf(stored))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContaining("outboxStore(");
  }

  @Test
  void whatIsRefusedIsNeverStored() {
    OutboxRig rig = rig(OutboxLimits.builder().maxStoredMessages(1).build());

    rig.sendAll("a", "b");
    rig.settle();

    assertThat(store.log).containsExactly("open", "+1");
  }

  @Test
  void whatGivesPlaceIsRemoved() {
    OutboxRig rig =
        rig(
            OutboxLimits.builder()
                .maxStoredMessages(1)
                .overflow(OverflowPolicy.DROP_OLDEST)
                .build());
    rig.send("a");
    rig.settle();
    rig.send("b");
    rig.settle();

    assertThat(store.kept.keySet()).containsExactly(2L);
  }

  // ---- a store that fails

  @Test
  void aFullDiskFailsTheSender() {
    store.full = new IOException("no space left");
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    CompletableFuture<Long> stored = rig.outbox.store(OutboxRig.message("b"), 0);
    rig.settle();

    assertNotStored(sent, Progress.NOT_SENT);
    assertNotStored(stored, Progress.NOT_SENT);
    assertThat(rig.outbox.status().failed()).isEqualTo(2);
    assertThat(take(rig.outbox.lease(), 1)).isEmpty();
    assertThat(rig.outbox.status().durable().orElseThrow().unstored()).isZero();
  }

  @Test
  void aFullDiskIsLeftToTheHubWhereASessionHasTheMessage() {
    store.full = new IOException("no space left");
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    Envelope envelope = takeOne(rig.outbox.lease());
    rig.settle();
    assertThat(sent).isNotDone();

    envelope.accepted();

    assertThat(sent).isCompletedWithValue(null);
  }

  @Test
  void aMessageThatComesBackUnstoredFails() {
    store.full = new IOException("no space left");
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    Lease lease = rig.outbox.lease();
    takeOne(lease);
    rig.settle();

    lease.revoke(SessionEnd.PLANNED, null);

    assertNotStored(sent, Progress.MAYBE_SENT);
  }

  @Test
  void onAFullDiskRoomIsMadeFirst() {
    OutboxRig rig = rig();
    rig.sendAll("a", "b");
    rig.settle();
    List<Envelope> taken = take(rig.outbox.lease(), 2);
    store.full = new IOException("no space left");
    taken.get(0).accepted();
    rig.send("c");
    rig.settle();
    store.full = null;
    store.log.clear();

    CompletableFuture<Long> stored = rig.outbox.store(OutboxRig.message("d"), 0);
    rig.settle();

    assertThat(store.log).containsExactly("-1", "+4");
    assertThat(stored).isDone();
  }

  @Test
  void aStoreThatThrowsFailsTheMessagesOfThatCall() {
    MemoryStore throwing =
        new MemoryStore(loop.time) {
          @Override
          public CompletionStage<Void> write(List<Added> added, List<Long> removed) {
            throw new NoClassDefFoundError("no space left (by the test)");
          }
        };
    CompletableFuture<Void> sent = rig(OutboxLimits.defaults(), throwing).send("a");
    settle();

    assertNotStored(sent, Progress.NOT_SENT);
  }

  @Test
  void aStalledDiskFailsWhatItWasToStoreAndNothingPilesUp() {
    store.holds = true;
    OutboxRig rig = rig();
    CompletableFuture<Void> first = rig.send("a");
    rig.settle();

    loop.advance(StoreCalls.WRITE_LIMIT);
    rig.settle();
    CompletableFuture<Void> second = rig.send("b");
    rig.settle();

    assertThat(failureOf(first)).hasMessageContaining("gave no answer within PT30S");
    assertThat(failureOf(second)).hasMessageContaining("does not answer");
    assertThat(store.log).containsExactly("open", "+1");
    store.holds = false;
    store.answerOne();
    rig.settle();
    CompletableFuture<Long> third = rig.outbox.store(OutboxRig.message("c"), 0);
    rig.settle();
    assertThat(third).isDone();
    assertThat(store.kept.keySet())
        .as("the first one failed, so it must not be sent after a restart")
        .containsExactly(3L);
  }

  @Test
  void aDiskThatStallsAndThenFailsIsUsedAgain() {
    store.holds = true;
    store.full = new IOException("input/output error");
    OutboxRig rig = rig();
    rig.send("a");
    rig.settle();
    loop.advance(StoreCalls.WRITE_LIMIT);
    rig.settle();

    store.holds = false;
    store.full = null;
    store.answerOne(); // It failed, after its deadline.
    rig.settle();
    CompletableFuture<Long> stored = rig.outbox.store(OutboxRig.message("b"), 0);
    rig.settle();

    assertThat(stored).isCompletedWithValue(2L);
  }

  // ---- the end

  @Test
  void whatIsStoredStaysStoredAndItsFutureSaysSo() {
    OutboxRig rig = rig(OutboxLimits.builder().maxMessages(18).build());
    List<CompletableFuture<Void>> sent = rig.sendOneByOne(20);
    CompletableFuture<Void> last = rig.send("last");

    rig.close();

    sent.add(last);
    assertThat(sent).allSatisfy(each -> assertThat(failureOf(each)).hasMessageContaining("stored"));
    assertThat(store.kept).hasSize(21);
    assertThat(store.log).last().isEqualTo("close");
    assertThat(rig.closed).isTrue();
  }

  @Test
  void whatCouldNotBeStoredByTheEndSaysSo() {
    store.full = new IOException("no space left");
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    CompletableFuture<Long> stored = rig.outbox.store(OutboxRig.message("b"), 0);

    rig.close();

    assertThat(failureOf(sent)).hasMessageContainingAll("closed", "could not be stored", "space");
    assertThat(progressOf(sent)).isEqualTo(Progress.NOT_SENT);
    assertThat(failureOf(stored)).hasMessageContainingAll("closed", "could not be stored", "space");
    assertThat(rig.closed).isTrue();
    assertThat(rig.outbox.status().failed()).isEqualTo(2);
    assertThat(rig.outbox.status().waiting()).isZero();
  }

  @Test
  void closingDoesNotWaitForAStoreThatHangs() {
    store.holds = true;
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    rig.settle();
    rig.close();
    assertThat(rig.closed).isFalse();

    loop.advance(StoreCalls.CLOSE_LIMIT);

    assertThat(rig.closed).isTrue();
    assertThat(sent).isCompletedExceptionally();
    assertThat(progressOf(sent)).as("the next run may find it").isEqualTo(Progress.MAYBE_SENT);
    assertThat(rig.outbox.status().failed()).isEqualTo(1);
  }
}
