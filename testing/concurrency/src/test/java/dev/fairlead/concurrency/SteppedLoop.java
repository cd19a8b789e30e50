package dev.fairlead.concurrency;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A loop on threads of the scenario, one at a time, whose alarms come with {@link SteppedTime}. */
public final class SteppedLoop implements Loop {
  private final SteppedTime time;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private boolean running;
  private @Nullable Thread thread;

  public SteppedLoop(SteppedTime time) {
    this.time = time;
  }

  @Override
  public void execute(Runnable task) {
    Scheduler.access();
    tasks.add(task);
    if (!running) {
      running = true;
      Scheduler.begin("loop", this::runAll);
    }
  }

  private void runAll() {
    thread = Thread.currentThread();
    for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
      next.run();
      Scheduler.access();
    }
    thread = null;
    running = false;
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    return time.schedule(delay, () -> execute(task));
  }

  @Override
  public boolean inLoop() {
    return Thread.currentThread() == thread;
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
