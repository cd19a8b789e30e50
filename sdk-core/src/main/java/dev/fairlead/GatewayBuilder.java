package dev.fairlead;

import dev.fairlead.client.RealGateway;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.settings.GatewaySettings;
import dev.fairlead.settings.SessionSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link Gateway}: what all of its devices have in common. Nothing is required; without a
 * host the gateway takes that of its first device. Not safe for several threads.
 */
public final class GatewayBuilder extends SessionOptions<GatewayBuilder>
    implements ConnectionOptions<GatewayBuilder> {
  final ConnectionFields connection = new ConnectionFields(TransportPolicy.gateway(2));

  private @Nullable RateLimit rate;
  private final List<Consumer<Gateway>> builtListeners = new ArrayList<>();

  GatewayBuilder() {
    super(SessionSettings.defaults());
  }

  @Override
  GatewayBuilder self() {
    return this;
  }

  /**
   * Sets what the application wants of its transport and what its network allows.
   *
   * @param policy a policy of two or more identities. {@link TransportPolicy#gateway} requires them
   *     to share connections and is the default; {@code builder().identities(n)} also admits one
   *     connection for each
   * @return this
   * @throws IllegalArgumentException if the policy is for one identity
   */
  @Override
  public GatewayBuilder policy(TransportPolicy policy) {
    if (policy.identities() < 2) {
      throw new IllegalArgumentException(
          "A gateway connects several identities, and this policy is for one. Use TransportPolicy.gateway(n), or"
              + " TransportPolicy.builder().identities(n) where each may have a connection of its own.");
    }
    return ConnectionOptions.super.policy(policy);
  }

  /**
   * Limits how fast all devices together send telemetry. Devices that wait take turns, one message
   * each. A device may also have a limit of its own.
   *
   * @param limit the limit; there is none by default
   * @return this
   */
  public GatewayBuilder rateLimit(RateLimit limit) {
    rate = Objects.requireNonNull(limit, "limit");
    return this;
  }

  /**
   * Receives each gateway that {@link #build()} makes, before its caller does: for code that hands
   * out builders and closes their gateways in the end, such as a test fixture or a container.
   *
   * @param listener must not throw; several may be given
   * @return this
   */
  public GatewayBuilder onBuilt(Consumer<Gateway> listener) {
    builtListeners.add(Objects.requireNonNull(listener, "listener"));
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
    Gateway gateway =
        new RealGateway(
            new GatewaySettings(connection.settings(), session(), Optional.ofNullable(rate)),
            GatewayDeviceBuilder::new);
    builtListeners.forEach(listener -> listener.accept(gateway));
    return gateway;
  }
}
