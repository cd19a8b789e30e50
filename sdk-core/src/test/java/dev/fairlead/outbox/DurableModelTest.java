package dev.fairlead.outbox;

import static dev.fairlead.outbox.OutboxRig.take;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Priority;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.threads.ManualLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories of an outbox with a store that answers late, fails, and is opened again after a
 * crash: no stored message is lost, none is delivered twice within a run, and each class keeps its
 * order.
 */
class DurableModelTest {
  private static final class World {
    final Random random;
    final ManualLoop loop = new ManualLoop();
    MemoryStore store = new MemoryStore(loop.time);
    OutboxRig rig;
    Lease lease;
    final List<Envelope> held = new ArrayList<>();
    final Map<Long, String> stored = new HashMap<>();
    final Set<Long> delivered = new HashSet<>();
    final Map<Priority, Long> lastTaken = new HashMap<>();
    final List<CompletableFuture<Long>> storing = new ArrayList<>();
    final List<CompletableFuture<Void>> sending = new ArrayList<>();
    int sent;
    int crashes;

    World(long seed) {
      random = new Random(seed);
      rig = open();
      lease = rig.outbox.lease();
    }

    OutboxRig open() {
      lastTaken.clear();
      OutboxRig opened =
          new OutboxRig(
              loop,
              OutboxLimits.builder()
                  .maxMessages(18 + random.nextInt(30))
                  .maxStoredMessages(40 + random.nextInt(200))
                  .overflow(
                      random.nextBoolean() ? OverflowPolicy.DROP_OLDEST : OverflowPolicy.REJECT)
                  .build(),
              false,
              store);
      opened.mayBlock = false;
      return opened;
    }

    void step() {
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3, 4, 5 -> offer();
        case 6, 7, 8, 9 -> takeSome();
        case 10, 11, 12 -> settleOne(true);
        case 13 -> settleOne(false);
        case 14, 15 -> rig.settle();
        case 16 -> store.answerOne();
        case 17 -> store.holds = random.nextInt(3) == 0;
        case 18 -> {
          if (random.nextInt(4) == 0) {
            store.full = store.full == null ? new IOException("no space left") : null;
            store.unreadable = random.nextInt(4) == 0;
          }
          loop.advance(Duration.ofSeconds(1));
        }
        default -> {
          int dice = random.nextInt(8);
          if (dice == 0) {
            crash();
          } else if (dice < 4) {
            endSession();
          }
        }
      }
      collect();
    }

    private void offer() {
      Priority priority = Priority.values()[random.nextInt(3)];
      TelemetryMessage message =
          TelemetryMessage.builder()
              .body(OutboxRig.message("m" + sent++).body())
              .priority(priority)
              .build();
      if (random.nextBoolean()) {
        storing.add(rig.outbox.store(message, 0));
      } else {
        sending.add(rig.outbox.offer(message));
      }
    }

    /** Remembers what the senders were notified of. */
    private void collect() {
      storing.removeIf(
          each -> {
            if (each.isDone() && !each.isCompletedExceptionally()) {
              stored.put(each.join(), "stored");
            }
            return each.isDone();
          });
      for (StoredOutcome outcome : rig.outcomes) {
        outcome.failure().ifPresent(why -> stored.remove(outcome.number()));
      }
      rig.outcomes.clear();
    }

    private void takeSome() {
      for (Envelope each : take(lease, 1 + random.nextInt(6))) {
        Priority priority = each.message().priority();
        Long last = lastTaken.put(priority, each.sequence());
        if (last != null && last >= each.sequence()) {
          throw new AssertionError(each.sequence() + " of " + priority + " came after " + last);
        }
        held.add(each);
      }
    }

    private void settleOne(boolean accept) {
      if (held.isEmpty()) {
        return;
      }
      Envelope one = held.remove(random.nextInt(held.size()));
      if (!delivered.add(one.sequence())) {
        throw new AssertionError(one.sequence() + " was taken although it was settled");
      }
      if (accept) {
        one.accepted();
      } else {
        one.failed(new RejectedException("by the test", Progress.MAYBE_SENT));
      }
    }

    /** What was in flight is taken again, in order. */
    private void endSession() {
      lease.revoke(
          SessionEnd.PLANNED,
          new UnreachableException("by the test", Stage.SESSION, Progress.MAYBE_SENT, null));
      held.clear();
      lastTaken.clear();
      lease = rig.outbox.lease();
    }

    /** The process dies, and what the store has is what remains. */
    private void crash() {
      crashes++;
      collect();
      MemoryStore next = new MemoryStore(loop.time);
      store.kept.forEach((sequence, kept) -> next.left(sequence, kept.message()));
      next.lastUsed(store.status().lastSequence());
      store = next;
      storing.clear();
      sending.clear();
      held.clear();
      Set<Long> there = new HashSet<>(store.kept.keySet());
      for (long sequence : stored.keySet()) {
        if (!delivered.contains(sequence) && !there.contains(sequence)) {
          throw new AssertionError("Stored message " + sequence + " was lost.");
        }
      }
      stored.keySet().retainAll(there);
      delivered.clear(); // What is still there comes once more; the other numbers are used again.
      rig = open();
      lease = rig.outbox.lease();
    }

    void end() {
      store.holds = false;
      store.full = null;
      store.unreadable = false;
      while (store.answerOne()) {
        rig.settle();
      }
      int quiet = 0;
      while (quiet < 3) {
        rig.settle();
        int before = held.size();
        takeSome();
        quiet = held.size() == before ? quiet + 1 : 0;
        while (!held.isEmpty()) {
          settleOne(true);
        }
        for (int i = 0; i < 60; i++) {
          loop.advance(Duration.ofSeconds(1));
          rig.settle();
        }
      }
      rig.settle();
      collect();
      assertThat(store.kept.keySet()).as(rig.outbox.status().toString()).isEmpty();
      assertThat(delivered).containsAll(stored.keySet());
      assertThat(store.kept).isEmpty();
      assertThat(storing).isEmpty();
      assertThat(sending).allMatch(CompletableFuture::isDone);
      assertThat(rig.outbox.status().waiting()).isZero();
      assertThat(rig.outbox.status().bytes()).isZero();
      assertThat(rig.outbox.status().durable().orElseThrow().unstored()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void losesNothingAndKeepsTheOrder(int tenth) {
    int crashes = 0;
    for (int seed = tenth * 100; seed < tenth * 100 + 100; seed++) {
      World world = new World(seed);
      try {
        for (int i = 0; i < 1_000; i++) {
          world.step();
        }
        world.end();
      } catch (Throwable e) {
        throw new AssertionError("With seed " + seed, e);
      }
      crashes += world.crashes;
    }
    assertThat(crashes).isPositive();
  }
}
