package dev.fairlead.localhub.core;

import dev.fairlead.localhub.HubTime;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** Real time; actions run on a thread that serves connections. */
public final class LoopTime implements HubTime {

  private final EventExecutor loop;

  /** Real time on the given thread. */
  public LoopTime(EventExecutor loop) {
    this.loop = loop;
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public Scheduled schedule(Duration delay, Runnable action) {
    ScheduledFuture<?> waiting = loop.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> waiting.cancel(false);
  }
}
