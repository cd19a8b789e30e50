package dev.fairlead.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.OutboxLimits;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.RateLimit;
import dev.fairlead.StoredOutcome;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.concurrency.Scenario;
import dev.fairlead.concurrency.SteppedTime;
import dev.fairlead.spi.Envelope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What senders, sessions, alarms and a close do to an outbox at the same time. */
public final class OutboxScenarios {
  private OutboxScenarios() {}

  /** A message that was offered. */
  private record Offered(String text, CompletableFuture<Void> outcome, AtomicInteger completions) {
    boolean succeeded() {
      return outcome.isDone() && !outcome.isCompletedExceptionally();
    }
  }

  /** One device: its outbox, what was offered and what the hub has. */
  static final class Device implements Outbox.Environment {
    final Outbox outbox;
    private final List<Offered> offered = new ArrayList<>();
    private final List<String> arrived = new ArrayList<>();
    private final Map<Lease, Long> lastNumbers = new ConcurrentHashMap<>();

    Device(Outbox.Rules rules, SteppedTime time) {
      outbox = new Outbox(rules, time, this, null);
    }

    void offer(String text) {
      CompletableFuture<Void> outcome = outbox.offer(TelemetryMessage.of(text.getBytes(UTF_8)));
      AtomicInteger completions = new AtomicInteger();
      CompletableFuture<Void> unused =
          outcome.whenComplete((done, failure) -> completions.incrementAndGet());
      offered.add(new Offered(text, outcome, completions));
    }

    /** Takes what there is, and the hub accepts all of it. */
    int deliver(Lease lease, int most) {
      List<Envelope> taken = lease.take(most, 1_000, TelemetryMessage::size);
      for (Envelope each : taken) {
        if (each.sequence() <= lastNumbers.getOrDefault(lease, 0L)) {
          throw new AssertionError("out of order, or twice: " + each.sequence());
        }
        lastNumbers.put(lease, each.sequence());
        arrived.add(new String(each.message().body(), UTF_8));
        each.accepted();
      }
      return taken.size();
    }

    /** A session that sends until it is stopped, when it is notified of more. */
    Lease session() {
      Lease lease = outbox.reserve();
      lease.whenReadable(
          () -> {
            while (deliver(lease, 1) > 0) {
              // There may be more.
            }
          });
      outbox.begin(lease);
      return lease;
    }

    /** After all threads: each message arrived once and succeeded, or failed. */
    void check(int failures) {
      assertThat(arrived)
          .containsExactlyInAnyOrderElementsOf(
              offered.stream().filter(Offered::succeeded).map(Offered::text).toList());
      assertThat(offered).allMatch(each -> each.completions.get() == 1);
      assertThat(offered.size() - arrived.size()).isLessThanOrEqualTo(failures);
      OutboxStatus status = outbox.status();
      assertThat(status.waiting() + status.underWay()).isZero();
      assertThat(status.bytes()).isZero();
      assertThat(status.accepted()).isEqualTo(arrived.size());
      assertThat(status.accepted() + status.failed()).isEqualTo(offered.size());
    }

    @Override
    public <T> CompletableFuture<T> newFuture() {
      return new CompletableFuture<>();
    }

    @Override
    public Executor completions() {
      return Runnable::run;
    }

    @Override
    public boolean mayBlock() {
      return true;
    }

    @Override
    public void replaceSession(String why) {
      throw new AssertionError(why);
    }

    @Override
    public void outcome(StoredOutcome outcome) {
      throw new AssertionError("Every message has a future.");
    }

    @Override
    public void whenOutcomesPassedOn(Runnable task) {
      task.run();
    }

    @Override
    public void heldUp(@Nullable String note) {}
  }

  private static OutboxLimits limits(int messages, OverflowPolicy policy) {
    return OutboxLimits.builder().maxMessages(messages).overflow(policy).build();
  }

  private static Outbox.Rules rules(
      OutboxLimits limits, @Nullable Budget budget, RateGate... rates) {
    return new Outbox.Rules(
        limits, false, Optional.ofNullable(budget), List.of(rates), Optional.empty());
  }

  /** Two senders wait for room that a session makes: nobody sleeps for ever, nothing is lost. */
  public static final class Blocking implements Scenario {
    private final SteppedTime time = new SteppedTime();
    private final Device device = new Device(rules(limits(1, OverflowPolicy.BLOCK), null), time);

