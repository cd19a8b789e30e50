package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ManualLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A limit that several outboxes share. */
@Timeout(60)
class BudgetTest {
  private static final long MUCH = 1L << 30;

  private final ManualLoop loop = new ManualLoop();

  private static Budget messages(long most, int outboxes) {
    return new Budget(most, MUCH, Long.MAX_VALUE, outboxes, 50);
  }

  private OutboxRig rig(Budget budget) {
    return rig(budget, OverflowPolicy.REJECT);
  }

  private OutboxRig rig(Budget budget, OverflowPolicy overflow) {
    return rig(budget, overflow, null);
  }

  private OutboxRig rig(Budget budget, OverflowPolicy overflow, @Nullable MemoryStore store) {
    OutboxLimits limits = OutboxLimits.builder().overflow(overflow).build();
    return new OutboxRig(loop, OutboxRig.rules(limits, budget), store);
  }

  private static int accepted(OutboxRig rig, int tries) {
    return accepted(rig, tries, 1);
  }

  /** Sends messages, and lets a store take them; returns how many had room. */
  private static int accepted(OutboxRig rig, int tries, int bytes) {
    int taken = 0;
    for (int i = 0; i < tries; i++) {
      taken += rig.send(bytes).isDone() ? 0 : 1;
      rig.settle();
    }
    return taken;
  }

  @Test
  void aFloodTakesWhatTheOthersLeave() {
    Budget budget = messages(20, 2);
    OutboxRig flood = rig(budget);
    OutboxRig other = rig(budget);

    assertThat(accepted(flood, 100)).as("its part, and all that is not reserved").isEqualTo(15);
    assertThat(accepted(other, 100)).as("its part").isEqualTo(5);
    assertThat(budget.use()).isEqualTo(new Budget.Use(2, 20, 20 * 601, 0));
  }

  @Test
  void saysWhatIsFull() {
    Budget budget = messages(2, 1);
    OutboxRig rig = rig(budget);
    accepted(rig, 2);

    assertThat(failureOf(rig.send("m")))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("the shared OutboxBudget: 2 of 2 messages, 1202 of")
        .hasMessageContaining("in 1 outboxes");
  }

  @Test
  void whatHasLeftIsFreeForTheOthers() {
    Budget budget = messages(20, 2);
    OutboxRig flood = rig(budget);
    OutboxRig other = rig(budget);
    accepted(flood, 100);
    accepted(other, 100);

    take(flood.outbox.lease(), 8).forEach(Envelope::accepted);

    assertThat(accepted(other, 100)).isEqualTo(8);
    assertThat(accepted(flood, 100)).isZero();
  }

  @Test
  void anOutboxThatJoinsLateHasItsPart() {
    Budget budget = messages(20, 1);
    assertThat(accepted(rig(budget), 100)).isEqualTo(20);

    for (int i = 2; i <= 10; i++) {
      assertThat(accepted(rig(budget), 100)).as("outbox %d", i).isEqualTo(10 / i);
    }
  }

  @Test
  void aFirstMessageAlwaysFits() {
    Budget budget = new Budget(3, TelemetryMessage.MAX_BYTES, Long.MAX_VALUE, 1, 50);
    assertThat(rig(budget).send(TelemetryMessage.MAX_BYTES)).isNotDone();

    for (int i = 0; i < 10; i++) {
      OutboxRig late = rig(budget);
      assertThat(late.send(TelemetryMessage.MAX_BYTES)).isNotDone();
      assertThat(late.send(1)).isCompletedExceptionally();
    }
  }

  @Test
  void bytesAreSharedToo() {
    Budget budget = new Budget(MUCH, 20_000, Long.MAX_VALUE, 2, 50);
    OutboxRig flood = rig(budget);
    OutboxRig other = rig(budget);

    assertThat(accepted(flood, 100, 400)).isEqualTo(15);
    assertThat(accepted(other, 100, 400)).isEqualTo(5);
  }

  @Test
  void aClosedOutboxLeavesItsPartAndWhatItHeld() {
    Budget budget = messages(20, 1);
    OutboxRig one = rig(budget);
    OutboxRig other = rig(budget);
    accepted(one, 100);

    one.close();

    assertThat(budget.use()).isEqualTo(new Budget.Use(1, 0, 0, 0));
    assertThat(accepted(other, 100)).isEqualTo(20);
  }

