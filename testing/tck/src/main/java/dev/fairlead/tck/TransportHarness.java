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
 * The requirements of the contract: the transport, and a hub to connect to. One harness serves one
 * test. {@link LocalHubHarness} implements it over the local hub, so a transport need not write its
 * own.
 */
public interface TransportHarness extends AutoCloseable {
  /**
   * How long a transport under test should wait for a silent hub before it pings, and how long for
   * the answer to the ping: long enough for a busy machine, and short enough for the many tests
   * with a silent hub.
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
   * The identity to connect as, and the endpoint.
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
   * Whether a thread is the hub's and may outlive the clients.
   *
   * @param thread a live thread
   * @return true if the hub owns it
   */
  boolean ownsThread(Thread thread);

  /** Stops the hub. */
  @Override
  void close();

  /**
   * The transport's declaration of the route under test.
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
   * The capabilities of the route under test.
   *
   * @return its declared capabilities
   */
  default Set<Capability> capabilities() {
    return offer().capabilities();
  }

  /**
   * Whether the hub pushes. On a polling transport a lost connection is only detected by the next
   * request, and queued messages are sent in batches.
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
   * only, with short retry delays.
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
