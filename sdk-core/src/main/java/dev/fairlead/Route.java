package dev.fairlead;

import java.util.Locale;
import java.util.Objects;

/**
 * One concrete way to the hub: a protocol, what carries it, and the outbound port it needs.
 *
 * @param protocol the protocol
 * @param carrier what it travels on
 * @param port the TCP port dialled, 1 to 65535
 */
public record Route(Protocol protocol, Carrier carrier, int port) {
  /** Checks the port's range. */
  public Route {
    Objects.requireNonNull(protocol, "protocol");
    Objects.requireNonNull(carrier, "carrier");
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("A port is 1 to 65535, not " + port + ".");
    }
  }

  @Override
  public String toString() {
    return protocol + "/" + carrier.name().toLowerCase(Locale.ROOT) + ":" + port;
  }
}
