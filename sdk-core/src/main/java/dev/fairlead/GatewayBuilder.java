package dev.fairlead;

import dev.fairlead.client.RealGateway;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.settings.GatewaySettings;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link Gateway}: what all of its devices have in common. Nothing is required; without a
 * host the gateway takes that of its first device. Not safe for several threads.
 */
public final class GatewayBuilder {
  private @Nullable String hubHost;
  private @Nullable String gatewayHost;
  private final Map<Protocol, Endpoint> endpoints = new EnumMap<>(Protocol.class);
  private Trust trust = Trust.platform();
  private @Nullable Proxy proxy;
  private TransportPolicy policy = TransportPolicy.gateway(2);
  private RetryPolicy retry = RetryPolicy.defaults();
  private @Nullable MaintenanceWindow failBack;
  private Duration openTimeout = Duration.ofSeconds(30);
  private Duration drain = Duration.ofSeconds(5);
  private boolean daemonThreads = true;
  private String product = "";
  private @Nullable Executor executor;
  private @Nullable TimeSource time;
  private final List<TransportProvider> transports = new ArrayList<>();
  private @Nullable UploadProvider uploads;

  GatewayBuilder() {}

  /**
   * Sets the hub's host name.
   *
   * @param host such as {@code name.azure-devices.net}; that of the first device by default
   * @return this
   */
  public GatewayBuilder host(String host) {
    hubHost = Objects.requireNonNull(host, "host");
    return this;
  }

  /**
   * Sets another gateway, one further up, to dial in place of the hub.
   *
   * @param host its host name; that of the first device by default, if its connection string has
   *     one
   * @return this
   */
  public GatewayBuilder gatewayHost(String host) {
    gatewayHost = Objects.requireNonNull(host, "host");
    return this;
  }

  /**
   * Sets where the routes of one protocol dial, in place of the hub's name and the documented port.
   *
   * @param protocol the protocol
   * @param endpoint host, port and trust
   * @return this
   */
  public GatewayBuilder endpoint(Protocol protocol, Endpoint endpoint) {
    endpoints.put(protocol, endpoint);
    return this;
  }

  /**
   * Sets who may vouch for the server, on every route without an endpoint of its own.
   *
   * @param value the trust; the platform's by default
   * @return this
   */
  public GatewayBuilder trust(Trust value) {
    trust = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets the proxy that every connection goes through.
   *
   * @param value the proxy; none by default
   * @return this
   * @see DeviceClientBuilder#proxy
   */
  public GatewayBuilder proxy(Proxy value) {
    proxy = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets what the application wants of its transport and what its world allows.
   *
   * @param value a policy of two or more identities. {@link TransportPolicy#gateway} requires them
   *     to share connections and is the default; {@code builder().identities(n)} also admits one
   *     connection for each
   * @return this
   * @throws IllegalArgumentException if the policy is for one identity
   */
  public GatewayBuilder policy(TransportPolicy value) {
    if (value.identities() < 2) {
      throw new IllegalArgumentException(
          "A gateway connects several identities, and this policy is for one. Use TransportPolicy.gateway(n), or"
              + " TransportPolicy.builder().identities(n) where each may have a connection of its own.");
    }
    policy = value;
    return this;
  }

  /**
   * Sets when to try again, for connections, and for devices that do not set their own.
   *
   * @param value the policy; {@link RetryPolicy#defaults()} by default
   * @return this
   */
  public GatewayBuilder retry(RetryPolicy value) {
    retry = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets when devices may give up a session that works to come back to a better route, for those
   * that do not set their own.
   *
   * @param window when; each device does it at a moment of its own
   * @return this
   * @see DeviceClientBuilder#failBack
   */
  public GatewayBuilder failBack(MaintenanceWindow window) {
    failBack = Objects.requireNonNull(window, "window");
    return this;
  }

  /**
   * Sets how long opening a connection may take in all, and how long a device waits for its
   * session, the wait for a connection included, before it tries its next route.
   *
   * @param value positive; 30 s by default
   * @return this
   */
  public GatewayBuilder openTimeout(Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("openTimeout must be positive; it was " + value + ".");
    }
    openTimeout = value;
    return this;
  }

  /**
   * Sets how long {@link Gateway#close()}, and the {@code close()} of a device that does not set
   * its own, goes on sending what waits.
   *
   * @param value not negative; 5 s by default
   * @return this
   */
  public GatewayBuilder drainTime(Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException("A drain time is not negative; it was " + value + ".");
    }
    drain = value;
    return this;
  }

  /**
   * Sets whether the gateway's threads let the JVM exit.
   *
   * @param daemon true by default
   * @return this
   */
  public GatewayBuilder daemonThreads(boolean daemon) {
    daemonThreads = daemon;
    return this;
  }

  /**
   * Adds the product's name to what the gateway calls itself; the hub logs it.
   *
   * @param info such as {@code field-gateway/2.1}
   * @return this
   */
  public GatewayBuilder product(String info) {
    product = Objects.requireNonNull(info, "info");
    return this;
  }

  /**
   * Sets where the handlers of all devices run. One device never has more than four handlers at
   * work at a time.
   *
   * @param value the executor, which the gateway does not shut down; by default at most 8 daemon
   *     threads that end when idle
   * @return this
   */
  public GatewayBuilder executor(Executor value) {
    executor = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Sets where the gateway and its devices take the time from; for tests.
   *
   * @param value the source; the system's by default
   * @return this
   */
  public GatewayBuilder time(TimeSource value) {
    time = Objects.requireNonNull(value, "value");
    return this;
  }

  /**
   * Adds a transport with options of its own.
   *
   * @param provider the transport
   * @return this
   * @see DeviceClientBuilder#transport
   */
  public GatewayBuilder transport(TransportProvider provider) {
    transports.add(Objects.requireNonNull(provider, "provider"));
    return this;
  }

  /**
   * Sets what uploads files for devices that do not set their own, with options of its own.
   *
   * @param provider the provider; by default what is found on the class path or module path, one
   *     for all devices
   * @return this
   */
  public GatewayBuilder uploads(UploadProvider provider) {
    uploads = Objects.requireNonNull(provider, "provider");
    return this;
  }

  /**
   * Plans the routes and builds the gateway. No I/O is done before a device is opened.
   *
   * @return the gateway
   * @throws dev.fairlead.policy.NoRouteException if no route is left for a device with a shared
   *     access key; it names the facts in conflict
   */
  public Gateway build() {
    return new RealGateway(
        new GatewaySettings(
            Optional.ofNullable(hubHost),
            Optional.ofNullable(gatewayHost),
            Map.copyOf(endpoints),
            trust,
            Optional.ofNullable(proxy),
            withProxy(policy, proxy),
            retry,
            Optional.ofNullable(failBack),
            openTimeout,
            drain,
            daemonThreads,
            product,
            Optional.ofNullable(executor),
            Optional.ofNullable(time),
            List.copyOf(transports),
            Optional.ofNullable(uploads)),
        DeviceClientBuilder::new);
  }

  private static TransportPolicy withProxy(TransportPolicy policy, @Nullable Proxy proxy) {
    return proxy != null && proxy.kind() == Proxy.Kind.HTTP
        ? policy.toBuilder().proxyRequired(true).build()
        : policy;
  }
}
