package dev.fairlead.spi;

import dev.fairlead.Capability;
import dev.fairlead.Route;
import java.util.List;
import java.util.Set;

/**
 * One offered route and its properties that the planning rules use.
 *
 * @param route protocol, carrier and documented port
 * @param capabilities what a session of this route can do; the contract test observes exactly these
 * @param delivery whether the hub pushes cloud-to-device messages or the device polls
 * @param identitiesPerConnection how many identities one TLS connection carries: 1, or the hub's
 *     limit
 * @param footprint how much memory the transport's libraries need, as the hub's guidance ranks them
 * @param compact whether the encoding is binary
 * @param notes remarks for an operator on this route's configuration, one sentence each: shown by
 *     {@link dev.fairlead.policy.TransportPlan#explain()} and by the connection state
 */
public record RouteOffer(
    Route route,
    Set<Capability> capabilities,
    Delivery delivery,
    int identitiesPerConnection,
    Footprint footprint,
    boolean compact,
    List<String> notes) {
  /** Copies the collections and checks the count. */
  public RouteOffer {
    capabilities = Set.copyOf(capabilities);
    notes = List.copyOf(notes);
    if (identitiesPerConnection < 1) {
      throw new IllegalArgumentException("A connection carries at least one identity.");
    }
  }

  /**
   * An offer without notes.
   *
   * @param route protocol, carrier and documented port
   * @param capabilities what a session of this route can do
   * @param delivery whether the hub pushes or the device polls
   * @param identitiesPerConnection how many identities one TLS connection carries
   * @param footprint how much memory the transport's libraries need
   * @param compact whether the encoding is binary
   */
  public RouteOffer(
      Route route,
      Set<Capability> capabilities,
      Delivery delivery,
      int identitiesPerConnection,
      Footprint footprint,
      boolean compact) {
    this(route, capabilities, delivery, identitiesPerConnection, footprint, compact, List.of());
  }

  /** How cloud-to-device messages arrive. */
  public enum Delivery {
    /** Immediately. */
    PUSH,
    /**
     * On request, at most once in 25 minutes. Holds no connection of the identity at the hub, so a
     * session on another route may be open beside it.
     */
    POLL
  }

  /** The memory that a transport's libraries need. */
  public enum Footprint {
    /** Fits a low-resource device. */
    SMALL,
    /** Needs more than a low-resource device has. */
    LARGE
  }
}
