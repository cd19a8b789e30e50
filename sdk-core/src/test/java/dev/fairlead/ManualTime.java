package dev.fairlead;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Time that a test moves by hand. Alarms ring on the thread that moves it, each at its own time.
 * Safe for any thread.
 */
public final class ManualTime implements TimeSource {
  /** Where the wall clock begins. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final PriorityQueue<Pending> pending =
      new PriorityQueue<>(
          Comparator.comparingLong((Pending alarm) -> alarm.due)
              .thenComparingLong(alarm -> alarm.order));
  private long nanos;
  private long scheduled;

  /** Begins at {@link #START}. */
  public ManualTime() {}

  @Override
  public synchronized Instant now() {
    return START.plusNanos(nanos);
  }

  @Override
  public synchronized long nanoTime() {
    // Near the end of the range, where a comparison of absolute values would go wrong.
    return Long.MAX_VALUE - 1_000 + nanos;
  }

  @Override
  public synchronized Alarm schedule(Duration delay, Runnable task) {
    Pending alarm = new Pending(nanos + Math.max(0, delay.toNanos()), scheduled++, task);
    pending.add(alarm);
    return () -> {
      synchronized (this) {
        pending.remove(alarm);
      }
    };
  }

  /** Moves the time and rings what becomes due. */
  public void advance(Duration by) {
    long end;
    synchronized (this) {
      end = nanos + by.toNanos();
    }
    for (Pending next = nextUntil(end); next != null; next = nextUntil(end)) {
      next.task.run();
    }
    synchronized (this) {
      nanos = end;
    }
  }

  private synchronized @Nullable Pending nextUntil(long end) {
    if (pending.isEmpty() || pending.peek().due > end) {
      return null;
    }
    Pending next = pending.remove();
    nanos = Math.max(nanos, next.due);
    return next;
  }

  /** How many alarms are set. */
  public synchronized int alarms() {
    return pending.size();
  }

  /** How many alarms were set since the beginning. */
  public synchronized long scheduled() {
    return scheduled;
  }

  private record Pending(long due, long order, Runnable task) {}
}
