package dev.fairlead.localhub.amqp;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.engine.OutgoingDelivery;
import org.apache.qpid.protonj2.engine.Sender;
import org.jspecify.annotations.Nullable;

/**
 * The sending side of one link, as the client's credit and session window allow. Used on the
 * connection's thread only.
 */
final class Outgoing {

  private final Sender link;
  private final int limit;
  private final Deque<ProtonBuffer> waiting = new ArrayDeque<>();
  private long lastTag;
  // A message of which only the beginning fitted into the window.
  private @Nullable OutgoingDelivery begun;
  private @Nullable ProtonBuffer rest;

  /**
   * @param limit the maximum number of messages that wait for credit
   */
  Outgoing(Sender link, int limit) {
    this.link = link;
    this.limit = limit;
  }

  /**
   * Sends a settled message as soon as there is credit.
   *
   * @return false if the limit is reached
   */
  boolean offer(ProtonBuffer message) {
    if (waiting.size() >= limit) {
      return false;
    }
    waiting.add(message);
    pump();
    return true;
  }

  /** Sends waiting messages as far as possible. */
  void pump() {
    while (isReady() && !waiting.isEmpty()) {
      byte[] tag = Long.toString(++lastTag).getBytes(StandardCharsets.US_ASCII);
      send(waiting.remove(), tag, delivery -> delivery.disposition(null, true));
    }
  }

  /** Whether a message can be sent now; first continues one that was sent in part. */
  boolean isReady() {
    OutgoingDelivery unfinished = begun;
    ProtonBuffer more = rest;
    if (unfinished != null && more != null && link.isLocallyOpen() && link.isSendable()) {
      unfinished.streamBytes(more, true);
      if (!more.isReadable()) {
        begun = null;
        rest = null;
      }
    }
    return begun == null && link.isLocallyOpen() && link.isSendable();
  }

  /** Sends a message; only when {@link #isReady}. */
  OutgoingDelivery send(ProtonBuffer message, byte[] tag, Consumer<OutgoingDelivery> prepare) {
    OutgoingDelivery delivery = link.next();
    delivery.setTag(tag);
    prepare.accept(delivery);
    delivery.writeBytes(message);
    if (message.isReadable()) {
      begun = delivery;
      rest = message;
    }
    return delivery;
  }
}
