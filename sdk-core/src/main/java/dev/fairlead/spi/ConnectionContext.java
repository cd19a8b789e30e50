package dev.fairlead.spi;

import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import java.util.Optional;

/**
 * Everything that a shared connection needs. The data of one identity is in the {@link
 * SessionContext} of each session that is attached.
 */
public interface ConnectionContext {
  /**
   * The hub's own name, even if a gateway is dialled.
   *
   * @return the host name
   */
  String hubHost();

  /**
   * Where to dial, and which CAs may have signed the server's certificate.
   *
   * @return the endpoint
   */
  Endpoint endpoint();

  /**
   * The proxy to connect through.
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
   * The client's user agent.
   *
   * @return the agent text, not encoded
   */
  String userAgent();
}
