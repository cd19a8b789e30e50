package dev.fairlead.localhub.mqtt;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;

/**
 * The packet ids of QoS 1 messages to a client that it has not acknowledged, in the order they were
 * first sent. Used on the connection's thread only.
 *
 * <p>C2D messages get packet ids from the lower half of the range, derived from their sequence
 * number in the queue. A message that is sent again, on this connection or the next, therefore has
 * the same id [MQTT-4.4.0-1], and no table of ids must outlive the connection. The queue is far
 * shorter than the range. Method calls get packet ids from the upper half.
 */
final class InFlight {

  private static final int HALF = 32_768;
  private static final int CALL_LIMIT = 1_000;

  private final ArrayDeque<Integer> order = new ArrayDeque<>();
  private final Set<Integer> present = new HashSet<>();
  private int nextCall = HALF;

  /** The meaning of a PUBACK. */
  enum Acknowledgement {
    /** It acknowledges the oldest message. */
    IN_ORDER,
    /** It overtakes an older message. */
    OUT_OF_ORDER,
    /** It acknowledges no message in flight. */
    UNKNOWN
  }

  /** The packet id of a C2D message, 1 to 32767. */
  static int packetIdOf(long sequence) {
    return (int) ((sequence - 1) % (HALF - 1)) + 1;
  }

  /** Records that a message is sent; one that is sent again keeps its position. */
  void sent(int packetId) {
    if (present.add(packetId)) {
      order.addLast(packetId);
    }
  }

  /** A packet id for a method call, 32768 to 65535; 0 if too many messages are unacknowledged. */
  int nextCallId() {
    if (present.size() >= CALL_LIMIT) {
      return 0;
    }
    do {
      nextCall = nextCall == 2 * HALF - 1 ? HALF : nextCall + 1;
    } while (present.contains(nextCall));
    return nextCall;
  }

  /** Handles a PUBACK. */
  Acknowledgement acknowledged(int packetId) {
    if (!present.remove(packetId)) {
      return Acknowledgement.UNKNOWN;
    }
    if (order.getFirst() == packetId) {
      order.removeFirst();
      return Acknowledgement.IN_ORDER;
    }
    for (Iterator<Integer> ids = order.iterator(); ids.hasNext(); ) {
      if (ids.next() == packetId) {
        ids.remove();
        break;
      }
    }
    return Acknowledgement.OUT_OF_ORDER;
  }
}
