package dev.fairlead.localhub.tls;

import dev.fairlead.localhub.LocalHubOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The names and addresses under which clients may reach a hub. */
public final class ServerNames {

  private ServerNames() {}

  /** The names for which the certificate of a hub must be valid, its host name first. */
  public static Set<String> of(LocalHubOptions options) {
    Set<String> names =
        new LinkedHashSet<>(List.of(options.hostName(), "localhost", "127.0.0.1", "::1"));
    names.add(options.bindAddress().getHostAddress());
    names.addAll(options.extraServerNames());
    return names;
  }
}
