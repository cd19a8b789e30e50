package dev.fairlead.https;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import java.util.List;
import java.util.Set;

/**
 * HTTPS, port 443: telemetry, in batches if several messages are queued, and cloud-to-device
 * messages, which the device fetches at most once in 25 minutes. No twin and no direct methods: IoT
 * Hub offers neither to devices over HTTPS. Safe for any thread.
 */
public final class HttpsTransport implements TransportProvider {
  // IoT Hub: "Choose a device communication protocol".
  private static final Route HTTPS = new Route(Protocol.HTTPS, Carrier.HTTP, 443);

  private final HttpsOptions options;
  private final Limiters limiters;

  /** Makes the limiter of a session's polls. */
  @FunctionalInterface
  interface Limiters {
    PollLimiter limiter(String hubHost, DeviceIdentity identity, Loop loop);
  }

  /** With all defaults, as the service loader makes it. */
  public HttpsTransport() {
    this(HttpsOptions.defaults());
  }

  /**
   * With options.
   *
   * @param options the options
   */
  public HttpsTransport(HttpsOptions options) {
    this(options, options.polls()::limiter);
  }

  HttpsTransport(HttpsOptions options, Limiters limiters) {
    this.options = options;
    this.limiters = limiters;
  }

  @Override
  public TransportOffer offer() {
    return new TransportOffer(
        "fairlead-https",
        List.of(
            new RouteOffer(
                HTTPS,
                Set.of(
                    Capability.TELEMETRY,
                    Capability.CLOUD_MESSAGES,
                    Capability.ABANDON,
                    Capability.REJECT),
                RouteOffer.Delivery.POLL,
                1,
                RouteOffer.Footprint.SMALL,
                false,
                options.polls().note().map(List::of).orElse(List.of()))));
  }

  @Override
  public Opening<TransportSession> open(Route route, SessionContext context) {
    if (route.protocol() == Protocol.HTTPS && route.carrier() == Carrier.HTTP) {
      return new HttpsOpening(options, limiters, context);
    }
    throw new IllegalArgumentException(route + " is not a route of this transport.");
  }
}
