package dev.fairlead.tck;

import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayBuilder;
import dev.fairlead.GatewayDeviceBuilder;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.auth.Credentials;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.MultiplexingProvider;
import java.time.Duration;

/**
 * The requirements of the contract for shared connections: the transport, and a hub with as many
 * devices as a test uses. One harness serves one test.
 */
public interface MultiplexHarness extends AutoCloseable {
  /**
   * The transport under test.
   *
   * @return the same each time
   */
  MultiplexingProvider provider();

  /**
   * The route under test.
   *
   * @return one whose offer declares several identities a connection
   */
  Route route();

  /**
   * The name of the hub, as in tokens.
   *
   * @return the host name
   */
  String hubHost();

  /**
   * The endpoint to dial.
   *
   * @return host, port and trust
   */
  Endpoint endpoint();

  /**
   * The identity to connect as; created at the hub on first use.
   *
   * @param deviceId the device
   * @return its identity and key
   */
  Target target(String deviceId);

  /**
   * The hub's side of one device, which is created on first use. Methods about connections ({@code
   * setReachable}, {@code openConnections}) apply to the whole hub. {@code setEnabled(false)} ends
   * the device's session and does not affect its connection.
   *
   * @param deviceId the device
   * @return the hub's side
   */
  HubSide hub(String deviceId);

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
   * A gateway's builder with everything set, for this route only, with shared connections and short
   * retry delays.
   *
   * @return a builder
   */
  default GatewayBuilder gateway() {
    return Gateway.builder()
        .host(hubHost())
        .endpoint(route().protocol(), endpoint())
        .transport(provider())
        .policy(policy().build())
        .drainTime(Duration.ZERO)
        .retry(
            RetryPolicy.builder()
                .firstSpread(Duration.ofMillis(50))
                .base(Duration.ofMillis(20))
                .cap(Duration.ofMillis(200))
                .stableAfter(Duration.ofSeconds(10))
                .unauthorizedMin(Duration.ofMillis(100))
                .unauthorizedMax(Duration.ofMillis(300))
                .build());
  }

  /**
   * The policy of {@link #gateway()}, as a builder, so that a test can restrict it.
   *
   * @return a policy's builder
   */
  default TransportPolicy.Builder policy() {
    return TransportPolicy.builder().identities(2).sharedConnection(true).only(route().protocol());
  }

  /**
   * The builder of a device behind a gateway.
   *
   * @param gateway the gateway
   * @param deviceId the device
   * @return a builder with identity and credentials
   */
  default GatewayDeviceBuilder device(Gateway gateway, String deviceId) {
    Target target = target(deviceId);
    return gateway
        .device()
        .identity(target.identity())
        .credentials(Credentials.sharedAccessKey(target.key()));
  }
}
