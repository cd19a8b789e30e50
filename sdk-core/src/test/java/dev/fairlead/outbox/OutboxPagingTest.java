package dev.fairlead.outbox;

import static dev.fairlead.outbox.OutboxRig.take;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ManualLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A store that holds more messages than memory does, so that they are read page by page. */
class OutboxPagingTest {
  private final ManualLoop loop = new ManualLoop();
  private final MemoryStore store = new MemoryStore(loop.time);

  private OutboxRig rig(OutboxLimits.Builder limits) {
    return OutboxRig.settled(loop, limits.build(), store);
  }

  private static OutboxLimits.Builder small() {
    return OutboxLimits.builder().maxMessages(18); // Two of each class stay in memory.
  }

  @Test
  void whatGivesPlaceMayBeOnlyOnTheDisk() {
    OutboxRig rig = rig(small().maxStoredMessages(20).overflow(OverflowPolicy.DROP_OLDEST));
    rig.sendOneByOne(20);
    List<CompletableFuture<Void>> more = new ArrayList<>();
    for (int i = 20; i < 25; i++) { // Before the store can read anything.
      more.add(rig.send("m" + i));
    }
    rig.settle();

    assertThat(more).noneMatch(CompletableFuture::isDone);
    assertThat(store.kept).hasSize(20);
    assertThat(rig.deliverAll(rig.outbox.lease())).hasSize(20).first().isEqualTo("m5");
  }

  @Test
  void theDiskIsTheBoundAndTheOrderIsKept() {
    OutboxRig rig = rig(small());
    List<CompletableFuture<Void>> outcomes = rig.sendOneByOne(100);
    assertThat(rig.outbox.status().waiting()).isEqualTo(100);
    assertThat(rig.outbox.status().bytes()).isLessThan(30_000);

    assertThat(rig.deliverAll(rig.outbox.lease()))
        .isEqualTo(IntStream.range(0, 100).mapToObj(i -> "m" + i).toList());

    assertThat(outcomes).allMatch(CompletableFuture::isDone);
    assertThat(store.kept).isEmpty();
    assertThat(store.mostRead).isLessThanOrEqualTo(2);
    assertThat(rig.outbox.status().bytes()).isZero();
    assertThat(rig.outbox.status().accepted()).isEqualTo(100);
  }

  @Test
  void messagesInFlightLeaveRoomInMemoryForNewOnes() {
    OutboxRig rig = rig(small());
    rig.sendOneByOne(100);
    AtomicInteger woken = new AtomicInteger();
    Lease lease = rig.outbox.lease();
    List<Envelope> held = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      held.addAll(take(lease, 100));
      rig.settle();
    }
    lease.whenReadable(woken::incrementAndGet);
    assertThat(held).as("a third of what memory may hold").hasSize(6);

    List<CompletableFuture<Long>> stored = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      stored.add(rig.outbox.store(OutboxRig.message("new"), 0));
      rig.settle();
    }
    assertThat(stored).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());

    take(lease, 100);
    woken.set(0);
    held.get(0).accepted();
    assertThat(woken).as("there is room again").hasValue(1);
    assertThat(take(lease, 100)).hasSize(1);
  }

  @Test
  void messagesThatAreOnlyOnTheDiskExpireToo() {
    OutboxRig rig = rig(small().timeToLive(Duration.ofMinutes(1)));
    List<CompletableFuture<Void>> outcomes = rig.sendOneByOne(200);

    for (int i = 0; i < 20; i++) { // Expired messages are looked for every second.
      loop.advance(Duration.ofSeconds(i == 0 ? 60 : 1));
      rig.settle();
    }

    assertThat(outcomes).allMatch(CompletableFuture::isCompletedExceptionally);
    assertThat(store.kept).isEmpty();
    assertThat(rig.outbox.status().failed()).isEqualTo(200);
    assertThat(rig.outbox.status().waiting()).isZero();
  }

  @Test
  void messagesExpireOnlyAsFastAsTheirOutcomesAreReceived() {
    OutboxRig rig = rig(small().timeToLive(Duration.ofMinutes(1)));
    rig.slowListener = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      rig.outbox.store(OutboxRig.message("m" + i), 0);
      rig.settle();
    }

    for (int i = 0; i < 100; i++) {
      loop.advance(Duration.ofMinutes(1));
      rig.settle();
    }
    assertThat(rig.outcomes).hasSizeLessThan(100);

    while (!rig.slowListener.isEmpty()) {
      rig.slowListener.remove(0).run();
      loop.advance(Duration.ofMinutes(1));
      rig.settle();
    }
    assertThat(rig.outcomes).hasSize(200);
    assertThat(store.kept).isEmpty();
  }

  @Test
  void aReadThatFailsIsTriedAgain() {
    OutboxRig rig = rig(small());
    rig.sendOneByOne(20);
    store.unreadable = true;
    Lease lease = rig.outbox.lease();
    List<String> first = rig.deliverAll(lease);
    assertThat(first).hasSizeLessThan(20);

    store.unreadable = false;
    loop.advance(Duration.ofMinutes(1));
    rig.settle();
    first.addAll(rig.deliverAll(lease));

    assertThat(first).hasSize(20).first().isEqualTo("m0");
    assertThat(store.kept).isEmpty();
  }

  @Test
  void aStalledDiskIsNotAskedForMore() {
    OutboxRig rig = rig(small());
    rig.sendOneByOne(20);
    store.holds = true;
    Lease lease = rig.outbox.lease();
    take(lease, 1).get(0).accepted();
    rig.settle();
    loop.advance(StoreCalls.WRITE_LIMIT);
    rig.settle();
    int asked = store.reads;

    rig.deliverAll(lease);
    loop.advance(Duration.ofMinutes(10));
    rig.settle();

    assertThat(store.reads).isEqualTo(asked);
  }
}
