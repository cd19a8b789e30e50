package dev.fairlead.session;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.transport.Overdue;
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
        ? new UnreachableException(
            notOpen(route.toString(), endpoint, limit, "a credential")
                + " The token source or signer given to the client did not answer, and nothing was"
                + " sent to the hub. Check the source; the client asks it again.",
            Stage.CREDENTIAL,
            Progress.NOT_SENT,
            null)
        : new UnreachableException(
            notOpen(route.toString(), endpoint, limit, begun.step())
                + " Something in between drops packets, or the hub is overloaded. Check the"
                + " network, or allow more time with openTimeout; another route may pass.",
            Stage.OPEN,
            Progress.NOT_SENT,
            null);
  }

  private static String notOpen(String what, Endpoint endpoint, Duration limit, String step) {
    return what
        + " to "
        + endpoint
        + " was not open within "
        + Overdue.inWords(limit)
        + "; it waited for "
        + step
        + ".";
  }
}
