package dev.fairlead;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Objects;

/**
 * A time of every day at which a session may be interrupted. On a day when clocks are put forward
 * over its beginning, it begins right after that.
 *
 * @param start when it begins, in the local time of {@code zone}
 * @param length how long it lasts: more than zero, at most 24 hours
 * @param zone the time zone
 */
public record MaintenanceWindow(LocalTime start, Duration length, ZoneId zone) {
  /** Checks the length. */
  public MaintenanceWindow {
    Objects.requireNonNull(start, "start");
    Objects.requireNonNull(zone, "zone");
    if (length.isZero() || length.isNegative() || length.compareTo(Duration.ofHours(24)) > 0) {
      throw new IllegalArgumentException(
          "A maintenance window of every day lasts more than zero and at most 24 hours, not "
              + length
              + ".");
    }
  }

  /**
   * When the window that is open at a given time began or, if none is, when the next one begins.
   *
   * @param time the time
   * @return its beginning; it is over {@link #length()} later
   */
  public Instant openOrNext(Instant time) {
    LocalDate day = LocalDate.ofInstant(time, zone).minusDays(1);
    // Of two windows that touch, as on a day that clocks make shorter, the earlier counts.
    while (!begins(day).plus(length).isAfter(time)) {
      day = day.plusDays(1);
    }
    return begins(day);
  }

  private Instant begins(LocalDate day) {
    return day.atTime(start).atZone(zone).toInstant();
  }

  @Override
  public String toString() {
    return "from " + start + " for " + length.toMinutes() + " min every day in " + zone;
  }
}
