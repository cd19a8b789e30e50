package dev.fairlead.settings;

import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Proxy;
import dev.fairlead.Route;
import dev.fairlead.TimeSource;
import dev.fairlead.Trust;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.TransportProvider;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * What the application set for connections, and for the threads of a client or of all devices of a
 * gateway, immutable.
 *
 * @param hubHost the hub's name, empty to take it from a connection string
 * @param parentHost what is dialled in place of the hub, empty to take it from a connection string
 * @param endpoints where single protocols dial instead
 * @param trust which CAs may have signed the certificate of a server without an endpoint of its own
 * @param proxy what every connection goes through
 * @param policy what the application wants of its transport, the proxy included
 * @param daemonThreads whether threads let the JVM exit
 * @param product the application's own name for the user agent
 * @param executor where handlers run
 * @param time where the time comes from
 * @param transports explicit transports
 */
public record ConnectionSettings(
    Optional<String> hubHost,
    Optional<String> parentHost,
    Map<Protocol, Endpoint> endpoints,
    Trust trust,
    Optional<Proxy> proxy,
    TransportPolicy policy,
    boolean daemonThreads,
    String product,
    Optional<Executor> executor,
    Optional<TimeSource> time,
    List<TransportProvider> transports) {

  public Endpoint endpointOf(Route route, String dialHost) {
    Endpoint given = endpoints.get(route.protocol());
    return given != null ? given : new Endpoint(dialHost, route.port(), trust);
  }

  public String userAgent() {
    String version =
        ConnectionSettings.class.getModule().getDescriptor() == null ? "" : moduleVersion();
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
    return ConnectionSettings.class
        .getModule()
        .getDescriptor()
        .rawVersion()
        .map(version -> "/" + version)
        .orElse("");
  }
}
