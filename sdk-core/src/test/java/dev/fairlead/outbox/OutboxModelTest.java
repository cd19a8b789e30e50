package dev.fairlead.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.Outcomes;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random operations on the outbox and on a model that is a plain list, searched from its beginning
 * each time. After every step both must agree.
 */
class OutboxModelTest {
  private static final int STEPS = 20_000;
  private static final int MAX_MESSAGES = 12;
  private static final int OVERHEAD = 600;
  private static final int MAX_BYTES = TelemetryMessage.MAX_BYTES;
  private static final Duration DEFAULT_TIME_TO_LIVE = Duration.ofSeconds(40);

  static Stream<Arguments> runs() {
    return Stream.of(OverflowPolicy.values())
        .flatMap(policy -> Stream.of(1L, 22L, 333L).map(seed -> Arguments.of(policy, seed)));
  }

  @ParameterizedTest(name = "{0}, seed {1}")
  @MethodSource("runs")
  void agreesWithItsModel(OverflowPolicy policy, long seed) {
    Run run = new Run(policy, seed);
    for (int step = 1; step <= STEPS; step++) {
      String what = run.step();
      try {
        run.compare();
      } catch (AssertionError e) {
        throw new AssertionError(policy + ", seed " + seed + ", step " + step + ": " + what, e);
      }
    }
    run.end();
  }

  /** One message as the model sees it. */
  private static final class Item {
    final long sequence;
    final int size;
    final long expires;
    final CompletableFuture<Void> future;
    final AtomicInteger completions = new AtomicInteger();
    @Nullable Envelope holder;
    boolean maybeSent;
    boolean over;
    boolean expectedToSucceed;

    Item(long sequence, int size, long expires, CompletableFuture<Void> future) {
      this.sequence = sequence;
      this.size = size;
      this.expires = expires;
      this.future = future;
      future.whenComplete((done, failure) -> completions.incrementAndGet());
    }

    /** Plain comparisons: this runs millions of times. */
    void check() {
      if (completions.get() != (over ? 1 : 0)) {
        throw new AssertionError(sequence + " was completed " + completions + " times");
      }
      if (over && future.isCompletedExceptionally() == expectedToSucceed) {
        throw new AssertionError(sequence + " should have ended otherwise than " + future);
      }
      if (over && !expectedToSucceed) {
        assertThat(Outcomes.progressOf(future))
            .isEqualTo(maybeSent ? Progress.MAYBE_SENT : Progress.NOT_SENT);
      }
    }
  }

  private static final class Run {
    private final OverflowPolicy policy;
    private final Random random;
    private final OutboxRig rig;
    private final AtomicInteger woken = new AtomicInteger();

    private final List<Item> all = new ArrayList<>();

    /** In the order of their numbers. */
    private final List<Item> present = new ArrayList<>();

    private final List<Item> changed = new ArrayList<>();
    private final Map<Envelope, Item> handles = new HashMap<>();
    private final List<Envelope> recentHandles = new ArrayList<>();
    private @Nullable Lease lease;
    private boolean asleep;
    private long nextSequence = 1;
    private long seconds;
    private long accepted;
    private long failed;
    private long resent;

    Run(OverflowPolicy policy, long seed) {
      this.policy = policy;
      random = new Random(seed);
      rig =
          new OutboxRig(
              OutboxLimits.builder()
                  .maxMessages(MAX_MESSAGES)
                  .maxBytes(MAX_BYTES)
                  .overflow(policy)
                  .timeToLive(DEFAULT_TIME_TO_LIVE)
                  .build());
      rig.mayBlock = false;
    }

    String step() {
      int dice = random.nextInt(100);
      if (dice < 35) {
        return offer();
      }
      if (dice < 60) {
        return take();
      }
      if (dice < 85) {
        return settle();
      }
      if (dice < 93) {
        return changeSession();
      }
      return passTime();
    }

    private String offer() {
      int size = random.nextInt(10) == 0 ? random.nextInt(MAX_BYTES + 1) : random.nextInt(40_000);
      boolean own = random.nextInt(4) == 0;
      long timeToLive = own ? 1 + random.nextInt(60) : DEFAULT_TIME_TO_LIVE.toSeconds();
      String what = "offer " + size + " bytes for " + timeToLive + " s";
      while (policy == OverflowPolicy.DROP_OLDEST && !fits(size) && fitsBesideUnderWay(size)) {
        over(waiting().get(0), false);
      }
      TelemetryMessage.Builder message = TelemetryMessage.builder().body(new byte[size]);
      if (own) {
        message.timeToLive(Duration.ofSeconds(timeToLive));
      }
      boolean wasAsleep = asleep;
      woken.set(0);
      boolean fits = fits(size);
      CompletableFuture<Void> future = rig.outbox.offer(message.build());
      Item item = new Item(fits ? nextSequence++ : 0, size, seconds + timeToLive, future);
      all.add(item);
      if (fits) {
        present.add(item);
        if (wasAsleep) {
          assertThat(woken.get()).as("a session that found nothing is notified").isPositive();
          asleep = false;
        }
      } else {
        over(item, false);
      }
      return what;
    }

