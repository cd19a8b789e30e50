package dev.fairlead.session;

import dev.fairlead.spi.Loop;
import java.time.Duration;

/**
 * When the token of an open session is to be renewed, and how far a renewal has come. Used for one
 * session; has no alarm of its own. Confined to the loop.
 */
final class RenewalSchedule {
  /** Wall clocks jump and machines sleep: the time of a renewal is checked at least this often. */
  static final Duration LOOK = Duration.ofHours(1);

  /** The least time between two attempts. */
  static final Duration LEAST = Duration.ofSeconds(5);

  /** The time between two attempts when the token has ended and the session has not. */
  static final Duration AFTER_EXPIRY = Duration.ofSeconds(30);

  /** The next attempt follows after the time that is left, divided by this. */
  private static final int SHARES = 3;

  /** How far a renewal has come. */
  enum Phase {
    RESTING,
    OBTAINING,
    PRESENTING
  }

  private final Loop loop;
  private final Uptime time;
  private final boolean renewable;
  private Phase phase = Phase.RESTING;
  private long due = Uptime.NEVER;

  RenewalSchedule(Loop loop, Uptime time, boolean renewable) {
    this.loop = loop;
    this.time = time;
    this.renewable = renewable;
  }

  Phase phase() {
    return phase;
  }

  /** When something is to be done, by {@link Uptime}. */
  long due() {
    return due;
  }

  /** A token is in use: nothing is to be done until it is no longer fresh. */
  void rest(TokenLease token) {
    phase = Phase.RESTING;
    due =
        renewable && token.expiry().isPresent()
            ? time.in(
                token
                    .untilRenewal(loop)
                    .map(left -> left.compareTo(LEAST) < 0 ? LEAST : left)
                    .filter(left -> left.compareTo(LOOK) < 0)
                    .orElse(LOOK))
            : Uptime.NEVER;
  }

  /** The times that the renewal was computed from have changed. */
  void lookNow() {
    if (phase == Phase.RESTING && due != Uptime.NEVER) {
      due = time.now();
    }
  }

  /** A renewal goes on, for a time that is limited. */
  void busy(Phase with, Duration limit) {
    phase = with;
    due = time.in(limit);
  }

  /** A renewal did not succeed: it is tried again after a share of the time that is left. */
  Duration retry(TokenLease token) {
    Duration left = token.untilExpiry(loop).orElse(Duration.ZERO);
    Duration wait = left.isNegative() || left.isZero() ? AFTER_EXPIRY : left.dividedBy(SHARES);
    wait = wait.compareTo(LEAST) < 0 ? LEAST : wait;
    wait = wait.compareTo(LOOK) > 0 ? LOOK : wait;
    phase = Phase.RESTING;
    due = time.in(wait);
    return wait;
  }
}
