package dev.fairlead.session;

import dev.fairlead.Endpoint;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import dev.fairlead.auth.Credentials;
import dev.fairlead.settings.ClientSettings;
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
  UnreachableException overdue(ClientSettings settings) {
    LiveSession begun = session;
    Endpoint endpoint = settings.endpointOf(route);
    Duration limit = settings.openTimeout();
    return begun == null
        ? Openings.withoutCredential(
            route.toString(),
            endpoint,
            limit,
            Credentials.areLocal(settings.device().credentials()))
        : Openings.overdue(route.toString(), endpoint, limit, begun.opening);
  }
}
