package dev.fairlead.session;

import dev.fairlead.MaintenanceWindow;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Says once in each maintenance window that now is the time to try better routes, at a moment drawn
 * evenly from what is left of it. Confined to the loop.
 */
final class FailBack {
  /** Wall clocks jump and machines sleep: the moment is looked at again this often at least. */
  private static final Duration LOOK = Duration.ofHours(1);

  private final MaintenanceWindow window;
  private final Loop loop;
  private final RandomGenerator random;
  private final Runnable now;

  private @Nullable Alarm alarm;

  /** The window that {@link #moment} was drawn from, by its beginning. */
  private Instant drawnFor = Instant.MIN;

  private Instant moment = Instant.MIN;
  private boolean done;

  FailBack(MaintenanceWindow window, Loop loop, RandomGenerator random, Runnable now) {
    this.window = window;
    this.loop = loop;
    this.random = random;
    this.now = now;
  }

  void start() {
    loop.assertInLoop();
    look();
  }

  void stop() {
    loop.assertInLoop();
    if (alarm != null) {
      alarm.cancel();
    }
  }

  private void look() {
    Instant time = loop.now();
    Instant begins = window.openOrNext(time);
    if (!begins.equals(drawnFor)) {
      drawnFor = begins;
      moment = draw(begins.isAfter(time) ? begins : time, begins.plus(window.length()));
      done = false;
    }
    if (!done && !time.isBefore(moment)) {
      done = true;
      now.run();
    }
    Duration left = Duration.between(time, done ? begins.plus(window.length()) : moment);
    alarm = loop.schedule(left.compareTo(LOOK) < 0 ? left : LOOK, this::look);
  }

  private Instant draw(Instant from, Instant to) {
    return from.plusNanos(random.nextLong(Duration.between(from, to).toNanos()));
  }
}
