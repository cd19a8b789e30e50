package dev.fairlead.spi;

import dev.fairlead.Route;

/**
 * A transport that can carry several identities over one TLS connection. A transport that cannot
 * does not implement this type.
 */
public interface MultiplexingProvider extends TransportProvider {
  /**
   * Begins to open a connection without an identity, for sessions to be attached to. Returns
   * immediately.
   *
   * @param route one of the offered routes whose offer declares more than one identity a connection
   * @param context everything that the connection needs; used by this connection only
   * @return a handle on the opening
   */
  Opening<SharedConnection> connect(Route route, ConnectionContext context);
}
