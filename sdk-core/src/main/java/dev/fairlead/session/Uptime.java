package dev.fairlead.session;

import dev.fairlead.spi.Loop;
import java.time.Duration;

/** The monotonic clock, counted from zero so that moments can be compared and added. */
final class Uptime {
  /** A moment that is never reached. */
  static final long NEVER = Long.MAX_VALUE;

  private final Loop loop;
  private final long origin;

  Uptime(Loop loop) {
    this.loop = loop;
    origin = loop.nanoTime();
  }

  /** Nanoseconds since the beginning. */
  long now() {
    return loop.nanoTime() - origin;
  }

  /** The moment that is a given time from now; {@link #NEVER} if that overflows. */
  long in(Duration delay) {
    try {
      return Math.addExact(now(), Math.max(0, delay.toNanos()));
    } catch (ArithmeticException beyondCounting) {
      return NEVER;
    }
  }
}
