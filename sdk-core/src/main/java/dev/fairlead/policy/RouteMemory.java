package dev.fairlead.policy;

import dev.fairlead.Route;
import dev.fairlead.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Remembers which routes failed lately, each for a while. A remembered route is tried last in the
 * next plan; it is never removed, so a wrong entry costs time but not the connection.
 *
 * <p>Expiry is measured on the monotonic clock: setting the wall clock, as on a board that boots in
 * 1970, does not change when an entry expires. At most {@value #CAPACITY} routes are kept; a
 * further one replaces the one that would expire first. Safe for any thread.
 */
public final class RouteMemory {
  /** How many routes are remembered at most. */
  public static final int CAPACITY = 32;

  private final TimeSource time;
  private final Map<Route, Entry> entries = new LinkedHashMap<>();

  /**
   * An empty memory.
   *
   * @param time the clocks to use
   */
  public RouteMemory(TimeSource time) {
    this.time = Objects.requireNonNull(time, "time");
  }

  /**
   * Postpones a route. A second call for the same route replaces the first.
   *
   * @param route the route that failed
   * @param howLong for how long; positive, cut to 365 days
   * @param why the failure in one plain phrase, for a person to read; no secrets
   * @throws IllegalArgumentException if the duration is not positive
   */
  public void postpone(Route route, Duration howLong, String why) {
    Objects.requireNonNull(route, "route");
    Objects.requireNonNull(why, "why");
    if (howLong.isZero() || howLong.isNegative()) {
      throw new IllegalArgumentException(
          "A route is postponed for a positive time, not for "
              + howLong
              + "; use forget(route) to end it.");
    }
    // nanoTime wraps after 292 years; a bound keeps the differences meaningful
    Duration bounded = howLong.compareTo(Duration.ofDays(365)) > 0 ? Duration.ofDays(365) : howLong;
    Entry entry = new Entry(time.nanoTime(), bounded.toNanos(), why);
    synchronized (entries) {
      dropExpired(entry.since);
      entries.remove(route);
      if (entries.size() >= CAPACITY) {
        dropFirstToExpire(entry.since);
      }
      entries.put(route, entry);
    }
  }

  /**
   * Ends a postponement, as after a success on that route.
   *
   * @param route the route; no effect if it is not remembered
   */
  public void forget(Route route) {
    synchronized (entries) {
      entries.remove(route);
    }
  }

  /**
   * What is remembered now.
   *
   * @return the postponed routes, without those whose time is up
   */
  public Snapshot snapshot() {
    long nano = time.nanoTime();
    Instant wall = time.now();
    Map<Route, Postponement> postponed = new HashMap<>();
    synchronized (entries) {
      dropExpired(nano);
      entries.forEach(
          (route, entry) ->
              postponed.put(
                  route, new Postponement(wall.plusNanos(entry.remaining(nano)), entry.why)));
    }
    return new Snapshot(postponed);
  }

  private void dropExpired(long nano) {
    for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
      if (all.next().remaining(nano) <= 0) {
        all.remove();
      }
    }
  }

  private void dropFirstToExpire(long nano) {
    entries.entrySet().stream()
        .min((a, b) -> Long.compare(a.getValue().remaining(nano), b.getValue().remaining(nano)))
        .ifPresent(first -> entries.remove(first.getKey()));
  }

  private record Entry(long since, long length, String why) {
    long remaining(long nano) {
      return length - (nano - since);
    }
  }

  /**
   * Why a route is tried last, and for how long.
   *
   * @param until when it returns to its place in the order, by the present wall clock
   * @param why the failure in one plain phrase
   */
  public record Postponement(Instant until, String why) {}

  /**
   * What was remembered at one moment: a value for planning.
   *
   * @param postponed the routes that are tried last
   */
  public record Snapshot(Map<Route, Postponement> postponed) {
    private static final Snapshot NONE = new Snapshot(Map.of());

    /** Copies the map. */
    public Snapshot {
      postponed = Map.copyOf(postponed);
    }

    /**
     * No failures remembered.
     *
     * @return the empty snapshot
     */
    public static Snapshot none() {
      return NONE;
    }
  }
}
