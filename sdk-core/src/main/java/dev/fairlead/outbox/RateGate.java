package dev.fairlead.outbox;

import dev.fairlead.RateLimit;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket that one outbox uses, or all outboxes of a gateway. While it is empty those that
 * want to send wait in a queue, and one alarm is set for the first of them. Each in turn is granted
 * one message; what there is beyond that is granted in equal parts.
 *
 * <p>Safe for any thread. Its lock may be taken under an outbox's lock, never the other way round,
 * and nothing of an outbox is called while it is held.
 */
public final class RateGate {
  /** Wake-ups are not closer together than this if the burst allows it. */
  private static final Duration LEAST_PAUSE = Duration.ofMillis(10);

  private static final Duration LONGEST_PAUSE = Duration.ofDays(1);

  private static final double NANOS = 1e9;

  /** Absorbs what floating-point numbers lose. */
  private static final double ALMOST = 1e-6;

  /** What sending a message takes. */
  record Cost(double messages, double bytes) {
    static final Cost NOTHING = new Cost(0, 0);

    Cost plus(Cost other) {
      return new Cost(messages + other.messages, bytes + other.bytes);
    }

    Cost times(double factor) {
      return new Cost(messages * factor, bytes * factor);
    }
  }

  /** One outbox at the gate. Fields are guarded by the gate's lock. */
  final class Turn {
    private final Runnable wake;

    /** What it waits for; null if it does not wait. */
    private @Nullable Cost wanted;

    /** What it was given when its turn came and has not taken yet. */
    private Cost granted = Cost.NOTHING;

    private Turn(Runnable wake) {
      this.wake = wake;
    }

    /**
     * Takes what a message needs, or waits for it.
     *
     * @return whether it may be sent; if not, {@code wake} is called when it may
     */
    boolean take(TelemetryMessage message) {
      return RateGate.this.take(this, cost(message));
    }

    /** A message was not sent after all. */
    void giveBack(TelemetryMessage message) {
      RateGate.this.giveBack(cost(message));
    }

    /** There is nothing to be sent now: others may go first. */
    void pass() {
      RateGate.this.pass(this);
    }
  }

  /** What accrues of one thing. */
  private static final class Bucket {
    final double rate;
    final double most;
    final ToDoubleFunction<Cost> of;
    double level;

    Bucket(double rate, Duration burst, ToDoubleFunction<Cost> of) {
      this.rate = rate;
      this.of = of;
      most = Math.max(1, rate * burst.toNanos() / NANOS);
      level = most;
    }

    /** What there must be; a message that is larger than the bucket needs a full one. */
    private double needed(Cost cost) {
      return Math.min(of.applyAsDouble(cost), most);
    }

    boolean has(Cost cost) {
      return level + ALMOST >= needed(cost);
    }

    boolean isCovered(Cost cost, Cost by) {
      return of.applyAsDouble(by) + ALMOST >= of.applyAsDouble(cost);
    }

    /** How many times there is a cost. */
    double times(Cost cost) {
      double one = of.applyAsDouble(cost);
      return one > 0 ? Math.max(0, level) / one : Double.POSITIVE_INFINITY;
    }

    double nanosUntil(Cost cost) {
      return Math.max(0, needed(cost) - level) / rate * NANOS;
    }

    /** Takes a cost, or gives it back; what is too much then runs over when it is filled. */
    void add(Cost cost, int sign) {
      level += sign * of.applyAsDouble(cost);
    }
  }

  private final TimeSource time;
  private final int meteredBytes;
  private final long leastPauseNanos;
  private final Object lock = new Object();

  // Guarded by lock.
  private final List<Bucket> buckets = new ArrayList<>(2);
  private final Set<Turn> waiting = new LinkedHashSet<>();
  private long filledNanos;
  private TimeSource.@Nullable Alarm alarm;
  private long alarmNanos;

  /**
   * @param limit how fast the bucket fills, and what it holds
   * @param time for the rate and the alarm
   */
  public RateGate(RateLimit limit, TimeSource time) {
    this.time = time;
    meteredBytes = limit.meteredBytes();
    leastPauseNanos = Math.min(LEAST_PAUSE.toNanos(), limit.burst().toNanos() / 2);
    limit
        .messagesPerSecond()
        .ifPresent(rate -> buckets.add(new Bucket(rate, limit.burst(), Cost::messages)));
    limit
        .bytesPerSecond()
        .ifPresent(rate -> buckets.add(new Bucket(rate, limit.burst(), Cost::bytes)));
    filledNanos = time.nanoTime();
  }

