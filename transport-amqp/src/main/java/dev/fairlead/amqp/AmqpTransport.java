package dev.fairlead.amqp;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Proxy;
import dev.fairlead.Route;
import dev.fairlead.net.Dial;
import dev.fairlead.net.Dialer;
import dev.fairlead.net.WebSocketTarget;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportSession;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * AMQP 1.0 over TLS, port 5671, and over WebSockets, port 443: telemetry, cloud-to-device messages
 * (completed, abandoned or rejected), twin and direct methods, for one identity, or for many on one
 * connection. Safe for any thread.
 */
public final class AmqpTransport implements MultiplexingProvider {
  // IoT Hub: "Communicate with your IoT hub by using the AMQP protocol".
  private static final Route AMQP = new Route(Protocol.AMQP, Carrier.TCP, 5671);
  private static final Route AMQP_WS = new Route(Protocol.AMQP_WS, Carrier.WEBSOCKET, 443);

  private static final String SUB_PROTOCOL = "AMQPWSB10";

  /** The hub then does not ask for a client certificate. */
  private static final String NO_CERTIFICATE = "?iothub-no-client-cert=true";

  private final AmqpOptions options;
  private final RememberedHubs tokenFirst = new RememberedHubs();
  private final RememberedHubs noEmptySessions = new RememberedHubs();
  private final BatchSupport batches = new BatchSupport();

  /** Creates it with all defaults, as the service loader does. */
  public AmqpTransport() {
    this(AmqpOptions.defaults());
  }

  /**
   * Creates it with options.
   *
   * @param options the options
   */
  public AmqpTransport(AmqpOptions options) {
    this.options = options;
  }

  @Override
  public TransportOffer offer() {
    return new TransportOffer(
        "fairlead-amqp",
        List.of(offer(AMQP, options.identities()), offer(AMQP_WS, options.webSocketIdentities())));
  }

  private RouteOffer offer(Route route, int identities) {
    Set<Capability> queues =
        Set.of(
            Capability.TELEMETRY, Capability.CLOUD_MESSAGES, Capability.ABANDON, Capability.REJECT);
    return new RouteOffer(
        route,
        options.broker().isPresent() ? queues : Set.of(Capability.values()),
        RouteOffer.Delivery.PUSH,
        identities,
        RouteOffer.Footprint.LARGE,
        true);
  }

  @Override
  public Opening<TransportSession> open(Route route, SessionContext context) {
    boolean webSocket = webSocket(route);
    Optional<Credential.Certificate> certificate =
        context.credential() instanceof Credential.Certificate shown
            ? Optional.of(shown)
            : Optional.empty();
    AmqpFailures failures =
        new AmqpFailures(context.identity().toString(), context.endpoint(), context.credential());
    AmqpConnection connection =
        new AmqpConnection(
            options,
            new ConnectionSetup(
                context.identity().toString(),
                context.hubHost(),
                context.endpoint(),
                context.loop(),
                dial(context.endpoint(), context.proxy(), certificate, webSocket),
                certificate.isEmpty() && options.broker().isEmpty(),
                tokenFirst,
                noEmptySessions,
                batches),
            failures,
            null);
    AmqpSession session = new AmqpSession(connection, context, failures);
    context.loop().execute(() -> connection.connectFor(session));
    return session.opening();
  }

  @Override
  public Opening<SharedConnection> connect(Route route, ConnectionContext context) {
    boolean webSocket = webSocket(route);
    return new SharedAmqpConnection(
        options,
        new ConnectionSetup(
            context.hubHost(),
            context.hubHost(),
            context.endpoint(),
            context.loop(),
            dial(context.endpoint(), context.proxy(), Optional.empty(), webSocket),
            options.broker().isEmpty(),
            tokenFirst,
            noEmptySessions,
            batches),
        webSocket ? options.webSocketIdentities() : options.identities());
  }

  private static boolean webSocket(Route route) {
    if (route.protocol() == Protocol.AMQP && route.carrier() == Carrier.TCP) {
      return false;
    }
    if (route.protocol() == Protocol.AMQP_WS && route.carrier() == Carrier.WEBSOCKET) {
      return true;
    }
    throw new IllegalArgumentException(route + " is not a route of this transport.");
  }

  private Dial dial(
      Endpoint endpoint,
      Optional<Proxy> proxy,
      Optional<Credential.Certificate> certificate,
      boolean webSocket) {
    Dialer dialer = options.dialer().proxy(proxy);
    if (!webSocket) {
      return dialer.dial(endpoint, certificate);
    }
    String path = options.webSocketPath();
    boolean plain = certificate.isPresent() || options.broker().isPresent();
    return dialer.dialWebSocket(
        endpoint,
        certificate,
        new WebSocketTarget(plain ? path : path + NO_CERTIFICATE, SUB_PROTOCOL));
  }
}
