package dev.fairlead.session;

import java.time.Duration;

/**
 * When a route of a worse class may be taken, one that polls although the plan has routes that
 * push. A process that has not had a better one may be in a network that allows nothing else, so it
 * tries all routes of the plan. Once a better route has worked, a worse one is taken only when all
 * better ones have failed for a while, in several passes through the plan. Times are those of
 * {@link Uptime}. Confined to the loop.
 */
final class LastResort {
  static final Duration PATIENCE = Duration.ofMinutes(10);
  static final int WALKS = 3;

  private boolean worked;
  private boolean down;
  private long downSince;
  private int walks;

  /** A route of the best class is open. */
  void betterOpened() {
    worked = true;
    down = false;
    walks = 0;
  }

  /** A pass through the plan begins, so no session is open. */
  void walkBegins(long now) {
    if (!down) {
      down = true;
      downSince = now;
    }
  }

  /** A pass through the plan has opened nothing. */
  void walkFailed() {
    walks++;
  }

  boolean isAllowed(long now) {
    return !worked || (down && walks >= WALKS && now - downSince >= PATIENCE.toNanos());
  }
}
