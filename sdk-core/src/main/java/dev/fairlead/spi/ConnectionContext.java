package dev.fairlead.spi;

import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import java.util.Optional;

/**
 * All that a shared connection is given. What is of one identity is in the {@link SessionContext}
 * of each session that is attached.
 */
public interface ConnectionContext {
  /**
   * The hub's own name, even where a gateway is dialled.
   *
   * @return the host name
   */
  String hubHost();

  /**
   * Where to dial, and who may vouch for the server.
   *
   * @return the endpoint
   */
  Endpoint endpoint();

  /**
   * What to go through.
   *
   * @return the proxy that the connection has to use, empty for none
   */
  Optional<Proxy> proxy();

  /**
   * Where all of this connection's work happens; the sessions attached to it share it.
   *
   * @return a serial queue with timers, on no I/O thread
   */
  Loop loop();

  /**
   * What this client calls itself.
   *
   * @return the agent text, not encoded
   */
  String userAgent();
}
