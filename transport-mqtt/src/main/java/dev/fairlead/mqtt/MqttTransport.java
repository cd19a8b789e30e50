package dev.fairlead.mqtt;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SessionOpening;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import java.util.List;
import java.util.Set;

/**
 * MQTT 3.1.1 over TLS, port 8883: telemetry, cloud-to-device messages (completed only: MQTT can
 * neither abandon nor reject), twin and direct methods of one identity per connection. Safe for any
 * thread.
 */
public final class MqttTransport implements TransportProvider {
  private static final Route MQTT = new Route(Protocol.MQTT, Carrier.TCP, 8883);

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
    return new TransportOffer(
        "fairlead-mqtt",
        List.of(
            new RouteOffer(
                MQTT,
                Set.of(
                    Capability.TELEMETRY,
                    Capability.CLOUD_MESSAGES,
                    Capability.TWIN,
                    Capability.DIRECT_METHODS),
                RouteOffer.Delivery.PUSH,
                1,
                RouteOffer.Footprint.SMALL,
                true)));
  }

  @Override
  public SessionOpening open(Route route, SessionContext context) {
    if (route.protocol() != Protocol.MQTT || route.carrier() != Carrier.TCP) {
      throw new IllegalArgumentException(route + " is not a route of this transport.");
    }
    return new MqttOpening(options, context);
  }
}
