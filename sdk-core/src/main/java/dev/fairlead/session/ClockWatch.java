package dev.fairlead.session;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Detects that the wall clock was set: it moved differently from the monotonic clock. A machine
 * that slept looks the same if its monotonic clock stops during sleep. Confined to the loop.
 */
final class ClockWatch {
  /** Slewing stays below it, and it is far below what makes a token or certificate invalid. */
  static final Duration STEP = Duration.ofSeconds(10);

  /** How often the clocks are compared while the client waits for the clock to be corrected. */
  static final Duration INTERVAL = Duration.ofSeconds(15);

  private final Loop loop;
  private final Runnable look;
  private Instant wall;
  private long nanos;
  private @Nullable Alarm alarm;

  /**
   * @param look is run while {@link #watch} is on; it calls {@link #step}
   */
  ClockWatch(Loop loop, Runnable look) {
    this.loop = loop;
    this.look = look;
    wall = loop.now();
    nanos = loop.nanoTime();
  }

  /** How far the wall clock was set since the last call; empty if it was not. */
  Optional<Duration> step() {
    Instant before = loop.now();
    long between = loop.nanoTime();
    Instant now = loop.now();
    if (Duration.between(before, now).abs().compareTo(STEP) > 0) {
      return Optional.empty(); // being set now; the next look measures it
    }
    Duration step = Duration.between(wall, now).minusNanos(between - nanos);
    wall = now;
    nanos = between;
    return step.abs().compareTo(STEP) < 0 ? Optional.empty() : Optional.of(step);
  }

  /** Compares the clocks at intervals, or stops doing so. */
  void watch(boolean on) {
    if (!on && alarm != null) {
      alarm.cancel();
      alarm = null;
    } else if (on && alarm == null) {
      alarm =
          loop.schedule(
              INTERVAL,
              () -> {
                alarm = null;
                look.run();
              });
    }
  }
}
