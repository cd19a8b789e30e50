package dev.fairlead.transport;

import dev.fairlead.ManualTime;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;

/** A loop without a queue: the test's thread is the loop, and the test moves its clock. */
final class ManualLoop implements Loop {
  final ManualTime time = new ManualTime();
  int clockReads;

  void advance(Duration by) {
    time.advance(by);
  }

  @Override
  public void execute(Runnable task) {
    time.schedule(Duration.ZERO, task);
  }

  @Override
  public Alarm schedule(Duration delay, Runnable task) {
    return time.schedule(delay, task);
  }

  @Override
  public boolean inLoop() {
    return true;
  }

  @Override
  public Instant now() {
    return time.now();
  }

  @Override
  public long nanoTime() {
    clockReads++;
    return time.nanoTime();
  }
}
