package dev.fairlead.sqlite;

import dev.fairlead.TimeSource;
import java.time.Instant;

/**
 * The clock that ages of messages are measured with, in milliseconds. While the store is open it
 * follows the monotonic clock, so that it does not matter if the wall clock is set. Time in which
 * the store was closed is taken from the wall clock if that is plausible, and is zero otherwise: a
 * device that starts in 1970 makes no message too old. Safe for any thread.
 */
final class StoreClock {
  /** A clock that shows less was never set. */
  static final Instant FLOOR = Instant.parse("2026-01-01T00:00:00Z");

  /** More is taken for a wrong clock. */
  private static final long MOST_DOWNTIME = 366L * 24 * 60 * 60 * 1000;

  private static final long NANOS = 1_000_000;

  private final TimeSource time;
  private final long start;
  private final long startNanos;

  /**
   * A clock that goes on from what was stored.
   *
   * @param time the machine's clocks
   * @param last what this clock showed at the last commit, 0 for a new store
   * @param lastWall what the wall clock showed then, in milliseconds since 1970
   */
  StoreClock(TimeSource time, long last, long lastWall) {
    this.time = time;
    this.startNanos = time.nanoTime();
    this.start = last + downtime(lastWall, time.now().toEpochMilli());
  }

  long now() {
    return start + (time.nanoTime() - startNanos) / NANOS;
  }

  /** The wall clock, in milliseconds since 1970. */
  long wall() {
    return time.now().toEpochMilli();
  }

  private static long downtime(long lastWall, long wall) {
    long floor = FLOOR.toEpochMilli();
    boolean plausible = lastWall >= floor && wall >= lastWall && wall - lastWall <= MOST_DOWNTIME;
    return plausible ? wall - lastWall : 0;
  }
}
