package dev.fairlead.mqtt;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import java.util.List;
import java.util.Set;

/**
 * MQTT 3.1.1 over TLS, port 8883, and over WebSockets, port 443: telemetry, cloud-to-device
 * messages (completed only: MQTT can neither abandon nor reject), twin and direct methods of one
 * identity per connection. Safe for any thread.
 */
public final class MqttTransport implements TransportProvider {
  // IoT Hub: "Communicate with an IoT hub using the MQTT protocol".
  private static final Route MQTT = new Route(Protocol.MQTT, Carrier.TCP, 8883);
  private static final Route MQTT_WS = new Route(Protocol.MQTT_WS, Carrier.WEBSOCKET, 443);

  private final MqttOptions options;

  /** With all defaults, as the service loader makes it. */
  public MqttTransport() {
    this(MqttOptions.defaults());
  }

  /**
   * With options.
   *
   * @param options the options
   */
  public MqttTransport(MqttOptions options) {
    this.options = options;
  }

  @Override
  public TransportOffer offer() {
    return new TransportOffer("fairlead-mqtt", List.of(offer(MQTT), offer(MQTT_WS)));
  }

  private static RouteOffer offer(Route route) {
    return new RouteOffer(
        route,
        Set.of(
            Capability.TELEMETRY,
            Capability.CLOUD_MESSAGES,
            Capability.TWIN,
            Capability.DIRECT_METHODS),
        RouteOffer.Delivery.PUSH,
        1,
        RouteOffer.Footprint.SMALL,
        true);
  }

  @Override
  public Opening<TransportSession> open(Route route, SessionContext context) {
    if (route.protocol() == Protocol.MQTT && route.carrier() == Carrier.TCP) {
      return new MqttOpening(options, context, false);
    }
    if (route.protocol() == Protocol.MQTT_WS && route.carrier() == Carrier.WEBSOCKET) {
      return new MqttOpening(options, context, true);
    }
    throw new IllegalArgumentException(route + " is not a route of this transport.");
  }
}
