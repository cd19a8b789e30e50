package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.core.HubCore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.qpid.protonj2.engine.IncomingDelivery;
import org.apache.qpid.protonj2.types.messaging.Accepted;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dispositions and the credit in answer to one batch of input: telemetry is accepted once the
 * log is flushed, and new credit is granted only then. Used on the connection's thread only.
 */
final class PendingDispositions {

  private static final Logger LOG = LoggerFactory.getLogger(PendingDispositions.class);

  private final HubCore hub;
  private final List<IncomingDelivery> stored = new ArrayList<>();
  private final List<IncomingDelivery> overtaken = new ArrayList<>();
  private final Set<Incoming> used = new LinkedHashSet<>();

  PendingDispositions(HubCore hub) {
    this.hub = hub;
  }

  /** Records that telemetry is in the log. */
  void whenStored(IncomingDelivery delivery) {
    stored.add(delivery);
    stored.addAll(overtaken);
    overtaken.clear();
  }

  /** Records that telemetry is in the log; because of a fault it is accepted after the next one. */
  void afterNext(IncomingDelivery delivery) {
    overtaken.add(delivery);
  }

  /** Records that a link has used credit. */
  void replenish(Incoming incoming) {
    used.add(incoming);
  }

  /**
   * Flushes the log, accepts its messages, and grants new credit.
   *
   * @return false if the log cannot be written; nothing is accepted then
   */
  boolean settle() {
    if (!stored.isEmpty()) {
      try {
        hub.telemetry().flush();
      } catch (IOException e) {
        LOG.error(
            "The telemetry file cannot be written; messages are not accepted: {}", e.toString());
        drop();
        return false;
      }
      stored.forEach(PendingDispositions::accept);
      stored.clear();
    }
    if (!used.isEmpty()) {
      used.forEach(Incoming::replenish);
      used.clear();
    }
    return true;
  }

  /** Drops all, because the connection has ended. */
  void drop() {
    stored.clear();
    used.clear();
  }

  /** Accepts a delivery now, unless its link has ended. */
  static void accept(IncomingDelivery delivery) {
    if (delivery.getLink().isLocallyOpen() && delivery.getLink().isRemotelyOpen()) {
      delivery.disposition(Accepted.getInstance(), true);
    }
  }
}
