package dev.fairlead.retry;

import dev.fairlead.HubException;
import dev.fairlead.TakenOverException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;

/**
 * What follows when a route fails to open, or an open session ends: the one table (see {@code
 * docs/delivery.md}).
 */
public enum Recovery {
  /** Try the plan's next route; after the last, wait and begin again. */
  NEXT_ROUTE,
  /**
   * Wait, then go through the plan from its beginning, which still contains the route just used.
   */
  WAIT_THEN_PLAN,
  /** Wait as the hub asks, then the same route: another one would only evade the limit. */
  WAIT_THEN_SAME_ROUTE,
  /**
   * Wait long, and longer each time, then the same route: a client that reconnects immediately cuts
   * the other one, which then reconnects and cuts this one.
   */
  GIVE_WAY,
  /**
   * A fresh credential immediately, then slow attempts on the same route: another one would be
   * refused as well.
   */
  RENEW_CREDENTIAL;

  public static Recovery after(HubException failure, boolean sessionWasOpen) {
    if (failure instanceof UnauthorizedException) {
      return RENEW_CREDENTIAL;
    }
    if (failure instanceof ThrottledException) {
      return WAIT_THEN_SAME_ROUTE;
    }
    if (failure instanceof TakenOverException) {
      return GIVE_WAY;
    }
    return sessionWasOpen ? WAIT_THEN_PLAN : NEXT_ROUTE;
  }
}
