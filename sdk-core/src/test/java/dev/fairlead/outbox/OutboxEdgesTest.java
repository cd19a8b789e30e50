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
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.threads.ManualLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

  private abstract static class Store implements OutboxStore {
    @Override
    public List<Saved> recover() {
      return List.of();
    }

    @Override
    public void remove(long sequence) {}

    @Override
    public void close() {}
  }

  /** As one whose stage fails. */
  @Test
  void aStoreThatThrowsIsOneThatCouldNotSave() {
    OutboxRig rig =
        new OutboxRig(
            OutboxLimits.defaults(),
            new Store() {
              @Override
              public CompletionStage<Void> save(long sequence, TelemetryMessage message) {
                throw new IllegalStateException("no space left");
              }
            });

    CompletableFuture<Void> sent = rig.send("a");
    rig.settle();

    assertThat(failureOf(sent)).isInstanceOf(RejectedException.class);
    assertThat(rig.outbox.status().waiting()).isZero();
  }

  /**
   * OutboxStore.save: the sender's future fails unless the hub has accepted the message by then.
   */
  @Test
  void aMessageThatComesBackAfterItsSavingFailedFails() {
    CompletableFuture<Void> saving = new CompletableFuture<>();
    OutboxRig rig =
        new OutboxRig(
            OutboxLimits.defaults(),
            new Store() {
              @Override
              public CompletionStage<Void> save(long sequence, TelemetryMessage message) {
                return saving;
              }
            });
    CompletableFuture<Void> sent = rig.send("a");
    Lease lease = rig.outbox.lease();
    take(lease, 1);
    rig.settle();
    saving.completeExceptionally(new IOException("no space left"));
    rig.settle();

    lease.revoke(SessionEnd.PLANNED, null);

    assertThat(failureOf(sent)).isInstanceOf(RejectedException.class);
  }

  /** Even if saving fails immediately. */
  @Test
  void theLockIsReleasedBeforeTheOutcomeOfAFailedSavingIsHandedOver() {
    List<String> seen = new ArrayList<>();
    List<Outbox> made = new ArrayList<>();
    Outbox.Environment environment =
        new Outbox.Environment() {
          @Override
          public CompletableFuture<Void> newFuture() {
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
          public void heldUp(@Nullable String note) {}
        };
    ManualLoop loop = new ManualLoop();
    made.add(
        new Outbox(
            OutboxLimits.defaults(),
            false,
            loop.time,
            environment,
            new StoreCalls(
                new Store() {
                  @Override
                  public CompletionStage<Void> save(long sequence, TelemetryMessage message) {
                    return CompletableFuture.failedFuture(new IOException("no space left"));
                  }
                },
                loop,
                new ForeignCalls(loop, Runnable::run),
                Runnable::run)));

    made.get(0).offer(OutboxRig.message("a"));
    loop.run();

    assertThat(seen).containsExactly("free");
  }
}
