package dev.fairlead.spi;

import dev.fairlead.Route;

/**
 * A transport to the hub. Found by {@link java.util.ServiceLoader}; an instance given to the
 * client's builder takes precedence over one of the same routes that was found. Holds options only,
 * no connection: one provider may serve many clients, from any thread.
 */
public interface TransportProvider {
  /**
   * What this provider can do, before any connection.
   *
   * @return its routes and their capabilities; no I/O is done and nothing is thrown
   */
  TransportOffer offer();

  /**
   * Begins to open one session. Returns immediately; everything that takes time happens elsewhere.
   *
   * @param route one of the offered routes
   * @param context everything that the session needs; used by this session only
   * @return a handle on the opening
   */
  Opening<TransportSession> open(Route route, SessionContext context);
}