  @Test
  void dropOldestDropsOfItsOwnOutboxOnlyAndKeepsItsRoom() throws Exception {
    Budget budget = messages(20, 2);
    OutboxRig dropping = rig(budget, OverflowPolicy.DROP_OLDEST);
    OutboxRig blocking = rig(budget, OverflowPolicy.BLOCK);
    accepted(dropping, 15);
    accepted(blocking, 5);
    FutureTask<CompletableFuture<Void>> waiting = blocked(blocking, "late");

    accepted(dropping, 100);

    assertThat(dropping.outbox.status().waiting()).isEqualTo(15);
    assertThat(waiting.isDone()).isFalse();
    takeOne(dropping.outbox.lease()).accepted();
    assertThat(result(waiting)).isNotDone();
    assertThat(blocking.outbox.status().waiting()).isEqualTo(6);
  }

  @Test
  void aLargeMessageThatIsDroppedForASmallOneLeavesRoomForOthers() throws Exception {
    Budget budget = new Budget(MUCH, 20_000, Long.MAX_VALUE, 2, 50);
    OutboxRig dropping = rig(budget, OverflowPolicy.DROP_OLDEST);
    OutboxRig blocking = rig(budget, OverflowPolicy.BLOCK);
    dropping.send(8000);
    dropping.send(5000);
    blocking.send(4000);
    FutureTask<CompletableFuture<Void>> waiting =
        blocked(() -> blocking.outbox.offer(TelemetryMessage.of(new byte[2000])));

    dropping.send(1000);

    assertThat(result(waiting)).isNotDone();
  }

  @Test
  void dropsNothingWhereThatMakesNoRoom() {
    Budget budget = new Budget(MUCH, 20_000, Long.MAX_VALUE, 2, 50);
    OutboxRig other = rig(budget);
    accepted(other, 100, 0);
    OutboxRig dropping = rig(budget, OverflowPolicy.DROP_OLDEST);
    dropping.send(3000);
    take(dropping.outbox.lease(), 1);
    CompletableFuture<Void> oldest = dropping.send(100);

    assertThat(dropping.send(1000)).isCompletedExceptionally();

    assertThat(oldest).isNotDone();
  }

  @Test
  void blockedSendersAreServedInTheirOrder() throws Exception {
    Budget budget = messages(10, 5);
    OutboxRig flood = rig(budget, OverflowPolicy.BLOCK);
    accepted(flood, 6);
    List<FutureTask<CompletableFuture<Void>>> waiting = new ArrayList<>();
    List<OutboxRig> rigs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      OutboxRig rig = rig(budget, OverflowPolicy.BLOCK);
      rig.send("its part");
      rigs.add(rig);
      waiting.add(blocked(rig, "more"));
    }
    OutboxRig rejecting = rig(budget);
    rejecting.send("its part");
    Lease lease = flood.outbox.lease();

