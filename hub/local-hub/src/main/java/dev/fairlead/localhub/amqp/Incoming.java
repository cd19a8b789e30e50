package dev.fairlead.localhub.amqp;

import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.engine.IncomingDelivery;
import org.apache.qpid.protonj2.engine.Receiver;
import org.apache.qpid.protonj2.types.transport.ConnectionError;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.apache.qpid.protonj2.types.transport.LinkError;

/**
 * The receiving side of one link: assembles deliveries from their transfers, within bounds, and
 * renews the client's credit. Used on the connection's thread only.
 */
final class Incoming {

  private final HubAmqpConnection connection;
  private final Receiver link;
  private final int credit;
  private final int maxSize;
  private final Taker taker;
  private boolean starved;
  private int granted;
  private int partial;
  private int strays;

  /** Receives complete deliveries, and settles them, now or later. */
  @FunctionalInterface
  interface Taker {
    /** Receives one delivery. */
    void take(IncomingDelivery delivery, byte[] message);
  }

  /**
   * @param credit how many deliveries the client may have in flight
   * @param maxSize the maximum size of a delivery, in bytes
   */
  Incoming(HubAmqpConnection connection, Receiver link, int credit, int maxSize, Taker taker) {
    this.connection = connection;
    this.link = link;
    this.credit = credit;
    this.maxSize = maxSize;
    this.taker = taker;
    link.deliveryReadHandler(delivery -> connection.guard(() -> read(delivery)));
  }

  /** Grants the first credit. */
  void open() {
    replenish();
  }

  /** Never grants credit. */
  void starve() {
    starved = true;
  }

  /** Renews the credit once the client has used half of it. */
  void replenish() {
    if (starved || !link.isLocallyOpen() || !link.isRemotelyOpen() || granted > credit / 2) {
      return;
    }
    int more = credit - granted;
    granted = credit;
    link.addCredit(more);
  }

  private void read(IncomingDelivery delivery) {
    if (!link.isLocallyOpen() || !link.getSession().isLocallyOpen()) {
      drop(delivery);
      return;
    }
    if (delivery.isAborted()) {
      forgetPartial();
      granted--;
      delivery.settle();
      connection.dispositions().replenish(this);
      return;
    }
    int available = delivery.available();
    if (available > maxSize) {
      delivery.readAll();
      detach(
          new ErrorCondition(
              LinkError.MESSAGE_SIZE_EXCEEDED,
              "The message has more than " + maxSize + " bytes, the maximum of this link."));
      return;
    }
    if (delivery.isPartial()) {
      delivery.claimAvailableBytes(); // This reopens the session's window.
      connection.reassembling(available - partial);
      partial = available;
      return;
    }
    forgetPartial();
    if (--granted < 0) {
      detach(
          new ErrorCondition(
              LinkError.TRANSFER_LIMIT_EXCEEDED, "The transfer exceeds the link credit."));
      return;
    }
    connection.dispositions().replenish(this);
    taker.take(delivery, bytes(delivery));
  }

  /** A link that the hub has closed may still receive what was in flight, but not much more. */
  private void drop(IncomingDelivery delivery) {
    delivery.readAll();
    if (++strays > credit + 1000) {
      connection.fail(
          new ErrorCondition(
              ConnectionError.FRAMING_ERROR,
              "The client keeps sending transfers on a detached link."));
    }
  }

  private void detach(ErrorCondition condition) {
    forgetPartial();
    link.setCondition(condition).close();
  }

  /** The link has ended: drops an incomplete delivery. */
  void forgetPartial() {
    connection.reassembling(-partial);
    partial = 0;
  }

  private static byte[] bytes(IncomingDelivery delivery) {
    ProtonBuffer buffer = delivery.readAll();
    if (buffer == null) {
      return new byte[0];
    }
    byte[] bytes = new byte[buffer.getReadableBytes()];
    buffer.copyInto(buffer.getReadOffset(), bytes, 0, bytes.length);
    return bytes;
  }
}
