package dev.fairlead.outbox;

import static dev.fairlead.outbox.OutboxRig.take;
import static dev.fairlead.outbox.OutboxRig.takeOne;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.ManualLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Room for several senders at once, give-backs, and stores that fail at awkward moments. */
@Timeout(60)
class OutboxEdgesTest {
  private static final int MAX = TelemetryMessage.MAX_BYTES;

  private static OutboxLimits limits(OverflowPolicy policy) {
    return OutboxLimits.builder().overflow(policy).maxBytes(MAX).build();
  }

  private static Thread waiting(Runnable send) {
    Thread thread = new Thread(send, "sender");
    thread.setDaemon(true);
    thread.start();
    await().until(() -> thread.getState() == Thread.State.WAITING);
    return thread;
  }

  /** One large message leaves room for several small ones. */
  @Test
  void oneLargeMessageThatLeavesMakesRoomForAllWhoWait() throws Exception {
    OutboxRig rig = new OutboxRig(limits(OverflowPolicy.BLOCK));
    rig.send(MAX);
    List<Thread> senders = List.of(waiting(() -> rig.send(1)), waiting(() -> rig.send(1)));

    takeOne(rig.outbox.lease()).accepted();

    await().until(() -> senders.stream().noneMatch(Thread::isAlive));
  }

  /** A sender that still does not fit must not keep one that does from being woken. */
  @Test
  void aSenderThatFitsIsNotHeldUpByOneThatDoesNot() throws Exception {
    OutboxRig rig = new OutboxRig(limits(OverflowPolicy.BLOCK));
    rig.send(MAX - 10 - 2 * 600);
    rig.send(10);
    waiting(() -> rig.send(MAX));
    Thread small = waiting(() -> rig.send(5));

    take(rig.outbox.lease(), 2).get(1).accepted();

    await().until(() -> !small.isAlive());
  }

  /**
   * Otherwise a session that returns what the hub did not accept would take it again immediately,
   * for ever.
   */
  @Test
  void aSessionIsNotWokenByWhatItGivesBackItself() {
    OutboxRig rig = new OutboxRig(OutboxLimits.defaults());
    rig.send("a");
    AtomicInteger woken = new AtomicInteger();
    Lease lease = rig.outbox.lease();
    lease.whenReadable(woken::incrementAndGet);
    Envelope envelope = take(lease, 5).get(0);
    woken.set(0);

    envelope.giveBack();

    assertThat(woken).hasValue(0);
    assertThat(take(lease, 5)).hasSize(1);
  }

  /** Even if saving fails immediately. */
  @Test
  void theLockIsReleasedBeforeTheOutcomeOfAFailedSavingIsHandedOver() {
    List<String> seen = new ArrayList<>();
    List<Outbox> made = new ArrayList<>();
    Outbox.Environment environment =
        new Outbox.Environment() {
          @Override
          public <T> CompletableFuture<T> newFuture() {
            return new CompletableFuture<>();
          }

          @Override
          public Executor completions() {
            return task -> {
              try {
                CompletableFuture.supplyAsync(made.get(0)::status).get(2, TimeUnit.SECONDS);
                seen.add("free");
              } catch (TimeoutException e) {
                seen.add("locked");
              } catch (Exception e) {
                throw new AssertionError(e);
              }
              task.run();
            };
          }

          @Override
          public boolean mayBlock() {
            return true;
          }

          @Override
          public void replaceSession(String why) {}

          @Override
          public void outcome(StoredOutcome outcome) {}

          @Override
          public void whenOutcomesPassedOn(Runnable task) {}

          @Override
          public void heldUp(@Nullable String note) {}
        };
    ManualLoop loop = new ManualLoop();
    MemoryStore full = new MemoryStore(loop.time);
    full.full = new IOException("no space left");
    made.add(
        new Outbox(
            OutboxRig.rules(OutboxLimits.defaults()),
            loop.time,
            environment,
            new StoreCalls(
                full,
                DeviceIdentity.device("d"),
                "hub",
                loop,
                new ForeignCalls(loop, Runnable::run),
                Runnable::run)));

    made.get(0).offer(OutboxRig.message("a"));
    loop.run();

    assertThat(seen).containsExactly("free");
  }
}
