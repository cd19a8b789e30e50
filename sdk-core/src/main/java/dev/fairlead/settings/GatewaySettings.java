package dev.fairlead.settings;

import dev.fairlead.Endpoint;
import dev.fairlead.MaintenanceWindow;
import dev.fairlead.Protocol;
import dev.fairlead.Proxy;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.TimeSource;
import dev.fairlead.Trust;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * What the application set for a gateway and all of its devices, immutable.
 *
 * @param hubHost the hub's own name; empty to take the first device's
 * @param gatewayHost what is dialled in place of the hub
 * @param endpoints where single protocols dial instead
 * @param trust who may vouch for a server without an endpoint of its own
 * @param proxy what every connection goes through
 * @param policy what the application wants of its transport
 * @param retry when to try again, for connections and, unless it sets its own, for a device
 * @param failBack when a device may give up its session for a better route, unless it sets its own
 * @param openTimeout how long opening a connection, and a session on it, may take
 * @param drain how long {@code close()} goes on sending
 * @param daemonThreads whether threads let the JVM exit
 * @param product the application's own name for the user agent
 * @param executor where handlers run
 * @param time where the time comes from
 * @param transports explicit transports
 * @param uploads what uploads files
 */
public record GatewaySettings(
    Optional<String> hubHost,
    Optional<String> gatewayHost,
    Map<Protocol, Endpoint> endpoints,
    Trust trust,
    Optional<Proxy> proxy,
    TransportPolicy policy,
    RetryPolicy retry,
    Optional<MaintenanceWindow> failBack,
    Duration openTimeout,
    Duration drain,
    boolean daemonThreads,
    String product,
    Optional<Executor> executor,
    Optional<TimeSource> time,
    List<TransportProvider> transports,
    Optional<UploadProvider> uploads) {

  public Endpoint endpointOf(Route route, String dialHost) {
    Endpoint given = endpoints.get(route.protocol());
    return given != null ? given : new Endpoint(dialHost, route.port(), trust);
  }
}
