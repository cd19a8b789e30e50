package dev.fairlead.tck;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.auth.Credentials;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportProvider;
import java.time.Duration;
import java.util.Set;

/**
 * What the contract needs of a transport: the transport itself, and a hub for it to talk to. One
 * harness serves one test. Over the local hub that is all of {@link LocalHubHarness}' business, and
 * a transport has none to write.
 */
public interface TransportHarness extends AutoCloseable {
  /**
   * How long a transport under test should let a hub be silent before it pings, and how long wait
   * for the ping's answer: long enough for a busy machine, and short enough for the many tests in
   * which a hub is silent.
   */
  Duration SILENCE = Duration.ofSeconds(1);

  /**
   * The transport under test.
   *
   * @return the same each time
   */
  TransportProvider provider();

  /**
   * The route under test.
   *
   * @return one that the provider offers
   */
  Route route();

  /**
   * Whom to connect as, and where.
   *
   * @return the device of {@link #hub()}
   */
  Target target();

  /**
   * The hub's side.
   *
   * @return the hub with its device
   */
  HubSide hub();

  /**
   * Whether a thread belongs to the hub's side, and may outlive the clients.
   *
   * @param thread a live thread
   * @return true if the hub owns it
   */
  boolean ownsThread(Thread thread);

  /** Stops the hub. */
  @Override
  void close();

  /**
   * What the transport declares of the route under test.
   *
   * @return its offer
   */
  default RouteOffer offer() {
    return provider().offer().routes().stream()
        .filter(offer -> offer.route().equals(route()))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(provider().offer() + " lacks " + route()));
  }

  /**
   * What the route under test can do.
   *
   * @return its declared capabilities
   */
  default Set<Capability> capabilities() {
    return offer().capabilities();
  }

  /**
   * Whether the hub speaks without being asked. On a transport that is only asked, a lost
   * connection shows with the next request, and what is queued goes out in batches.
   *
   * @return false for a transport that polls
   */
  default boolean pushes() {
    return offer().delivery() == RouteOffer.Delivery.PUSH;
  }

  /**
   * Whether property names and values may be any text. Over HTTPS the hub's documentation allows
   * only letters, digits and some signs of ASCII ("Create and read IoT Hub messages").
   *
   * @return false for a transport whose properties are header fields
   */
  default boolean carriesAnyText() {
    return route().carrier() != Carrier.HTTP;
  }

  /**
   * A client's builder with host, identity, credentials, endpoint and transport set, for this route
   * only, and eager to connect again.
   *
   * @return a builder
   */
  default DeviceClientBuilder client() {
    Target target = target();
    return DeviceClient.builder()
        .host(target.hubHost())
        .identity(target.identity())
        .credentials(Credentials.sharedAccessKey(target.key()))
        .endpoint(route().protocol(), target.endpoint())
        .transport(provider())
        .policy(TransportPolicy.builder().only(route().protocol()).build())
        .retry(
            RetryPolicy.builder()
                .firstSpread(Duration.ofMillis(20))
                .base(Duration.ofMillis(20))
                .cap(Duration.ofMillis(200))
                .stableAfter(Duration.ofSeconds(10))
                .unauthorizedMin(Duration.ofMillis(100))
                .unauthorizedMax(Duration.ofMillis(300))
                .build());
  }
}