    @Override
    public List<Runnable> threads() {
      return List.of(this::sendTwo, () -> device.offer("c"), device::session);
    }

    private void sendTwo() {
      device.offer("a");
      device.offer("b");
    }

    @Override
    public void check() {
      device.check(0);
    }
  }

  /** The outbox closes while senders wait for room. */
  public static final class BlockedAndClosed implements Scenario {
    private final Device device =
        new Device(rules(limits(1, OverflowPolicy.BLOCK), null), new SteppedTime());
    private final AtomicInteger closed = new AtomicInteger();

    @Override
    public List<Runnable> threads() {
      return List.of(
          () -> device.offer("a"),
          () -> device.offer("b"),
          () -> device.outbox.close(closed::incrementAndGet));
    }

    @Override
    public void check() {
      device.check(2);
      assertThat(closed).hasValue(1);
    }
  }

  /** A session ends with messages in flight while another one begins and the sender goes on. */
  public static final class Revoked implements Scenario {
    private final Device device =
        new Device(rules(limits(10, OverflowPolicy.REJECT), null), new SteppedTime());
    private final Lease first = device.outbox.lease();

    @Override
    public List<Runnable> threads() {
      return List.of(this::send, this::takeOver, () -> device.deliver(first, 1));
    }

    private void send() {
      device.offer("a");
      device.offer("b");
    }

    private void takeOver() {
      first.revoke(SessionEnd.PLANNED, null);
      device.session();
    }

    @Override
    public void check() {
      // What the first session was told by its hub after its end does not count: sent again.
      device.outbox.close(() -> {});
      assertThat(device.offered).allMatch(each -> each.completions.get() == 1);
      assertThat(device.offered).allMatch(Offered::succeeded);
      assertThat(device.arrived).contains("a", "b");
    }
  }

  /** The oldest message makes room while a session has it, returns it, or has had it accepted. */
  public static final class DropOldest implements Scenario {
    private final Device device =
        new Device(rules(limits(2, OverflowPolicy.DROP_OLDEST), null), new SteppedTime());
    private final Lease lease = device.outbox.lease();

    @Override
    public List<Runnable> threads() {
      return List.of(this::send, this::takeAndReturn);
    }

    private void send() {
      device.offer("a");
      device.offer("b");
      device.offer("c");
    }

    private void takeAndReturn() {
      for (Envelope each : lease.take(2, 1_000, TelemetryMessage::size)) {
        each.giveBack();
        each.accepted(); // Too late.
      }
      device.deliver(lease, 1);
    }

    @Override
    public void check() {
      while (device.deliver(lease, 3) > 0) {
        // The rest.
      }
      device.check(2);
    }
  }

  /** Messages expire while a session takes them and the outbox drains. */
  public static final class Expiry implements Scenario {
    private final SteppedTime time = new SteppedTime();
    private final Device device =
        new Device(
            rules(
                limits(10, OverflowPolicy.REJECT).toBuilder()
                    .timeToLive(Duration.ofSeconds(1))
                    .build(),
                null),
            time);
    private final AtomicInteger drained = new AtomicInteger();

    public Expiry() {
      device.offer("a");
      device.offer("b");
    }

    @Override
    public List<Runnable> threads() {
      return List.of(
          device::session,
          () -> time.advance(Duration.ofSeconds(2)),
          () -> device.outbox.drain(drained::incrementAndGet));
    }

    @Override
    public void check() {
      device.check(2);
      assertThat(drained).hasValue(1);
    }
  }

  /** A sender waits for the signal that there is room. */
  public static final class WhenRoom implements Scenario {
    private final Device device =
        new Device(rules(limits(1, OverflowPolicy.REJECT), null), new SteppedTime());
    private final List<CompletableFuture<Void>> signals = new ArrayList<>();

    public WhenRoom() {
      device.offer("a");
    }

    @Override
    public List<Runnable> threads() {
      return List.of(
          () -> signals.add(device.outbox.whenRoom()),
          () -> signals.add(device.outbox.whenRoom()),
          device::session);
    }

    @Override
    public void check() {
      device.check(0);
      assertThat(signals).hasSize(2).allMatch(CompletableFuture::isDone);
    }
  }

