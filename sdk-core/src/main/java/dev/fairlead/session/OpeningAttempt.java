package dev.fairlead.session;

import dev.fairlead.Endpoint;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at one route: a credential first, then the transport, both within one limit. Confined
 * to the loop.
 */
final class OpeningAttempt {
  final Route route;
  final PlanWalk walk;

  /** When the limit is reached. */
  final long due;

  private @Nullable LiveSession session;

  OpeningAttempt(Route route, PlanWalk walk, long due) {
    this.route = route;
    this.walk = walk;
    this.due = due;
  }

  /** What the transport is opening; null while there is no credential. */
  @Nullable LiveSession session() {
    return session;
  }

  void session(LiveSession begun) {
    session = begun;
  }

  /** Why it failed when it is not open at its limit. */
  UnreachableException overdue(Endpoint endpoint, Duration limit) {
    LiveSession begun = session;
    return begun == null
        ? Openings.withoutCredential(route.toString(), endpoint, limit)
        : Openings.overdue(route.toString(), endpoint, limit, begun.opening);
  }
}
