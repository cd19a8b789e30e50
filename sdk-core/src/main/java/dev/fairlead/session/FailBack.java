package dev.fairlead.session;

import dev.fairlead.MaintenanceWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * Decides once in each maintenance window when to try better routes, at a moment drawn evenly from
 * the rest of the window. Has no alarm of its own. Confined to the loop.
 */
final class FailBack {
  private final MaintenanceWindow window;
  private final RandomGenerator random;

  /** The window that {@link #moment} was drawn from, by its beginning. */
  private Instant drawnFor = Instant.MIN;

  private Instant moment = Instant.MIN;
  private boolean done;

  FailBack(MaintenanceWindow window, RandomGenerator random) {
    this.window = window;
    this.random = random;
  }

  /** Whether the moment has come; true once in each window. */
  boolean comes(Instant time) {
    Instant begins = window.openOrNext(time);
    if (!begins.equals(drawnFor)) {
      drawnFor = begins;
      moment = draw(begins.isAfter(time) ? begins : time, begins.plus(window.length()));
      done = false;
    }
    if (done || time.isBefore(moment)) {
      return false;
    }
    done = true;
    return true;
  }

  /** How long until {@link #comes} is to be asked again. */
  Duration untilNext(Instant time) {
    return Duration.between(time, done ? drawnFor.plus(window.length()) : moment);
  }

  private Instant draw(Instant from, Instant to) {
    return from.plusNanos(random.nextLong(Duration.between(from, to).toNanos()));
  }
}
