package dev.fairlead.concurrency;

import dev.fairlead.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Time that moves, and runs alarms, when a thread of the scenario says so. */
public final class SteppedTime implements TimeSource {
  private record Due(long nanos, Runnable task) {}

  private final List<Due> alarms = new ArrayList<>();
  private long now;

  /** Moves on; due alarms run on the calling thread. */
  public void advance(Duration by) {
    now += by.toNanos();
    for (Due next = next(); next != null; next = next()) {
      Due taken = next;
      alarms.removeIf(each -> each == taken);
      next.task.run();
    }
  }

  private @Nullable Due next() {
    return alarms.stream()
        .filter(each -> each.nanos <= now)
        .min(Comparator.comparingLong(Due::nanos))
        .orElse(null);
  }

  /** How many alarms are set. */
  public int alarms() {
    return alarms.size();
  }

  @Override
  public Instant now() {
    return Instant.EPOCH.plusNanos(now);
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    Scheduler.access();
    Due due = new Due(now + delay.toNanos(), task);
    alarms.add(due);
    return () -> {
      Scheduler.access();
      alarms.removeIf(each -> each == due);
    };
  }
}
