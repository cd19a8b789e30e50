package dev.fairlead.settings;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.MaintenanceWindow;
import dev.fairlead.OutboxLimits;
import dev.fairlead.Protocol;
import dev.fairlead.Proxy;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.TimeSource;
import dev.fairlead.Trust;
import dev.fairlead.auth.Credentials;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * What the application set, immutable.
 *
 * @param hubHost the hub's own name
 * @param dialHost the hub's name, or the gateway's
 * @param identity who connects
 * @param credentials how it proves itself
 * @param endpoints where single protocols dial instead
 * @param trust who may vouch for a server without an endpoint of its own
 * @param proxy what every connection goes through
 * @param policy what the application wants of its transport
 * @param retry when to try again
 * @param failBack when a session may be given up for a better route
 * @param outbox the outbox's bounds
 * @param outboxStore keeps the outbox across restarts
 * @param strictOrder one message at a time
 * @param openTimeout how long opening a route may take
 * @param drain how long {@code close()} goes on sending
 * @param daemonThreads whether threads let the JVM exit
 * @param product the application's own name for the user agent
 * @param modelId the Plug and Play model
 * @param executor where handlers run
 * @param time where the time comes from
 * @param transports explicit transports
 * @param uploads an explicit provider of file uploads
 */
public record ClientSettings(
    String hubHost,
    String dialHost,
    DeviceIdentity identity,
    Credentials credentials,
    Map<Protocol, Endpoint> endpoints,
    Trust trust,
    Optional<Proxy> proxy,
    TransportPolicy policy,
    RetryPolicy retry,
    Optional<MaintenanceWindow> failBack,
    OutboxLimits outbox,
    Optional<OutboxStore> outboxStore,
    boolean strictOrder,
    Duration openTimeout,
    Duration drain,
    boolean daemonThreads,
    String product,
    Optional<String> modelId,
    Optional<Executor> executor,
    Optional<TimeSource> time,
    List<TransportProvider> transports,
    Optional<UploadProvider> uploads) {

  public Endpoint endpointOf(Route route) {
    Endpoint given = endpoints.get(route.protocol());
    return given != null ? given : new Endpoint(dialHost, route.port(), trust);
  }

  public String userAgent() {
    return userAgent(product);
  }

  public static String userAgent(String product) {
    String version =
        ClientSettings.class.getModule().getDescriptor() == null ? "" : moduleVersion();
    String agent =
        "fairlead"
            + version
            + " (java "
            + Runtime.version().feature()
            + "; "
            + System.getProperty("os.name")
            + "; "
            + System.getProperty("os.arch")
            + ")";
    return product.isEmpty() ? agent : agent + " " + product;
  }

  private static String moduleVersion() {
    return ClientSettings.class
        .getModule()
        .getDescriptor()
        .rawVersion()
        .map(version -> "/" + version)
        .orElse("");
  }
}
