package dev.fairlead;

import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.settings.ConnectionSettings;
import dev.fairlead.spi.TransportProvider;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What {@link ConnectionOptions} sets. Each of its builders holds one. */
final class ConnectionFields {
  @Nullable String hubHost;
  @Nullable String parentHost;
  final Map<Protocol, Endpoint> endpoints = new EnumMap<>(Protocol.class);
  Trust trust = Trust.platform();
  @Nullable Proxy proxy;
  TransportPolicy policy;
  boolean daemonThreads = true;
  String product = "";
  @Nullable Executor executor;
  @Nullable TimeSource time;
  final List<TransportProvider> transports = new ArrayList<>();

  ConnectionFields(TransportPolicy policy) {
    this.policy = policy;
  }

  /** Changes the fields of a builder, and returns it. */
  @SuppressWarnings("unchecked") // The interface is sealed, and each builder names itself as B.
  static <B extends ConnectionOptions<B>> B set(
      ConnectionOptions<B> builder, Consumer<ConnectionFields> change) {
    change.accept(
        builder instanceof GatewayBuilder gateway
            ? gateway.connection
            : ((DeviceClientBuilder) builder).connection);
    return (B) builder;
  }

  ConnectionSettings settings() {
    return new ConnectionSettings(
        Optional.ofNullable(hubHost),
        Optional.ofNullable(parentHost),
        Map.copyOf(endpoints),
        trust,
        Optional.ofNullable(proxy),
        proxy != null && proxy.kind() == Proxy.Kind.HTTP
            ? policy.toBuilder().proxyRequired(true).build()
            : policy,
        daemonThreads,
        product,
        Optional.ofNullable(executor),
        Optional.ofNullable(time),
        List.copyOf(transports));
  }
}
