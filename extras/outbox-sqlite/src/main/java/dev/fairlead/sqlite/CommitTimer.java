package dev.fairlead.sqlite;

import dev.fairlead.TimeSource;
import dev.fairlead.TimeSource.Alarm;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** When the current transaction is committed at the latest. Confined to the store's thread. */
final class CommitTimer {
  private final TimeSource time;
  private final Runnable ring;
  private @Nullable Long due;
  private @Nullable Alarm alarm;

  /**
   * A timer that is not set.
   *
   * @param ring wakes the store's thread; called on any thread
   */
  CommitTimer(TimeSource time, Runnable ring) {
    this.time = time;
    this.ring = ring;
  }

  /** Sets the time, unless it is set to an earlier one. */
  void within(Duration delay) {
    long at = time.nanoTime() + delay.toNanos();
    if (due == null || at - due < 0) {
      clear();
      due = at;
      if (!delay.isZero()) {
        alarm = time.schedule(delay, ring);
      }
    }
  }

  boolean isDue() {
    return due != null && time.nanoTime() - due >= 0;
  }

  void clear() {
    due = null;
    Alarm set = alarm;
    alarm = null;
    if (set != null) {
      set.cancel();
    }
  }
}
