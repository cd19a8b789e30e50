package dev.fairlead.policy;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.RouteOffer.Delivery;
import dev.fairlead.spi.RouteOffer.Footprint;
import dev.fairlead.spi.TransportOffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What real transports offer, written down a second time. */
final class Wires {
  private static final Set<Capability> ON_MQTT =
      EnumSet.of(
          Capability.TELEMETRY,
          Capability.CLOUD_MESSAGES,
          Capability.TWIN,
          Capability.DIRECT_METHODS);
  private static final Set<Capability> ON_HTTPS =
      EnumSet.of(
          Capability.TELEMETRY, Capability.CLOUD_MESSAGES, Capability.ABANDON, Capability.REJECT);
  private static final Set<Capability> ON_AMQP = EnumSet.allOf(Capability.class);

  private Wires() {}

  static RouteOffer offer(Protocol protocol) {
    return switch (protocol) {
      case MQTT -> small(protocol, Carrier.TCP, 8883);
      case MQTT_WS -> small(protocol, Carrier.WEBSOCKET, 443);
      case AMQP -> large(protocol, Carrier.TCP, 5671, 1000);
      case AMQP_WS -> large(protocol, Carrier.WEBSOCKET, 443, 500);
      case HTTPS ->
          new RouteOffer(
              new Route(protocol, Carrier.HTTP, 443),
              ON_HTTPS,
              Delivery.POLL,
              1,
              Footprint.SMALL,
              false);
    };
  }

  /** One transport with these protocols. */
  static List<TransportOffer> only(Protocol... protocols) {
    return List.of(new TransportOffer("test", Arrays.stream(protocols).map(Wires::offer).toList()));
  }

  static List<TransportOffer> all() {
    return only(Protocol.values());
  }

  private static RouteOffer small(Protocol protocol, Carrier carrier, int port) {
    return new RouteOffer(
        new Route(protocol, carrier, port), ON_MQTT, Delivery.PUSH, 1, Footprint.SMALL, true);
  }

  private static RouteOffer large(Protocol protocol, Carrier carrier, int port, int identities) {
    return new RouteOffer(
        new Route(protocol, carrier, port),
        ON_AMQP,
        Delivery.PUSH,
        identities,
        Footprint.LARGE,
        true);
  }
}
