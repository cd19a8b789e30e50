package dev.fairlead.localhub;

import java.time.Instant;
import java.util.List;

/**
 * The HTTP requests that the hub has read: those of the device API and of uploads, not WebSocket
 * handshakes. Safe for use by several threads.
 */
public interface HttpsTraffic {

  /** How many requests arrived since the hub started or {@link #clear} was called. */
  long count();

  /** The last 10,000 requests, in the order in which the hub decided on them. */
  List<HttpsRequest> requests();

  /**
   * When a client requested a C2D message of a device, in hub time, whatever the answer; limited to
   * what {@link #requests} holds.
   */
  List<Instant> cloudMessagePolls(String deviceId);

  /** Forgets all requests. */
  void clear();
}
