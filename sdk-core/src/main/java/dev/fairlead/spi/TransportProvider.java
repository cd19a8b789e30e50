package dev.fairlead.spi;

import dev.fairlead.Route;

/**
 * A wire to the hub. Found by {@link java.util.ServiceLoader}; an instance given to the client's
 * builder wins over one of the same routes that was found. Holds options only, no connection: one
 * provider may serve many clients, from any thread.
 */
public interface TransportProvider {
  /**
   * What this provider can do, before any connection.
   *
   * @return its routes and their capabilities; no I/O is done and nothing is thrown
   */
  TransportOffer offer();

  /**
   * Begins to open one session. Returns at once; everything that takes time happens elsewhere.
   *
   * @param route one of the offered routes
   * @param context all that the session needs; it belongs to this session alone
   * @return a handle on the opening
   */
  Opening<TransportSession> open(Route route, SessionContext context);
}
