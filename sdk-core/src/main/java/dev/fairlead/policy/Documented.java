package dev.fairlead.policy;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.RouteOffer.Delivery;
import dev.fairlead.spi.RouteOffer.Footprint;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The page "Choose a device communication protocol" as data: the five routes, their ranking, and
 * the artifact that brings each. The only place of the policy that names protocols; the rules judge
 * a route that is not installed by its entry here.
 */
final class Documented {
  /** File upload goes to the hub's HTTPS endpoint and to blob storage, both on this port. */
  static final int UPLOAD_PORT = 443;

  private static final Set<Capability> ALL = EnumSet.allOf(Capability.class);
  private static final Set<Capability> MQTT =
      EnumSet.complementOf(EnumSet.of(Capability.ABANDON, Capability.REJECT));
  private static final Set<Capability> HTTPS =
      EnumSet.complementOf(EnumSet.of(Capability.TWIN, Capability.DIRECT_METHODS));

  /** The five routes. The identities per connection are the limits of the official clients. */
  static final List<RouteOffer> ROUTES =
      List.of(
          push(Protocol.MQTT, Carrier.TCP, 8883, MQTT, 1, Footprint.SMALL),
          push(Protocol.MQTT_WS, Carrier.WEBSOCKET, 443, MQTT, 1, Footprint.SMALL),
          push(Protocol.AMQP, Carrier.TCP, 5671, ALL, 1000, Footprint.LARGE),
          push(Protocol.AMQP_WS, Carrier.WEBSOCKET, 443, ALL, 500, Footprint.LARGE),
          new RouteOffer(
              new Route(Protocol.HTTPS, Carrier.HTTP, 443),
              HTTPS,
              Delivery.POLL,
              1,
              Footprint.SMALL,
              false));

  private static final List<Protocol> ONE_IDENTITY =
      List.of(Protocol.MQTT, Protocol.MQTT_WS, Protocol.AMQP, Protocol.AMQP_WS, Protocol.HTTPS);
  private static final List<Protocol> GATEWAY =
      List.of(Protocol.AMQP, Protocol.AMQP_WS, Protocol.MQTT, Protocol.MQTT_WS, Protocol.HTTPS);

  private Documented() {}

  private static RouteOffer push(
      Protocol protocol,
      Carrier carrier,
      int port,
      Set<Capability> capabilities,
      int identities,
      Footprint footprint) {
    return new RouteOffer(
        new Route(protocol, carrier, port),
        capabilities,
        Delivery.PUSH,
        identities,
        footprint,
        true);
  }

  /**
   * MQTT first, AMQP first for gateways, HTTPS last. Plain before WebSockets is our reading: the
   * same features with fewer bytes and one round trip less.
   */
  static List<Protocol> ranking(boolean gateway) {
    return gateway ? GATEWAY : ONE_IDENTITY;
  }

  /** The artifact that brings a protocol. */
  static String artifact(Protocol protocol) {
    return switch (protocol) {
      case MQTT, MQTT_WS -> "fairlead-mqtt";
      case AMQP, AMQP_WS -> "fairlead-amqp";
      case HTTPS -> "fairlead-https";
    };
  }
}