    for (int i = 0; i < 3; i++) {
      takeOne(lease).accepted();
      assertThat(result(waiting.get(i))).isNotDone();
      assertThat(rejecting.send("m")).as("all that is free is given away").isDone();
      for (int j = i + 1; j < 3; j++) {
        assertThat(waiting.get(j).isDone()).isFalse();
      }
    }
    rigs.forEach(each -> assertThat(each.outbox.status().waiting()).isEqualTo(2));
  }

  @Test
  void aSenderOfAClosedOutboxTakesNoRoom() throws Exception {
    Budget budget = new Budget(MUCH, 8_000, Long.MAX_VALUE, 2, 50);
    OutboxRig closed = rig(budget, OverflowPolicy.BLOCK);
    OutboxRig other = rig(budget);
    closed.send(5_400);
    other.send(1_400);
    FutureTask<CompletableFuture<Void>> waiting =
        blocked(() -> closed.outbox.offer(TelemetryMessage.of(new byte[3_000])));

    closed.close();

    assertThat(result(waiting)).isCompletedExceptionally();
    assertThat(other.send(3_400)).as("all but the part of the one that left").isNotDone();
  }

  @Test
  void nobodyOvertakesABlockedSender() throws Exception {
    Budget budget = new Budget(MUCH, 30_000, Long.MAX_VALUE, 3, 50);
    OutboxRig flood = rig(budget);
    flood.send(9_400);
    flood.send(8_000); // 1,400 bytes are left.
    OutboxRig blocking = rig(budget, OverflowPolicy.BLOCK);
    blocking.send(4_400);
    FutureTask<CompletableFuture<Void>> waiting =
        blocked(() -> blocking.outbox.offer(TelemetryMessage.of(new byte[2_000])));
    OutboxRig other = rig(budget);
    assertThat(accepted(other, 2, 1_900)).as("its part").isEqualTo(2);

    assertThat(other.send(0)).as("beyond its part").isCompletedExceptionally();

    takeOne(flood.outbox.lease()).accepted();
    assertThat(result(waiting)).isNotDone();
    assertThat(other.send(0)).isNotDone();
  }

  @Test
  void whoIsWithinAPartThatHasGrownGoesOn() throws Exception {
    Budget budget = messages(8, 1);
    OutboxRig flood = rig(budget, OverflowPolicy.BLOCK);
    OutboxRig other = rig(budget, OverflowPolicy.BLOCK);
    OutboxRig leaving = rig(budget);
    accepted(leaving, 1);
    accepted(other, 1);
    accepted(flood, 6);
    FutureTask<CompletableFuture<Void>> first = blocked(flood, "m");
    FutureTask<CompletableFuture<Void>> waiting = blocked(other, "n");
    CompletableFuture<Void> noRoom = flood.outbox.whenRoom();
    assertThat(noRoom).isNotDone();

    leaving.close();

    assertThat(result(waiting)).isNotDone();
    assertThat(first.isDone()).isFalse();
    assertThat(noRoom).isNotDone();
  }

  @Test
  void aSenderWithinItsPartWaitsForNobody() throws Exception {
    Budget budget = messages(6, 2);
    OutboxRig flood = rig(budget, OverflowPolicy.BLOCK);
    OutboxRig other = rig(budget, OverflowPolicy.BLOCK);
    accepted(flood, 5);
    accepted(other, 1);
    FutureTask<CompletableFuture<Void>> first = blocked(flood, "m");
    FutureTask<CompletableFuture<Void>> waiting = blocked(other, "n");

    takeOne(other.outbox.lease()).accepted();

    assertThat(result(waiting)).isNotDone();
    assertThat(first.isDone()).isFalse();
  }

  @Test
  void whatExpiresLeavesRoomForOthers() throws Exception {
    Budget budget = messages(4, 2);
    OutboxRig expiring = rig(budget);
    for (int i = 0; i < 3; i++) {
      expiring.outbox.offer(
          TelemetryMessage.builder().timeToLive(Duration.ofSeconds(1 + i)).build());
    }
    OutboxRig other = rig(budget, OverflowPolicy.BLOCK);
    other.send("its part");
    FutureTask<CompletableFuture<Void>> waiting = blocked(other, "m");

    loop.advance(Duration.ofSeconds(1));

    assertThat(result(waiting)).isNotDone();
  }

  @Test
  void whatCannotBeStoredLeavesRoomForOthers() throws Exception {
    Budget budget = messages(4, 2);
    MemoryStore store = new MemoryStore(loop.time);
    store.full = new IOException("No space left on device");
    OutboxRig failing = rig(budget, OverflowPolicy.REJECT, store);
    failing.sendAll("a", "b", "c");
    OutboxRig other = rig(budget, OverflowPolicy.BLOCK);
    other.send("its part");
    FutureTask<CompletableFuture<Void>> waiting = blocked(other, "m");

    failing.settle();

    assertThat(result(waiting)).isNotDone();
    assertThat(budget.use()).isEqualTo(new Budget.Use(2, 2, 2 * 601 + 7, 0));
  }

  @Test
  void aSenderWaitsForItsOwnOutboxAndForTheBudget() throws Exception {
    Budget budget = messages(6, 2);
    OutboxLimits two = OutboxLimits.builder().overflow(OverflowPolicy.BLOCK).maxMessages(2).build();
    OutboxRig small = new OutboxRig(loop, OutboxRig.rules(two, budget), null);
    accepted(small, 2);
    OutboxRig flood = rig(budget);
    accepted(flood, 4);
    FutureTask<CompletableFuture<Void>> waiting = blocked(small, "m");

    takeOne(flood.outbox.lease()).accepted();
    accepted(flood, 1);
    assertThat(waiting.isDone()).as("its own outbox is full").isFalse();
    takeOne(small.outbox.lease()).accepted();

    assertThat(result(waiting)).isNotDone();
    assertThat(budget.use().messages()).isEqualTo(6);
  }

  /** The interrupt comes before, during or after the grant. */
  @RepeatedTest(20)
  void whatASenderWasGrantedAndDoesNotTakeIsNotLost() throws Exception {
    Budget budget = messages(4, 2);
    OutboxRig flood = rig(budget);
    accepted(flood, 3);
    OutboxRig other = rig(budget, OverflowPolicy.BLOCK);
    other.send("its part");
    FutureTask<CompletableFuture<Void>> interrupted = new FutureTask<>(() -> other.send("m"));
    Thread thread = started(interrupted);
    FutureTask<CompletableFuture<Void>> next = blocked(other, "n");
    Envelope first = takeOne(flood.outbox.lease());

    CompletableFuture<Void> interrupt = CompletableFuture.runAsync(thread::interrupt);
    first.accepted();
    interrupt.get(30, TimeUnit.SECONDS);

    if (result(interrupted).isCompletedExceptionally()) {
      assertThat(result(next)).isNotDone();
    }
    assertThat(budget.use().messages()).isEqualTo(4);
    other.close();
    assertThat(budget.use().messages()).isEqualTo(2);
  }

  @Test
  void aSenderThatGivesUpHoldsUpNobody() throws Exception {
    Budget budget = messages(4, 2);
    OutboxRig flood = rig(budget, OverflowPolicy.BLOCK);
    OutboxRig other = rig(budget, OverflowPolicy.BLOCK);
    accepted(flood, 3);
    accepted(other, 1);
    assertThat(other.outbox.offer(OutboxRig.message("m"), 1_000_000)).isCompletedExceptionally();
    FutureTask<CompletableFuture<Void>> interrupted = new FutureTask<>(() -> other.send("n"));
    Thread thread = started(interrupted);
    thread.interrupt();
    assertThat(result(interrupted)).isCompletedExceptionally();
    OutboxRig closed = rig(budget, OverflowPolicy.BLOCK);
    closed.send("its part");
    FutureTask<CompletableFuture<Void>> ended = blocked(closed, "x");
    closed.close();
    assertThat(result(ended)).isCompletedExceptionally();
    FutureTask<CompletableFuture<Void>> waiting = blocked(other, "o");

    take(flood.outbox.lease(), 3).forEach(Envelope::accepted);

    assertThat(result(waiting)).isNotDone();
    assertThat(budget.use().messages()).isEqualTo(2);
    assertThat(accepted(flood, 2)).as("nothing is lost").isEqualTo(2);
  }

  @Test
  void aDurableOutboxCountsWhatIsInMemoryAndItsStoredBytes() {
    Budget budget = new Budget(24, MUCH, 10_000, 2, 50);
    OutboxRig durable = rig(budget, OverflowPolicy.REJECT, new MemoryStore(loop.time));
    assertThat(accepted(durable, 100, 100))
        .as("the disk's part, and what is not reserved")
        .isEqualTo(75);
    assertThat(budget.use().storedBytes()).isEqualTo(7500);
    assertThat(budget.use().messages()).isLessThanOrEqualTo(2);

    Lease lease = durable.outbox.lease();
    while (durable.outbox.status().accepted() < 75) {
      take(lease, 9).forEach(Envelope::accepted);
      durable.settle();
      assertThat(budget.use().messages()).isLessThanOrEqualTo(2);
    }
    assertThat(budget.use()).isEqualTo(new Budget.Use(1, 0, 0, 0));
  }

  @Test
  void dropOldestGivesUpWhatIsOnlyOnTheDiskToo() {
    Budget budget = new Budget(24, MUCH, 10_000, 2, 50);
    MemoryStore store = new MemoryStore(loop.time);
    OutboxRig durable = rig(budget, OverflowPolicy.DROP_OLDEST, store);
    accepted(durable, 75, 100);

    for (int i = 0; i < 5; i++) { // Before the store can read anything.
      assertThat(durable.send(100)).isNotDone();
    }
    durable.settle();

    assertThat(durable.outbox.status().waiting()).isEqualTo(75);
    assertThat(budget.use().storedBytes()).isEqualTo(7500);
    assertThat(store.kept.firstKey()).isEqualTo(6L);
  }

  @Test
  void dropsNothingWhereThatMakesNoRoomOnTheDisk() {
    Budget budget = new Budget(24, MUCH, 10_000, 2, 50);
    OutboxRig durable = rig(budget, OverflowPolicy.DROP_OLDEST, new MemoryStore(loop.time));
    durable.send(6000);
    durable.settle();
    take(durable.outbox.lease(), 1);
    CompletableFuture<Void> oldest = durable.send(100);

    assertThat(durable.send(2000)).isCompletedExceptionally();

    assertThat(oldest).isNotDone();
  }

  @Test
  void countsWhatAnEarlierRunStored() {
    Budget budget = new Budget(24, MUCH, 10_000, 1, 50);
    MemoryStore store = new MemoryStore(loop.time);
    Outbox.Rules rules = OutboxRig.rules(OutboxLimits.defaults(), budget);
    OutboxRig first = new OutboxRig(loop, rules, store);
    first.send(700);
    first.settle();
    first.close();
    assertThat(budget.use().storedBytes()).as("without a client").isZero();

    OutboxRig second = new OutboxRig(loop, rules, store);

    assertThat(budget.use().storedBytes()).isEqualTo(700);
    assertThat(second.outbox.status().waiting()).isEqualTo(1);
  }

  /** Many senders on several threads, and outboxes that close: no wake-up is lost. */
  @RepeatedTest(5)
  void losesNoWakeUp() throws Exception {
    Budget budget = messages(12, 1);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        boolean closes = i == 3;
        OutboxRig rig =
            new OutboxRig(
                new ManualLoop(),
                OutboxRig.rules(
                    OutboxLimits.builder().overflow(OverflowPolicy.BLOCK).maxMessages(9).build(),
                    budget),
                null);
        for (int sender = 0; sender < 3; sender++) {
          all.add(
              CompletableFuture.runAsync(
                  () -> {
                    for (int n = 0; n < 300; n++) {
                      rig.send("m");
                    }
                  },
                  threads));
        }
        all.add(CompletableFuture.runAsync(() -> deliver(rig, closes ? 300 : 900), threads));
      }
      CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(50, TimeUnit.SECONDS);
      assertThat(budget.use().messages()).isZero();
      assertThat(budget.use().outboxes()).isEqualTo(3);
    } finally {
      threads.shutdownNow();
    }
  }

  private static void deliver(OutboxRig rig, int count) {
    Lease lease = rig.outbox.lease();
    while (rig.outbox.status().accepted() < count) {
      take(lease, 3).forEach(Envelope::accepted);
      Thread.onSpinWait();
    }
    if (count < 900) {
      rig.outbox.close(() -> {});
    }
  }

  private static CompletableFuture<Void> result(FutureTask<CompletableFuture<Void>> send)
      throws Exception {
    return send.get(30, TimeUnit.SECONDS);
  }

  private static FutureTask<CompletableFuture<Void>> blocked(OutboxRig rig, String text) {
    return blocked(() -> rig.send(text));
  }

  private static FutureTask<CompletableFuture<Void>> blocked(
      Callable<CompletableFuture<Void>> send) {
    FutureTask<CompletableFuture<Void>> task = new FutureTask<>(send);
    started(task);
    return task;
  }

  private static Thread started(FutureTask<?> send) {
    Thread thread = new Thread(send, "sender");
    thread.setDaemon(true);
    thread.start();
    await().until(() -> thread.getState() == Thread.State.WAITING);
    return thread;
  }
}
