package dev.fairlead.localhub.https;

import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.tls.ServerNames;
import java.util.Locale;
import java.util.Set;

/**
 * Maps a {@code Host} header to a hub: every name that the hub's certificate is valid for means
 * this one, so that a client may reach a hub of another name on localhost.
 */
final class HostNames {

  private final String hub;
  private final Set<String> own;

  HostNames(LocalHubOptions options) {
    this.hub = options.hostName();
    this.own = ServerNames.of(options);
  }

  /** The hub's host name, or the given name if it is not one of the hub's. */
  String hubFor(String hostHeader) {
    String name = withoutPort(hostHeader).toLowerCase(Locale.ROOT);
    return own.stream().anyMatch(name::equalsIgnoreCase) ? hub : name;
  }

  private static String withoutPort(String host) {
    if (host.startsWith("[")) {
      int end = host.indexOf(']');
      return end < 0 ? host : host.substring(1, end);
    }
    int colon = host.lastIndexOf(':');
    return colon < 0 ? host : host.substring(0, colon);
  }
}
