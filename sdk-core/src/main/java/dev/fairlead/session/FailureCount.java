package dev.fairlead.session;

import java.time.Duration;

/**
 * Counts failures only: passes through the plan that opened nothing, sessions that were lost before
 * they were stable, refused credentials. A session that is replaced gracefully counts as the same
 * one. Times are those of {@link Uptime}. Confined to the loop.
 */
final class FailureCount {
  private final long stableAfter;
  private int failures;
  private int refusals;
  private int takeOvers;
  private boolean up;
  private long upSince;

  FailureCount(Duration stableAfter) {
    this.stableAfter = stableAfter.toNanos();
  }

  /** Failures in a row since the last stable session. */
  int failures() {
    return failures;
  }

  /** Refusals in a row since the last stable session. */
  int refusals() {
    return refusals;
  }

  /** Take-overs by another client in a row, with no session in between that lasted longer. */
  int takeOvers() {
    return takeOvers;
  }

  /** A session opened; a session that it replaces gracefully counts as the same one. */
  void opened(long now) {
    if (!up) {
      up = true;
      upSince = now;
    }
  }

  /** No route of the plan could be opened, or one that must not be left. */
  void notOpened(long now) {
    down(now);
    failures++;
  }

  /** An open session was lost. It is a failure unless the session was stable. */
  void lost(long now) {
    if (!down(now)) {
      failures++;
    }
  }

  /** The hub refused the credential, of an opening or of an open session. */
  void refused(long now) {
    down(now);
    refusals++;
  }

  /**
   * Another client took the identity over.
   *
   * @param lasting how long a session must last so that earlier take-overs no longer count
   */
  void takenOver(long now, Duration lasting) {
    takeOvers = up && now - upSince >= lasting.toNanos() ? 1 : takeOvers + 1;
    down(now);
  }

  /** Forgets earlier failures once the session is stable; true if it is. */
  boolean settle(long now) {
    boolean stable = up && now - upSince >= stableAfter;
    if (stable) {
      failures = 0;
      refusals = 0;
    }
    return stable;
  }

  private boolean down(long now) {
    boolean stable = settle(now);
    up = false;
    return stable;
  }
}
