package dev.fairlead.amqp;

import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Receiver;
import org.jspecify.annotations.Nullable;

/**
 * Reassembles messages from several transfers, within bounds: of one message, and of all partial
 * messages on the links of a connection. A delivery's context is how much of it is counted.
 * Confined to the loop.
 */
final class Reassembly {
  /** The hub's own limit of a message. IoT Hub: max-message-size of its links. */
  static final int MAX_MESSAGE = 1024 * 1024;

  /** Limit of all partial messages on all links together. */
  private static final long MAX_PARTIAL = 16L * MAX_MESSAGE;

  private long partial;

  /**
   * Takes the received part of the receiver's current delivery.
   *
   * @return the message if it is whole, else null
   * @throws ProtocolViolation if it exceeds the bounds
   */
  byte @Nullable [] take(Receiver receiver, Delivery delivery) throws ProtocolViolation {
    int before = delivery.getContext() instanceof Integer seen ? seen : 0;
    int size = delivery.available();
    partial += size - before;
    if (delivery.isAborted()) {
      partial -= size;
      delivery.setContext(null);
      receiver.advance();
      delivery.settle();
      return null;
    }
    if (size > MAX_MESSAGE || partial > MAX_PARTIAL) {
      throw new ProtocolViolation("more than " + MAX_MESSAGE + " bytes in one message");
    }
    if (delivery.isPartial()) {
      delivery.setContext(size);
      return null;
    }
    partial -= size;
    byte[] message = new byte[size];
    receiver.recv(message, 0, size);
    delivery.setContext(null);
    receiver.advance();
    return message;
  }

  /** Stops counting the partial message on a link. */
  void discard(Link link) {
    if (link instanceof Receiver) {
      for (Delivery each = link.head(); each != null; each = each.next()) {
        if (each.getContext() instanceof Integer seen) {
          partial -= seen;
          each.setContext(null);
        }
      }
    }
  }
}
