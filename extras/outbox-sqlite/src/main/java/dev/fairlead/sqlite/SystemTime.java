package dev.fairlead.sqlite;

import dev.fairlead.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The machine's clocks. Alarms ring on the JDK's own timer thread. */
final class SystemTime implements TimeSource {
  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    AtomicBoolean ended = new AtomicBoolean();
    CompletableFuture.delayedExecutor(
            Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS, Runnable::run)
        .execute(
            () -> {
              if (ended.compareAndSet(false, true)) {
                task.run();
              }
            });
    return () -> ended.set(true);
  }
}
