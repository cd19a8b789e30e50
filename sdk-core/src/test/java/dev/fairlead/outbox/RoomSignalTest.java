package dev.fairlead.outbox;

import static dev.fairlead.Outcomes.failureOf;
import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ClientClosedException;
import dev.fairlead.OutboxLimits;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ManualLoop;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A source that is paused learns when the outbox has room again. */
class RoomSignalTest {
  private static OutboxRig rig(int messages) {
    return new OutboxRig(OutboxLimits.builder().maxMessages(messages).build());
  }

  private static void send(OutboxRig rig, int count) {
    for (int i = 0; i < count; i++) {
      assertThat(rig.send("m")).isNotDone();
    }
  }

  @Test
  void isThereAtOnceWhileAQuarterIsFree() {
    OutboxRig rig = rig(8);
    send(rig, 6);
    assertThat(rig.outbox.whenRoom()).isCompleted();
    send(rig, 1);
    assertThat(rig.outbox.whenRoom()).isNotDone();
  }

  @Test
  void comesWhenAQuarterIsFreeAgain() {
    OutboxRig rig = rig(8);
    send(rig, 8);
    CompletableFuture<Void> one = rig.outbox.whenRoom();
    CompletableFuture<Void> other = rig.outbox.whenRoom();
    assertThat(other).isNotSameAs(one);
    List<Envelope> taken = take(rig.outbox.lease(), 8);

    taken.get(0).accepted();
    assertThat(one).isNotDone();
    taken.get(1).giveBack();
    assertThat(one).as("what comes back is not room").isNotDone();
    taken.get(2).accepted();

    assertThat(one).isCompleted();
    assertThat(other).isCompleted();
  }

  @Test
  void anOutboxOfOneMessageHasRoomWhenItIsEmpty() {
    OutboxRig rig = rig(1);
    assertThat(rig.outbox.whenRoom()).isCompleted();
    send(rig, 1);
    CompletableFuture<Void> room = rig.outbox.whenRoom();
    takeOne(rig.outbox.lease()).accepted();
    assertThat(room).isCompleted();
  }

  @Test
  void bytesCountToo() {
    OutboxRig rig = new OutboxRig(OutboxLimits.builder().maxBytes(1 << 20).build());
    rig.send(250_000);
    rig.send(250_000);
    rig.send(250_000);
    assertThat(rig.outbox.whenRoom()).isCompleted();
    rig.send(250_000);
    CompletableFuture<Void> room = rig.outbox.whenRoom();
    assertThat(room).isNotDone();
    takeOne(rig.outbox.lease()).accepted();
    assertThat(room).isCompleted();
  }

  @Test
  void theDiskCountsToo() {
    OutboxRig rig =
        new OutboxRig(
            OutboxLimits.builder().maxStoredMessages(4).build(),
            new MemoryStore(new ManualLoop().time));
    send(rig, 4);
    rig.settle();
    CompletableFuture<Void> room = rig.outbox.whenRoom();
    assertThat(room).isNotDone();
    takeOne(rig.outbox.lease()).accepted();
    assertThat(room).isCompleted();
  }

  @Test
  void whoCancelsIsForgotten() {
    OutboxRig rig = rig(4);
    send(rig, 4);
    CompletableFuture<Void> cancelled = rig.outbox.whenRoom();
    assertThat(cancelled.cancel(false)).isTrue();
    CompletableFuture<Void> room = rig.outbox.whenRoom();
    takeOne(rig.outbox.lease()).accepted();
    assertThat(room).isCompleted();
  }

  @Test
  void failsWhenTheClientCloses() {
    OutboxRig rig = rig(4);
    send(rig, 4);
    CompletableFuture<Void> room = rig.outbox.whenRoom();

    rig.outbox.drain(() -> {});

    assertThat(failureOf(room)).isInstanceOf(ClientClosedException.class);
    assertThat(failureOf(rig.outbox.whenRoom())).isInstanceOf(ClientClosedException.class);
    rig.close();
    assertThat(failureOf(rig.outbox.whenRoom())).isInstanceOf(ClientClosedException.class);
  }

  /** Eight messages, four of them reserved for two outboxes. */
  private static OutboxRig[] sharing(int count) {
    Budget budget = new Budget(8, 1 << 30, Long.MAX_VALUE, 2, 50);
    OutboxRig[] rigs = new OutboxRig[count];
    for (int i = 0; i < count; i++) {
      rigs[i] =
          new OutboxRig(new ManualLoop(), OutboxRig.rules(OutboxLimits.defaults(), budget), null);
    }
    return rigs;
  }

  @Test
  void comesWhenAnotherOutboxLeavesRoomInTheBudget() {
    OutboxRig[] rigs = sharing(2);
    send(rigs[0], 6);
    send(rigs[1], 2);
    CompletableFuture<Void> room = rigs[1].outbox.whenRoom();
    assertThat(room).isNotDone();

    takeOne(rigs[0].outbox.lease()).accepted();

    assertThat(room).isCompleted();
  }

  @Test
  void roomInTheBudgetIsPromisedOnce() {
    OutboxRig[] rigs = sharing(3);
    send(rigs[0], 6);
    send(rigs[1], 1);
    send(rigs[2], 1);
    CompletableFuture<Void> first = rigs[1].outbox.whenRoom();
    CompletableFuture<Void> second = rigs[2].outbox.whenRoom();
    Lease lease = rigs[0].outbox.lease();

    takeOne(lease).accepted();
    assertThat(first).isCompleted();
    assertThat(second).isNotDone();

    takeOne(lease).accepted();
    assertThat(second).isCompleted();
  }

  @Test
  void comesWhenAnOutboxLeavesTheBudget() {
    OutboxRig[] rigs = sharing(3);
    send(rigs[0], 6);
    send(rigs[1], 1);
    send(rigs[2], 1);
    CompletableFuture<Void> beyond = rigs[0].outbox.whenRoom();
    CompletableFuture<Void> within = rigs[1].outbox.whenRoom();

    rigs[2].close();

    assertThat(beyond).isNotDone();
    assertThat(within).as("the part of each has grown").isCompleted();
    rigs[1].close();
    takeOne(rigs[0].outbox.lease()).accepted();
    assertThat(beyond).isCompleted();
  }
}
