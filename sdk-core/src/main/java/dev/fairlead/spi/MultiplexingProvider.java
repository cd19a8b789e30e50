package dev.fairlead.spi;

import dev.fairlead.Route;

/**
 * A wire that can carry several identities over one TLS connection. A wire that cannot does not
 * have this type.
 */
public interface MultiplexingProvider extends TransportProvider {
  /**
   * Begins to open a connection that belongs to no identity, for sessions to be attached to.
   * Returns at once.
   *
   * @param route one of the offered routes whose offer declares more than one identity a connection
   * @param context all that the connection needs; it belongs to this connection alone
   * @return a handle on the opening
   */
  Opening<SharedConnection> connect(Route route, ConnectionContext context);
}