  /** Two outboxes share a budget of three messages: each frees the room the other waits for. */
  public static final class SharedBudget implements Scenario {
    private final Budget budget = new Budget(3, 10_000, Long.MAX_VALUE, 2, 50);
    private final SteppedTime time = new SteppedTime();
    private final Device one = device();
    private final Device two = device();

    private Device device() {
      return new Device(rules(limits(10, OverflowPolicy.BLOCK), budget), time);
    }

    @Override
    public List<Runnable> threads() {
      return List.of(() -> send(one), () -> send(two), one::session, two::session);
    }

    private static void send(Device device) {
      device.offer("a");
      device.offer("b");
      device.offer("c");
    }

    @Override
    public void check() {
      one.check(0);
      two.check(0);
      assertThat(budget.use()).isEqualTo(new Budget.Use(2, 0, 0, 0));
    }
  }

  /** One of two outboxes that share a budget closes while the other waits for its room. */
  public static final class BudgetAndClose implements Scenario {
    private final Budget budget = new Budget(2, 10_000, Long.MAX_VALUE, 1, 0);
    private final SteppedTime time = new SteppedTime();
    private final Device one = device();
    private final Device two = device();

    public BudgetAndClose() {
      one.offer("a");
    }

    private Device device() {
      return new Device(rules(limits(10, OverflowPolicy.BLOCK), budget), time);
    }

    @Override
    public List<Runnable> threads() {
      return List.of(this::send, () -> one.outbox.close(() -> {}));
    }

    private void send() {
      two.offer("c");
      two.offer("d");
    }

    @Override
    public void check() {
      two.session();
      one.check(1);
      two.check(0);
      assertThat(budget.use()).isEqualTo(new Budget.Use(1, 0, 0, 0));
    }
  }

  /** A sender waits for the room that another outbox has taken beyond its share. */
  public static final class BudgetOfAnother implements Scenario {
    private final Budget budget = new Budget(3, 10_000, Long.MAX_VALUE, 2, 50);
    private final SteppedTime time = new SteppedTime();
    private final Device one = device();
    private final Device two = device();

    public BudgetOfAnother() {
      one.offer("a");
      one.offer("b");
      two.offer("c");
    }

    private Device device() {
      return new Device(rules(limits(10, OverflowPolicy.BLOCK), budget), time);
    }

    @Override
    public List<Runnable> threads() {
      return List.of(() -> two.offer("d"), one::session);
    }

    @Override
    public void check() {
      two.session();
      one.check(0);
      two.check(0);
    }
  }

  /** Two outboxes share a rate limit, whose alarm rings while they send. */
  public static final class SharedRate implements Scenario {
    private final SteppedTime time = new SteppedTime();
    private final RateGate gate =
        new RateGate(
            RateLimit.builder().messagesPerSecond(1).burst(Duration.ofSeconds(1)).build(), time);
    private final Device one = device();
    private final Device two = device();

    public SharedRate() {
      one.offer("a");
      one.offer("b");
      two.offer("c");
    }

    private Device device() {
      return new Device(rules(limits(10, OverflowPolicy.REJECT), null, gate), time);
    }

    @Override
    public List<Runnable> threads() {
      return List.of(one::session, two::session, () -> time.advance(Duration.ofSeconds(1)));
    }

    @Override
    public void check() {
      // One that was saved up, and at most one for the second that has passed.
      assertThat(one.arrived.size() + two.arrived.size()).isBetween(1, 2);
      time.advance(Duration.ofSeconds(1));
      time.advance(Duration.ofSeconds(1));
      time.advance(Duration.ofSeconds(1));
      one.check(0);
      two.check(0);
      assertThat(time.alarms()).isZero();
    }
  }

  /** Two take the one message that a rate limit allows. */
  public static final class OneToken implements Scenario {
    private final RateGate gate =
        new RateGate(
            RateLimit.builder().messagesPerSecond(1).burst(Duration.ofSeconds(1)).build(),
            new SteppedTime());
    private final AtomicInteger taken = new AtomicInteger();

    @Override
    public List<Runnable> threads() {
      return List.of(this::take, this::take);
    }

    private void take() {
      if (gate.join(() -> {}).take(TelemetryMessage.of(new byte[1]))) {
        taken.incrementAndGet();
      }
    }

    @Override
    public void check() {
      assertThat(taken).hasValue(1);
    }
  }
}
