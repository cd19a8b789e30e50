package dev.fairlead.spi;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import java.util.Optional;
import java.util.Set;

/** Everything that one session needs. Owned by that session; of no effect after it has ended. */
public interface SessionContext {
  /**
   * Who connects.
   *
   * @return the identity
   */
  DeviceIdentity identity();

  /**
   * The hub's own name, for user names and addresses, even if a gateway is dialled.
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
   * @return the proxy that every connection of this session has to use, empty for none
   */
  Optional<Proxy> proxy();

  /**
   * What to show the hub.
   *
   * @return a token, or a certificate
   */
  Credential credential();

  /**
   * The feeds to subscribe while opening.
   *
   * @return the feeds that the application has handlers for
   */
  Set<Feed> feeds();

  /**
   * Telemetry to send.
   *
   * @return this session's lease on the outbox
   */
  OutboxReader outbox();

  /**
   * Takes everything that arrives.
   *
   * @return the inbox
   */
  Inbox inbox();

  /**
   * Where all of this session's work happens.
   *
   * @return a serial queue with timers, on no I/O thread
   */
  Loop loop();

  /**
   * Whether at most one message may be unacknowledged at any time.
   *
   * @return true if the application asked for strict order
   */
  boolean strictOrder();

  /**
   * The client's user agent.
   *
   * @return the agent text, not encoded
   */
  String userAgent();

  /**
   * The Plug and Play model of the device.
   *
   * @return the model id (a DTMI), empty if there is none
   */
  Optional<String> modelId();

  /**
   * Asks the client to close this session gracefully and to open a new one immediately, as after a
   * credential's renewal: for a transport that needs a new session to get something done. Any
   * thread.
   *
   * @param why one clause for the log
   */
  void requestReopen(String why);
}
