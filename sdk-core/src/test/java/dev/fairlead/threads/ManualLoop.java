package dev.fairlead.threads;

import dev.fairlead.ManualTime;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;

/** A loop without a thread: it runs what is queued when the test says so, on the test's thread. */
public final class ManualLoop implements Loop {
  public final ManualTime time = new ManualTime();
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private boolean running;

  /** Runs a task on the loop, and all that it leads to. */
  public void run(Runnable task) {
    execute(task);
    running = true;
    try {
      for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
        next.run();
      }
    } finally {
      running = false;
    }
  }

  /** Runs what was queued from outside. */
  public void run() {
    run(() -> {});
  }

  public void advance(Duration by) {
    time.advance(by);
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    return time.schedule(delay, () -> run(task));
  }

  @Override
  public boolean inLoop() {
    return running;
  }

  @Override
  public Instant now() {
    return time.now();
  }

  @Override
  public long nanoTime() {
    return time.nanoTime();
  }
}
