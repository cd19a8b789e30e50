package dev.fairlead.localhub;

import java.time.Instant;
import java.util.List;

/**
 * The HTTP requests that the hub has read: those of the device API and of uploads, not those that
 * ask for a WebSocket. Safe for use by several threads.
 */
public interface HttpsTraffic {

  /** How many requests there were since the hub started or {@link #clear} was called. */
  long count();

  /** The requests in the order they were decided on; the last 10,000 of them. */
  List<HttpsRequest> requests();

  /**
   * When a client asked for a C2D message of a device, in hub time, whatever it was answered; as
   * far as {@link #requests} reaches back.
   */
  List<Instant> cloudMessagePolls(String deviceId);

  /** Forgets all requests. */
  void clear();
}