    private boolean fitsBesideUnderWay(int size) {
      List<Item> held = present.stream().filter(item -> item.holder != null).toList();
      return held.size() < MAX_MESSAGES
          && (held.isEmpty() || cost(held) + size + OVERHEAD <= MAX_BYTES);
    }

    private boolean fits(int size) {
      return present.size() < MAX_MESSAGES
          && (present.isEmpty() || bytes() + size + OVERHEAD <= MAX_BYTES);
    }

    private String take() {
      int most = random.nextInt(8);
      long bytes = random.nextInt(3) == 0 ? random.nextInt(100_000) : Long.MAX_VALUE;
      String what = "take " + most + " messages, " + bytes + " bytes";
      Lease from = lease;
      if (from == null) {
        return what + " (no lease)";
      }
      List<Item> expected = new ArrayList<>();
      long sum = 0;
      for (Item item : waiting()) {
        sum += item.size;
        if (expected.size() == most || (sum > bytes && !expected.isEmpty())) {
          break;
        }
        expected.add(item);
      }
      List<Envelope> taken = from.take(most, bytes, TelemetryMessage::size);
      assertThat(taken)
          .extracting(Envelope::sequence)
          .as(what)
          .isEqualTo(expected.stream().map(item -> item.sequence).toList());
      for (int i = 0; i < taken.size(); i++) {
        Item item = expected.get(i);
        item.holder = taken.get(i);
        item.maybeSent = true;
        handles.put(taken.get(i), item);
        recentHandles.add(taken.get(i));
      }
      asleep = taken.size() < most && waiting().isEmpty();
      return what;
    }

    private String settle() {
      if (recentHandles.isEmpty()) {
        return "nothing to settle";
      }
      Envelope handle = recentHandles.get(random.nextInt(recentHandles.size()));
      Item item = handles.get(handle);
      boolean current = item != null && item.holder == handle;
      String what = (current ? "" : "late: ") + handle.sequence();
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          handle.accepted();
          if (current) {
            over(item, true);
          }
          what += " accepted";
        }
        case 2 -> {
          handle.failed(new RejectedException("refused", Progress.MAYBE_SENT));
          if (current) {
            over(item, false);
          }
          what += " failed";
        }
        default -> {
          handle.giveBack();
          if (current) {
            item.holder = null;
            expire();
          }
          what += " given back";
        }
      }
      while (recentHandles.size() > 30) {
        handles.remove(recentHandles.remove(0));
      }
      return what;
    }

    private String changeSession() {
      Lease last = lease;
      if (last == null) {
        Lease next = rig.outbox.lease();
        woken.set(0);
        next.whenReadable(woken::incrementAndGet);
        assertThat(woken.get() > 0)
            .as("is notified of queued messages")
            .isEqualTo(!waiting().isEmpty());
        asleep = waiting().isEmpty();
        lease = next;
        return "new session";
      }
      last.revoke(SessionEnd.PLANNED, null);
      lease = null;
      asleep = false;
      List<Item> held = present.stream().filter(item -> item.holder != null).toList();
      resent += held.size();
      held.forEach(item -> item.holder = null);
      expire();
      return "session ends";
    }

    private String passTime() {
      int passing = random.nextInt(8);
      rig.time.advance(Duration.ofSeconds(passing));
      seconds += passing;
      expire();
      return passing + " s pass";
    }

    private void expire() {
      waiting().stream().filter(item -> item.expires <= seconds).forEach(item -> over(item, false));
    }

    private void over(Item item, boolean success) {
      present.remove(item);
      item.over = true;
      item.holder = null;
      item.expectedToSucceed = success;
      changed.add(item);
      if (success) {
        accepted++;
      } else {
        failed++;
      }
    }

    private List<Item> waiting() {
      return present.stream().filter(item -> item.holder == null).toList();
    }

    private long bytes() {
      return cost(present);
    }

    private static long cost(Collection<Item> items) {
      return items.stream().mapToLong(item -> item.size + OVERHEAD).sum();
    }

    void compare() {
      rig.settle();
      int waiting = waiting().size();
      assertThat(rig.outbox.status())
          .isEqualTo(
              new OutboxStatus(
                  waiting,
                  present.size() - waiting,
                  bytes(),
                  accepted,
                  failed,
                  resent,
                  Optional.empty()));
      present.forEach(Item::check);
      changed.forEach(Item::check);
      changed.clear();
      assertThat(rig.time.alarms()).isLessThanOrEqualTo(1);
    }

    void end() {
      assertThat(accepted).as("the run accepts, fails and resends").isPositive();
      assertThat(failed).isPositive();
      assertThat(resent).isPositive();
      rig.close();
      for (Item item : List.copyOf(present)) {
        over(item, false);
      }
      all.forEach(Item::check);
      assertThat(rig.outbox.status())
          .isEqualTo(new OutboxStatus(0, 0, 0, accepted, failed, resent, Optional.empty()));
      assertThat(all).hasSize((int) (accepted + failed));
    }
  }
}
