package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One pass through a plan's routes, and the failures on the way. Confined to the loop. */
final class PlanWalk {
  private final Iterator<Route> routes;
  private @Nullable HubException failure;
  private int failed;

  PlanWalk(List<Route> routes) {
    this.routes = routes.iterator();
  }

  Optional<Route> next() {
    return routes.hasNext() ? Optional.of(routes.next()) : Optional.empty();
  }

  boolean hasNext() {
    return routes.hasNext();
  }

  void failed(HubException reason) {
    failed++;
    if (failure == null) {
      failure = reason;
    } else if (failure != reason && failure.getSuppressed().length < failed - 1) {
      // A transport may return the same failure object repeatedly: it must not grow.
      failure.addSuppressed(reason);
    }
  }

  /** The first failure, with those of the other routes suppressed in it. */
  HubException failure() {
    return failure != null
        ? failure
        : new UnreachableException(
            "The plan holds no route.", Stage.CONNECT, Progress.NOT_SENT, null);
  }

  /** The same, null if nothing has failed. */
  @Nullable HubException failureSoFar() {
    return failure;
  }
}
