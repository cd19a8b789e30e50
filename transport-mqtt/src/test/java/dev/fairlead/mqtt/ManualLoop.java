package dev.fairlead.mqtt;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A loop on the test's own thread whose clock the test moves. */
final class ManualLoop implements Loop {
  private final List<Task> tasks = new ArrayList<>();
  private long now = Long.MAX_VALUE - Duration.ofSeconds(30).toNanos(); // the counter may wrap
  private long order;

  private record Task(long at, long order, Runnable task) {}

  @Override
  public void execute(Runnable task) {
    tasks.add(new Task(now, order++, task));
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    Task added = new Task(now + delay.toNanos(), order++, task);
    tasks.add(added);
    return () -> tasks.remove(added);
  }

  void advance(Duration time) {
    long until = now + time.toNanos();
    while (true) {
      Task next =
          tasks.stream()
              .filter(task -> task.at - until <= 0)
              .min(Comparator.<Task>comparingLong(task -> task.at - now).thenComparing(Task::order))
              .orElse(null);
      if (next == null) {
        break;
      }
      tasks.remove(next);
      now = next.at - now > 0 ? next.at : now;
      next.task.run();
    }
    now = until;
  }

  int pending() {
    return tasks.size();
  }

  @Override
  public boolean inLoop() {
    return true;
  }

  @Override
  public Instant now() {
    return Instant.EPOCH;
  }

  @Override
  public long nanoTime() {
    return now;
  }
}