  /**
   * @param wake called without any lock when the outbox may send again
   */
  Turn join(Runnable wake) {
    return new Turn(wake);
  }

  private Cost cost(TelemetryMessage message) {
    int size = message.size();
    int messages = meteredBytes == 0 ? 1 : Math.max(1, (size - 1) / meteredBytes + 1);
    return new Cost(messages, size);
  }

  private boolean take(Turn turn, Cost cost) {
    synchronized (lock) {
      fill();
      if (isCovered(cost, turn.granted)) {
        turn.granted = turn.granted.plus(cost.times(-1));
        return true;
      }
      refund(turn);
      boolean first = waiting.isEmpty() || waiting.iterator().next() == turn;
      if (first && has(cost)) {
        leave(turn);
        add(cost, -1);
        return true;
      }
      turn.wanted = cost;
      waiting.add(turn);
      setAlarm();
      return false;
    }
  }

  private void giveBack(Cost cost) {
    synchronized (lock) {
      fill();
      add(cost, 1);
      setAlarm();
    }
  }

  private void pass(Turn turn) {
    synchronized (lock) {
      fill();
      refund(turn);
      leave(turn);
      setAlarm();
    }
  }

  /** The only place that wakes, so that turns that are passed on do not nest. */
  private void alarmRang() {
    List<Turn> next;
    synchronized (lock) {
      alarm = null;
      fill();
      next = serve();
      setAlarm();
    }
    next.forEach(turn -> turn.wake.run());
  }

  // ---- under the lock

  private void fill() {
    long now = time.nanoTime();
    long passed = now - filledNanos;
    if (passed > 0) {
      filledNanos = now;
      for (Bucket bucket : buckets) {
        bucket.level = Math.min(bucket.most, bucket.level + bucket.rate * passed / NANOS);
      }
    }
  }

  private boolean has(Cost cost) {
    for (Bucket bucket : buckets) {
      if (!bucket.has(cost)) {
        return false;
      }
    }
    return true;
  }

  private boolean isCovered(Cost cost, Cost by) {
    for (Bucket bucket : buckets) {
      if (!bucket.isCovered(cost, by)) {
        return false;
      }
    }
    return true;
  }

  private void add(Cost cost, int sign) {
    buckets.forEach(bucket -> bucket.add(cost, sign));
  }

  private void refund(Turn turn) {
    add(turn.granted, 1);
    turn.granted = Cost.NOTHING;
  }

  private void leave(Turn turn) {
    turn.wanted = null;
    waiting.remove(turn);
  }

  /** What the first of those that wait needs. */
  private @Nullable Cost wanted() {
    return waiting.isEmpty() ? null : waiting.iterator().next().wanted;
  }

  /** Grants what there is to those that wait. */
  private List<Turn> serve() {
    List<Turn> served = new ArrayList<>();
    Cost granted = Cost.NOTHING;
    for (Cost wanted = wanted(); wanted != null && has(wanted); wanted = wanted()) {
      Turn first = waiting.iterator().next();
      leave(first);
      grant(first, wanted);
      granted = granted.plus(wanted);
      served.add(first);
    }
    if (waiting.isEmpty() && served.size() > 1) { // Or the first would take all the rest.
      double more = Double.POSITIVE_INFINITY;
      for (Bucket bucket : buckets) {
        more = Math.min(more, bucket.times(granted));
      }
      for (Turn turn : served) {
        grant(turn, turn.granted.times(more));
      }
    }
    return served;
  }

  private void grant(Turn turn, Cost cost) {
    add(cost, -1);
    turn.granted = turn.granted.plus(cost);
  }

  /** Keeps one alarm, for the first of those that wait. */
  private void setAlarm() {
    Cost wanted = wanted();
    double nanos = 0; // Something was passed on.
    if (wanted != null && !has(wanted)) {
      nanos = leastPauseNanos;
      for (Bucket bucket : buckets) {
        nanos = Math.max(nanos, Math.ceil(bucket.nanosUntil(wanted)));
      }
    }
    long delay = (long) Math.min(nanos, (double) LONGEST_PAUSE.toNanos());
    long due = filledNanos + delay;
    if (alarm != null && wanted != null && alarmNanos - due <= 0) {
      return;
    }
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
    if (wanted != null) {
      alarmNanos = due;
      alarm = time.schedule(Duration.ofNanos(delay), this::alarmRang);
    }
  }
}
