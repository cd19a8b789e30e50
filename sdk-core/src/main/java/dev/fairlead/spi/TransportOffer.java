package dev.fairlead.spi;

import java.util.List;

/**
 * What a provider offers.
 *
 * @param name the provider's name in logs and explanations, such as {@code fairlead-mqtt}
 * @param routes its routes
 */
public record TransportOffer(String name, List<RouteOffer> routes) {
  /** Copies the list. */
  public TransportOffer {
    routes = List.copyOf(routes);
  }
}
