package dev.fairlead;

import java.util.Objects;

/**
 * Where a route dials instead of the hub's own address: a hub on localhost, a gateway, a test.
 *
 * @param host the name or address to dial; the server's certificate must be issued for it
 * @param port the TCP port, 1 to 65535
 * @param trust which CAs may have signed the server's certificate
 */
public record Endpoint(String host, int port, Trust trust) {
  /** Checks the port's range. */
  public Endpoint {
    Objects.requireNonNull(trust, "trust");
    if (host.isBlank()) {
      throw new IllegalArgumentException(
          "An endpoint needs a host name or an address; it was blank.");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("A port is 1 to 65535, not " + port + ".");
    }
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
