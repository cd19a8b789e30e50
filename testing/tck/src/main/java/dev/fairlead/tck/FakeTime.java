package dev.fairlead.tck;

import dev.fairlead.TimeSource;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * Time that does not move until a test moves it. Tasks run on the thread that moves it, in the
 * order in which they are due, each at its own time, and never inside {@link #schedule}. Safe for
 * any thread.
 */
public final class FakeTime implements TimeSource {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /**
   * The monotonic clock overflows half a minute after the start: only differences are meaningful.
   */
  private static final long FIRST_NANO_TIME = Long.MAX_VALUE - Duration.ofSeconds(30).toNanos();

  private final Object lock = new Object();
  private final PriorityQueue<Entry> entries =
      new PriorityQueue<>(
          Comparator.comparingLong((Entry entry) -> entry.due).thenComparing(entry -> entry.order));
  private Instant wall;
  private long nanos;
  private long scheduled;

  /** Starts on the first of January 2026, UTC. */
  public FakeTime() {
    this(START);
  }

  /**
   * Starts at a given time.
   *
   * @param start the time of the wall clock
   */
  public FakeTime(Instant start) {
    wall = Objects.requireNonNull(start, "start");
  }

  @Override
  public Instant now() {
    synchronized (lock) {
      return wall;
    }
  }

  @Override
  public long nanoTime() {
    synchronized (lock) {
      return FIRST_NANO_TIME + nanos;
    }
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    Objects.requireNonNull(task, "task");
    synchronized (lock) {
      long wait = Math.max(0, delay.toNanos());
      Entry entry = new Entry(Math.addExact(nanos, wait), scheduled++, task);
      entries.add(entry);
      return () -> {
        synchronized (lock) {
          entries.remove(entry);
        }
      };
    }
  }

  /**
   * Moves both clocks forward and runs the tasks that become due, including those that they
   * schedule. A task's failure is thrown here immediately.
   *
   * @param by how far; zero runs the tasks that are due now
   */
  public void advance(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException(
          "Time cannot go back by a negative step. To correct the wall clock, use setWallClock.");
    }
    long end;
    synchronized (lock) {
      end = Math.addExact(nanos, by.toNanos());
    }
    for (Entry next = takeDue(end); next != null; next = takeDue(end)) {
      next.task.run();
    }
    synchronized (lock) {
      moveTo(end);
    }
  }

  /**
   * Moves both clocks forward in steps, one every 2 ms, until something has happened. Fails after
   * two minutes.
   *
   * @param step how far each time
   * @param condition what is waited for
   */
  public void advanceUntil(Duration step, BooleanSupplier condition) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(2))
        .until(
            () -> {
              if (!condition.getAsBoolean()) {
                advance(step);
              }
              return condition.getAsBoolean();
            });
  }

  /**
   * Moves to the next task's time and runs the tasks that are due then.
   *
   * @return how far it moved, empty if nothing is scheduled
   */
  public Optional<Duration> advanceToNext() {
    Optional<Duration> distance = untilNext();
    distance.ifPresent(this::advance);
    return distance;
  }

  /**
   * Sets only the wall clock, as when a clock is corrected. Tasks are not affected.
   *
   * @param now the new time of the wall clock
   */
  public void setWallClock(Instant now) {
    synchronized (lock) {
      wall = Objects.requireNonNull(now, "now");
    }
  }

  /**
   * How long until the next task.
   *
   * @return zero or more, empty if nothing is scheduled
   */
  public Optional<Duration> untilNext() {
    synchronized (lock) {
      Entry next = entries.peek();
      return next == null
          ? Optional.empty()
          : Optional.of(Duration.ofNanos(Math.max(0, next.due - nanos)));
    }
  }

  /**
   * Whether a task is due at exactly a given time.
   *
   * @param distance the time from now
   * @return true if there is one
   */
  public boolean hasTaskIn(Duration distance) {
    synchronized (lock) {
      long due = nanos + distance.toNanos();
      return entries.stream().anyMatch(entry -> entry.due == due);
    }
  }

  /**
   * How many tasks are scheduled.
   *
   * @return the count, without cancelled tasks
   */
  public int pending() {
    synchronized (lock) {
      return entries.size();
    }
  }

  /**
   * A loop on the test's own thread: its tasks run when time is advanced, also by zero. Their
   * exceptions are thrown there.
   *
   * @return a loop whose {@code inLoop()} is true on the thread that calls this
   */
  public Loop loop() {
    Thread owner = Thread.currentThread();
    return new Loop() {
      @Override
      public void execute(Runnable task) {
        FakeTime.this.schedule(Duration.ZERO, task);
      }

      @Override
      public Alarm schedule(Duration delay, Runnable task) {
        return FakeTime.this.schedule(delay, task);
      }

      @Override
      public boolean inLoop() {
        return Thread.currentThread() == owner;
      }

      @Override
      public Instant now() {
        return FakeTime.this.now();
      }

      @Override
      public long nanoTime() {
        return FakeTime.this.nanoTime();
      }
    };
  }

  private @Nullable Entry takeDue(long end) {
    synchronized (lock) {
      Entry next = entries.peek();
      if (next == null || next.due > end) {
        return null;
      }
      entries.remove();
      moveTo(next.due);
      return next;
    }
  }

  private void moveTo(long target) {
    if (target > nanos) {
      wall = wall.plusNanos(target - nanos);
      nanos = target;
    }
  }

  @Override
  public String toString() {
    return "FakeTime[" + now() + ", " + pending() + " scheduled]";
  }

  private record Entry(long due, long order, Runnable task) {}
}
