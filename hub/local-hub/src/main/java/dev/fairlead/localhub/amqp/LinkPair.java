package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.engine.Link;
import org.apache.qpid.protonj2.engine.Receiver;
import org.apache.qpid.protonj2.engine.Sender;
import org.apache.qpid.protonj2.types.UnsignedLong;
import org.apache.qpid.protonj2.types.transport.LinkError;
import org.apache.qpid.protonj2.types.transport.ReceiverSettleMode;
import org.apache.qpid.protonj2.types.transport.SenderSettleMode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two links of twin or methods, paired by their correlation id. If one is attached with another
 * id, the old link of the other direction is detached. Used on the connection's thread only.
 */
final class LinkPair {

  private static final Logger LOG = LoggerFactory.getLogger(LinkPair.class);

  private final HubAmqpConnection connection;
  private final AmqpDevice device;
  private final AmqpPart fromClient;
  private final AmqpPart toClient;
  private final Bounds bounds;
  private final Incoming.Taker taker;
  private @Nullable String correlationId;
  private @Nullable Outgoing out;

  /**
   * The limits of a client.
   *
   * @param credit messages in flight, in each direction
   * @param maxSize maximum bytes of one message
   */
  record Bounds(int credit, int maxSize) {}

  LinkPair(
      HubAmqpConnection connection,
      AmqpDevice device,
      AmqpPart fromClient,
      AmqpPart toClient,
      Bounds bounds,
      Incoming.Taker taker) {
    this.connection = connection;
    this.device = device;
    this.fromClient = fromClient;
    this.toClient = toClient;
    this.bounds = bounds;
    this.taker = taker;
  }

  /** Whether a link fits the pair that is attached. */
  boolean isSame(LinkTable.Terms terms) {
    return correlationId != null && correlationId.equals(terms.correlationId());
  }

  /** Answers the attach of one of the two links. */
  void attach(AmqpPart part, Link<?> link, LinkTable.Terms terms, boolean starved) {
    if (!isSame(terms)) {
      correlationId = terms.correlationId();
      device.detach(
          part == fromClient ? toClient : fromClient,
          connection
              .conditions()
              .of(
                  LinkError.STOLEN,
                  409002,
                  "The other link of the pair has another correlation id."));
    }
    // The answer serves as the acknowledgement. Clients that nevertheless send unsettled get a
    // disposition too.
    link.setSenderSettleMode(SenderSettleMode.SETTLED);
    link.setReceiverSettleMode(ReceiverSettleMode.FIRST);
    link.setMaxMessageSize(UnsignedLong.valueOf(bounds.maxSize()));
    if (link instanceof Receiver receiver) {
      Incoming incoming =
          new Incoming(connection, receiver, bounds.credit(), bounds.maxSize(), taker);
      device
          .linkTable()
          .accept(
              receiver,
              () -> {
                incoming.forgetPartial();
                device.ended(part, receiver);
              });
      if (starved) {
        incoming.starve();
      }
      incoming.open();
    } else if (link instanceof Sender sender) {
      Outgoing outgoing = new Outgoing(sender, bounds.credit());
      out = outgoing;
      sender.creditStateUpdateHandler(changed -> connection.guard(outgoing::pump));
      device
          .linkTable()
          .accept(
              sender,
              () -> {
                if (out == outgoing) {
                  out = null;
                }
                device.ended(part, sender);
              });
    }
  }

  /** Sends a message; it is lost if there is no link to the client or the client does not read. */
  boolean send(ProtonBuffer message) {
    Outgoing outgoing = out;
    if (outgoing == null) {
      LOG.info(
          "{}: a message is dropped, because the client does not receive from {}.",
          device.id(),
          toClient);
      return false;
    }
    if (!outgoing.offer(message)) {
      device.detach(
          toClient,
          connection
              .conditions()
              .of(403004, bounds.credit() + " messages wait for credit. Grant link credit."));
      return false;
    }
    return true;
  }
}
