package dev.fairlead.session;

import dev.fairlead.Route;
import dev.fairlead.spi.InstalledTransports;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transports that this client can use: those given to the builder, then those that are
 * installed. For one route the first is used.
 */
public final class Transports {
  private static final Logger log = LoggerFactory.getLogger(Transports.class);

  private final Map<Route, TransportProvider> byRoute = new LinkedHashMap<>();
  private final Map<Route, RouteOffer> offersByRoute = new LinkedHashMap<>();
  private final List<TransportOffer> offers = new ArrayList<>();
  private final List<String> broken = new ArrayList<>();

  public static Transports of(List<TransportProvider> given) {
    Transports transports = new Transports();
    given.forEach(provider -> transports.add(provider, provider.offer()));
    InstalledTransports installed = InstalledTransports.find();
    installed.transports().forEach(found -> transports.add(found.provider(), found.offer()));
    installed.failures().forEach(failure -> log.warn("{}", failure));
    transports.broken.addAll(installed.failures());
    return transports;
  }

  private void add(TransportProvider provider, TransportOffer offer) {
    List<RouteOffer> fresh =
        offer.routes().stream().filter(route -> !byRoute.containsKey(route.route())).toList();
    fresh.forEach(
        route -> {
          byRoute.put(route.route(), provider);
          offersByRoute.put(route.route(), route);
        });
    if (!fresh.isEmpty()) {
      offers.add(new TransportOffer(offer.name(), fresh));
    }
  }

  /**
   * The same routes for the devices of a gateway, all opened by one provider in front of the
   * transports. A route that declares several identities, from a transport that is not a {@link
   * dev.fairlead.spi.MultiplexingProvider}, counts as one that carries one, because nothing could
   * be attached to its connections.
   */
  public Transports through(TransportProvider front) {
    Transports through = new Transports();
    for (TransportOffer offer : offers) {
      List<RouteOffer> routes = new ArrayList<>();
      for (RouteOffer route : offer.routes()) {
        RouteOffer shown =
            provider(route.route()) instanceof MultiplexingProvider ? route : unshared(route);
        through.byRoute.put(route.route(), front);
        through.offersByRoute.put(route.route(), shown);
        routes.add(shown);
      }
      through.offers.add(new TransportOffer(offer.name(), routes));
    }
    through.broken.addAll(broken);
    return through;
  }

  private static RouteOffer unshared(RouteOffer route) {
    return new RouteOffer(
        route.route(),
        route.capabilities(),
        route.delivery(),
        1,
        route.footprint(),
        route.compact(),
        route.notes());
  }

  public RouteOffer offer(Route route) {
    RouteOffer offer = offersByRoute.get(route);
    if (offer == null) {
      throw new IllegalArgumentException("No transport offers " + route + ".");
    }
    return offer;
  }

  public List<TransportOffer> offers() {
    return offers;
  }

  public TransportProvider provider(Route route) {
    TransportProvider provider = byRoute.get(route);
    if (provider == null) {
      throw new IllegalArgumentException("No transport offers " + route + ".");
    }
    return provider;
  }

  Set<dev.fairlead.Capability> capabilities(Route route) {
    RouteOffer offer = offersByRoute.get(route);
    return offer == null ? Set.of() : offer.capabilities();
  }

  /** Why installed transports cannot be used: one sentence each. */
  public List<String> broken() {
    return broken;
  }
}
