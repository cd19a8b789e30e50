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
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxStore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OutboxStoreTest {
  private final RecordingStore store = new RecordingStore();

  /** Records each call; a test decides when and how each saving ends. */
  private static class RecordingStore implements OutboxStore {
    final List<Saved> left = new ArrayList<>();
    final List<String> log = new ArrayList<>();
    final Map<Long, CompletableFuture<Void>> savings = new HashMap<>();

    @Override
    public List<Saved> recover() {
      log.add("recover");
      return left;
    }

    @Override
    public CompletionStage<Void> save(long sequence, TelemetryMessage message) {
      log.add("save " + sequence);
      return savings.computeIfAbsent(sequence, number -> new CompletableFuture<>());
    }

    @Override
    public void remove(long sequence) {
      log.add("remove " + sequence);
    }

    @Override
    public void close() {
      log.add("close");
    }

    void fails(long sequence) {
      savings
          .computeIfAbsent(sequence, number -> new CompletableFuture<>())
          .completeExceptionally(new IOException("no space left"));
    }
  }

  private @Nullable OutboxRig rig;

  private OutboxRig rig() {
    return rig(OutboxLimits.defaults());
  }

  private OutboxRig rig(OutboxLimits limits) {
    rig = new OutboxRig(limits, store);
    return rig;
  }

  private List<String> log() {
    settle();
    return store.log;
  }

  private void settle() {
    Objects.requireNonNull(rig).settle();
  }

  private void fails(long sequence) {
    store.fails(sequence);
    settle();
  }

  private static OutboxStore.Saved saved(long sequence, String text) {
    return new OutboxStore.Saved(sequence, OutboxRig.message(text));
  }

  private static void assertNotKept(CompletableFuture<Void> sent, Progress progress) {
    assertThat(sent).isCompletedExceptionally();
    assertThat(failureOf(sent))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("no space left");
    assertThat(progressOf(sent)).isEqualTo(progress);
  }

  @Test
  void sendsFirstWhatTheLastRunLeft() {
    store.left.add(saved(7, "old"));
    store.left.add(saved(9, "older than the next"));
    OutboxRig rig = rig();
    assertThat(rig.outbox.status()).isEqualTo(new OutboxStatus(2, 0, 1222, 0, 0, 0));

    rig.send("new");

    List<Envelope> taken = take(rig.outbox.lease(), 9);
    assertThat(texts(taken)).containsExactly("old", "older than the next", "new");
    assertThat(taken).extracting(Envelope::sequence).containsExactly(7L, 9L, 10L);
  }

  @Test
  void wakesASessionForWhatTheLastRunLeft() {
    store.left.add(saved(1, "old"));
    AtomicInteger woken = new AtomicInteger();

    rig().outbox.lease().whenReadable(woken::incrementAndGet);

    assertThat(woken).hasValue(1);
  }

  @Test
  void letsWhatTheLastRunLeftExpire() {
    store.left.add(saved(1, "old"));
    OutboxRig rig = rig(OutboxLimits.builder().timeToLive(Duration.ofMinutes(1)).build());

    rig.time.advance(Duration.ofMinutes(1));

    assertThat(rig.outbox.status()).isEqualTo(new OutboxStatus(0, 0, 0, 0, 1, 0));
    assertThat(log()).containsExactly("recover", "remove 1");
  }

  @Test
  void tellsTheStoreInTheOrderOfWhatHappened() {
    OutboxRig rig = rig();
    rig.sendAll("a", "b", "c");
    List<Envelope> taken = take(rig.outbox.lease(), 3);
    taken.get(1).accepted();
    taken.get(0).failed(new RejectedException("no", Progress.MAYBE_SENT));
    taken.get(2).giveBack();
    rig.close();

    assertThat(log())
        .as("what comes back is not saved again, and what is left is kept")
        .containsExactly("recover", "save 1", "save 2", "save 3", "remove 2", "remove 1", "close");
  }

  @Test
  void forgetsWhatGivesPlace() {
    OutboxRig rig =
        rig(OutboxLimits.builder().maxMessages(1).overflow(OverflowPolicy.DROP_OLDEST).build());

    rig.sendAll("a", "b");

    assertThat(log()).containsExactly("recover", "save 1", "remove 1", "save 2");
  }

  @Test
  void neverHearsOfARefusedMessage() {
    OutboxRig rig = rig(OutboxLimits.builder().maxMessages(1).build());

    rig.sendAll("a", "b");

    assertThat(log()).containsExactly("recover", "save 1");
  }

  @Test
  void failsTheSenderOfAMessageThatCouldNotBeKept() {
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");

    fails(1);

    assertNotKept(sent, Progress.NOT_SENT);
    assertThat(rig.outbox.status()).isEqualTo(new OutboxStatus(0, 0, 0, 0, 1, 0));
    assertThat(take(rig.outbox.lease(), 1)).isEmpty();
  }

  @Test
  void failsTheSenderOfAMessageThatCouldNotBeKeptAtOnce() {
    store.fails(1);
    CompletableFuture<Void> sent = rig().send("a");
    settle();

    assertNotKept(sent, Progress.NOT_SENT);
  }

  @Test
  void leavesAMessageUnderWayToTheHub() {
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    Envelope envelope = takeOne(rig.outbox.lease());

    fails(1);
    assertThat(sent).isNotDone();

    envelope.accepted();
    assertThat(sent).isCompletedWithValue(null);
  }

  @Test
  void saysThatAMessageMayHaveBeenSentBeforeItCouldNotBeKept() {
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    takeOne(rig.outbox.lease()).giveBack();

    fails(1);

    assertNotKept(sent, Progress.MAYBE_SENT);
  }

  @Test
  void ignoresAFailedSavingOfWhatIsDone() {
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");
    takeOne(rig.outbox.lease()).accepted();

    fails(1);

    assertThat(sent).isCompletedWithValue(null);
    assertThat(rig.outbox.status()).isEqualTo(new OutboxStatus(0, 0, 0, 1, 0, 0));
    assertThat(log()).containsExactly("recover", "save 1", "remove 1");
  }

  @Test
  void saysAtCloseThatAMessageIsKept() {
    OutboxRig rig = rig();
    CompletableFuture<Void> sent = rig.send("a");

    rig.close();

    assertThat(failureOf(sent)).hasMessageContaining("is kept");
  }

  @Test
  void aStoreThatThrowsOnForgettingDoesNotHoldUpTheSender() {
    OutboxRig throwing =
        new OutboxRig(
            OutboxLimits.defaults(),
            new RecordingStore() {
              @Override
              public void remove(long sequence) {
                throw new AssertionError("expected by the test");
              }
            });
    CompletableFuture<Void> sent = throwing.send("a");
    CompletableFuture<Void> left = throwing.send("b");
    takeOne(throwing.outbox.lease()).accepted();
    throwing.settle();

    assertThat(sent).isCompletedWithValue(null);
    throwing.close();
    assertThat(left).isCompletedExceptionally();
    assertThat(throwing.closed).isTrue();
  }

  @Test
  void aStoreThatThrowsOnKeepingFailsThatMessage() {
    OutboxRig throwing =
        new OutboxRig(
            OutboxLimits.defaults(),
            new RecordingStore() {
              @Override
              public CompletionStage<Void> save(long sequence, TelemetryMessage message) {
                throw new NoClassDefFoundError("no space left (by the test)");
              }
            });
    CompletableFuture<Void> sent = throwing.send("a");
    throwing.settle();

    assertNotKept(sent, Progress.NOT_SENT);
  }

  @Test
  void aStoreThatDoesNotAnswerFailsWhatItWasToKeep() {
    OutboxRig slow = rig();
    CompletableFuture<Void> first = slow.send("a");
    settle();

    slow.time.advance(StoreCalls.SAVE_LIMIT);
    settle();
    CompletableFuture<Void> second = slow.send("b");
    settle();

    assertThat(failureOf(first)).hasMessageContaining("gave no answer within PT30S");
    assertThat(failureOf(second)).hasMessageContaining("does not answer");
    assertThat(store.log).as("nothing piles up before it").containsExactly("recover", "save 1");
    store.savings.get(1L).complete(null);
    settle();
    slow.send("c");
    assertThat(log()).containsExactly("recover", "save 1", "save 3");
  }

  @Test
  void closingDoesNotWaitForAStoreThatHangs() {
    OutboxRig slow = rig();
    slow.outbox.close(() -> slow.closed = true); // its thread never comes
    slow.loop.run();
    assertThat(slow.closed).isFalse();

    slow.time.advance(StoreCalls.CLOSE_LIMIT);

    assertThat(slow.closed).isTrue();
  }
}
