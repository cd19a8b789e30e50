package dev.fairlead.localhub.mqtt;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;

/**
 * The packet ids of QoS 1 messages to a client that it has not acknowledged, in the order they were
 * first sent. On the connection's thread only.
 *
 * <p>C2D messages take their packet ids from the lower half of the range by their place in the
 * queue: so a message that is sent again, on this connection or the next, has the same id
 * [MQTT-4.4.0-1], and no table of ids has to outlive the connection. The queue is far shorter than
 * the range. Method calls take theirs from the upper half.
 */
final class InFlight {

  private static final int HALF = 32_768;
  private static final int CALL_LIMIT = 1_000;

  private final ArrayDeque<Integer> order = new ArrayDeque<>();
  private final Set<Integer> present = new HashSet<>();
  private int nextCall = HALF;

  /** What a PUBACK means. */
  enum Acknowledgement {
    /** It is for the oldest message. */
    IN_ORDER,
    /** It overtakes an older message. */
    OUT_OF_ORDER,
    /** It is for no message that is in flight. */
    UNKNOWN
  }

  /** The packet id of a C2D message, 1 to 32767. */
  static int packetIdOf(long sequence) {
    return (int) ((sequence - 1) % (HALF - 1)) + 1;
  }

  /** A message goes out; one that goes out again keeps its place. */
  void sent(int packetId) {
    if (present.add(packetId)) {
      order.addLast(packetId);
    }
  }

  /**
   * A packet id for a method call, 32768 to 65535; 0 if the client owes too many acknowledgements.
   */
  int nextCallId() {
    if (present.size() >= CALL_LIMIT) {
      return 0;
    }
    do {
      nextCall = nextCall == 2 * HALF - 1 ? HALF : nextCall + 1;
    } while (present.contains(nextCall));
    return nextCall;
  }

  /** A PUBACK has come. */
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
