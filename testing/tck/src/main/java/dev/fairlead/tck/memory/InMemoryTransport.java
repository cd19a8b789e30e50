package dev.fairlead.tck.memory;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.RouteOffer.Delivery;
import dev.fairlead.spi.RouteOffer.Footprint;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A transport to an {@link InMemoryHub}. It can represent any of the hub's protocols: it does what
 * it declares, and a route that declares several identities carries them. Immutable; each method
 * with a value returns a changed copy.
 */
public final class InMemoryTransport implements MultiplexingProvider {
  private final InMemoryHub hub;
  private final List<RouteOffer> routes;
  private final Options options;

  /**
   * The options of the transport.
   *
   * @param window how many messages may be unacknowledged
   * @param answerTimeout how long to wait for any answer before the connection is considered dead
   * @param renewsInPlace whether a new credential can be sent on the open connection
   * @param capacity how many devices a connection can carry, whatever the routes offer
   */
  record Options(int window, Duration answerTimeout, boolean renewsInPlace, int capacity) {}

  private InMemoryTransport(InMemoryHub hub, List<RouteOffer> routes, Options options) {
    this.hub = hub;
    this.routes = List.copyOf(routes);
    this.options = options;
  }

  /**
   * A transport with the routes of the given protocols, as documented. It has a window of 10, an
   * answer time-out of 10 s, and renews by a new session.
   *
   * @param hub the hub
   * @param protocols one or more
   * @return the transport
   */
  public static InMemoryTransport like(InMemoryHub hub, Protocol... protocols) {
    return of(hub, Arrays.stream(protocols).map(InMemoryTransport::documented).toList());
  }

  /**
   * A transport with any routes, which do what they declare.
   *
   * @param hub the hub
   * @param routes one or more
   * @return the transport
   */
  public static InMemoryTransport of(InMemoryHub hub, List<RouteOffer> routes) {
    return new InMemoryTransport(
        hub, routes, new Options(10, Duration.ofSeconds(10), false, Integer.MAX_VALUE));
  }

  /**
   * The route of a protocol as the hub's documentation describes it.
   *
   * @param protocol the protocol
   * @return the offer
   */
  public static RouteOffer documented(Protocol protocol) {
    Set<Capability> all = EnumSet.allOf(Capability.class);
    Set<Capability> mqtt = EnumSet.complementOf(EnumSet.of(Capability.ABANDON, Capability.REJECT));
    Set<Capability> https =
        EnumSet.complementOf(EnumSet.of(Capability.TWIN, Capability.DIRECT_METHODS));
    return switch (protocol) {
      case MQTT -> push(new Route(protocol, Carrier.TCP, 8883), mqtt, 1, Footprint.SMALL);
      case MQTT_WS -> push(new Route(protocol, Carrier.WEBSOCKET, 443), mqtt, 1, Footprint.SMALL);
      case AMQP -> push(new Route(protocol, Carrier.TCP, 5671), all, 1000, Footprint.LARGE);
      case AMQP_WS -> push(new Route(protocol, Carrier.WEBSOCKET, 443), all, 500, Footprint.LARGE);
      case HTTPS ->
          new RouteOffer(
              new Route(protocol, Carrier.HTTP, 443),
              https,
              Delivery.POLL,
              1,
              Footprint.SMALL,
              false);
    };
  }

  private static RouteOffer push(
      Route route, Set<Capability> capabilities, int identities, Footprint footprint) {
    return new RouteOffer(route, capabilities, Delivery.PUSH, identities, footprint, true);
  }

  /**
   * The same with another window.
   *
   * @param messages how many may be unacknowledged, 1 or more
   * @return a new transport
   */
  public InMemoryTransport withWindow(int messages) {
    return new InMemoryTransport(
        hub,
        routes,
        new Options(messages, options.answerTimeout, options.renewsInPlace, options.capacity));
  }

  /**
   * The same with another limit on waiting for an answer.
   *
   * @param limit positive
   * @return a new transport
   */
  public InMemoryTransport withAnswerTimeout(Duration limit) {
    return new InMemoryTransport(
        hub, routes, new Options(options.window, limit, options.renewsInPlace, options.capacity));
  }

  /**
   * The same, with renewal of the credential on the open connection.
   *
   * @return a new transport
   */
  public InMemoryTransport renewingInPlace() {
    return new InMemoryTransport(
        hub, routes, new Options(options.window, options.answerTimeout, true, options.capacity));
  }

  /**
   * The same, with connections that carry fewer devices than the routes offer.
   *
   * @param devices how many, 1 or more
   * @return a new transport
   */
  public InMemoryTransport withCapacity(int devices) {
    return new InMemoryTransport(
        hub,
        routes,
        new Options(options.window, options.answerTimeout, options.renewsInPlace, devices));
  }

  @Override
  public TransportOffer offer() {
    return new TransportOffer("fairlead-memory", routes);
  }

  @Override
  public Opening<TransportSession> open(Route route, SessionContext context) {
    InMemoryOpening opening = new InMemoryOpening(hub, offered(route), options, context);
    opening.dial();
    return opening;
  }

  @Override
  public Opening<SharedConnection> connect(Route route, ConnectionContext context) {
    RouteOffer offer = offered(route);
    if (offer.identitiesPerConnection() < 2) {
      throw new IllegalArgumentException(route + " carries only one identity on a connection.");
    }
    InMemoryConnection connection = new InMemoryConnection(hub, offer, options, context);
    connection.dial();
    return connection;
  }

  private RouteOffer offered(Route route) {
    return routes.stream()
        .filter(each -> each.route().equals(route))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(route + " is not offered here."));
  }
}
