package dev.fairlead.localhub;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * A clock that only moves when a test moves it, so that a test need not wait for time to pass.
 *
 * <p>Safe for use by several threads; actions run on the thread that calls {@link #advance}.
 */
public final class ManualHubTime implements HubTime {

  private final PriorityQueue<Entry> entries =
      new PriorityQueue<>(Comparator.comparing(Entry::due).thenComparingLong(Entry::order));
  private Instant now;
  private long order;

  /** Starts at the real time, so that certificates and tokens created elsewhere are valid. */
  public ManualHubTime() {
    this(Instant.now());
  }

  /** Starts at the given time. */
  public ManualHubTime(Instant start) {
    this.now = start;
  }

  @Override
  public synchronized Instant now() {
    return now;
  }

  @Override
  public synchronized Scheduled schedule(Duration delay, Runnable action) {
    Entry entry = new Entry(now.plus(delay), order++, action);
    entries.add(entry);
    return () -> cancel(entry);
  }

  /**
   * Moves the clock forward and runs on this thread, in order, the actions that become due.
   *
   * @param step zero or more; zero runs the actions that are due already
   * @throws IllegalArgumentException if the step is negative
   */
  public void advance(Duration step) {
    if (step.isNegative()) {
      throw new IllegalArgumentException("The hub's clock cannot go back by " + step + ".");
    }
    Instant end = now().plus(step);
    for (Entry due = takeDue(end); due != null; due = takeDue(end)) {
      due.action().run();
    }
  }

  private synchronized @Nullable Entry takeDue(Instant end) {
    Entry next = entries.peek();
    if (next == null || next.due().isAfter(end)) {
      now = now.isBefore(end) ? end : now;
      return null;
    }
    now = now.isBefore(next.due()) ? next.due() : now;
    return entries.remove();
  }

  private synchronized void cancel(Entry entry) {
    entries.remove(entry);
  }

  private record Entry(Instant due, long order, Runnable action) {}
}
