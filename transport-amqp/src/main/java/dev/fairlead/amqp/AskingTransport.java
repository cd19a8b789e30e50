package dev.fairlead.amqp;

import java.util.HashMap;
import java.util.Map;
import org.apache.qpid.proton.amqp.UnsignedInteger;
import org.apache.qpid.proton.amqp.transport.Attach;
import org.apache.qpid.proton.amqp.transport.Begin;
import org.apache.qpid.proton.amqp.transport.Detach;
import org.apache.qpid.proton.amqp.transport.End;
import org.apache.qpid.proton.amqp.transport.Flow;
import org.apache.qpid.proton.amqp.transport.FrameBody;
import org.apache.qpid.proton.amqp.transport.Role;
import org.apache.qpid.proton.amqp.transport.Transfer;
import org.apache.qpid.proton.codec.ReadableBuffer;
import org.apache.qpid.proton.engine.impl.TransportImpl;
import org.apache.qpid.proton.framing.TransportFrame;
import org.jspecify.annotations.Nullable;

/**
 * The engine's transport, which can also ask the peer for its state: the engine does not support
 * FLOW with echo. So it counts the values that such a FLOW must contain, only on a connection to a
 * hub that is pinged with FLOW. [AMQP 2.5.6, 2.7.4] Confined to the loop.
 */
final class AskingTransport extends TransportImpl {
  /** This side's end of a session, derived from the frames sent and received. */
  private static final class Counted {
    final Map<UnsignedInteger, UnsignedInteger> deliveries = new HashMap<>(); // by sender's handle
    UnsignedInteger nextOutgoing = UnsignedInteger.ZERO;
    UnsignedInteger incomingWindow = UnsignedInteger.ZERO;
    UnsignedInteger outgoingWindow = UnsignedInteger.ZERO;
    @Nullable UnsignedInteger nextIncoming;
  }

  private final boolean counts;
  private final Map<Integer, Counted> byLocal = new HashMap<>();
  private final Map<Integer, Counted> byRemote = new HashMap<>();

  AskingTransport(boolean counts) {
    this.counts = counts;
  }

  @Override
  protected void writeFrame(
      int channel,
      FrameBody body,
      @Nullable ReadableBuffer payload,
      @Nullable Runnable payloadTooLarge) {
    super.writeFrame(channel, body, payload, payloadTooLarge);
    if (!counts) {
      return;
    }
    if (body instanceof Begin begin) {
      Counted session = new Counted();
      session.nextOutgoing = begin.getNextOutgoingId();
      session.incomingWindow = begin.getIncomingWindow();
      session.outgoingWindow = begin.getOutgoingWindow();
      byLocal.put(channel, session);
      return;
    }
    Counted session = byLocal.get(channel);
    if (session == null) {
      return;
    }
    if (body instanceof Transfer transfer) {
      session.nextOutgoing = next(session.nextOutgoing);
      if (!transfer.getMore()) {
        session.deliveries.computeIfPresent(transfer.getHandle(), (handle, count) -> next(count));
      }
    } else if (body instanceof Flow flow) {
      session.incomingWindow = flow.getIncomingWindow();
      session.outgoingWindow = flow.getOutgoingWindow();
    } else if (body instanceof Attach attach && attach.getRole() == Role.SENDER) {
      session.deliveries.put(attach.getHandle(), attach.getInitialDeliveryCount());
    } else if (body instanceof Detach detach) {
      session.deliveries.remove(detach.getHandle());
    } else if (body instanceof End) {
      byLocal.remove(channel);
    }
  }

  @Override
  public boolean handleFrame(TransportFrame frame) {
    FrameBody body = frame.getBody();
    if (!counts) {
      return super.handleFrame(frame);
    }
    if (body instanceof Begin begin && begin.getRemoteChannel() != null) {
      Counted session = byLocal.get(begin.getRemoteChannel().intValue());
      if (session != null) {
        session.nextIncoming = begin.getNextOutgoingId();
        byRemote.put(frame.getChannel(), session);
      }
    } else if (body instanceof Transfer) {
      Counted session = byRemote.get(frame.getChannel());
      if (session != null && session.nextIncoming != null) {
        session.nextIncoming = next(session.nextIncoming);
      }
    } else if (body instanceof End) {
      byRemote.remove(frame.getChannel());
    }
    return super.handleFrame(frame);
  }

  /** RFC 1982: these numbers wrap. */
  private static UnsignedInteger next(UnsignedInteger number) {
    return UnsignedInteger.valueOf((int) (number.longValue() + 1));
  }

  /**
   * Asks the peer for the state of a sending link, whose answer is a FLOW.
   *
   * @return false if there is no link, or nothing is counted
   */
  boolean ask() {
    for (Map.Entry<Integer, Counted> each : byLocal.entrySet()) {
      Counted session = each.getValue();
      if (session.nextIncoming != null && !session.deliveries.isEmpty()) {
        Map.Entry<UnsignedInteger, UnsignedInteger> link =
            session.deliveries.entrySet().iterator().next();
        Flow flow = new Flow();
        flow.setNextIncomingId(session.nextIncoming);
        flow.setIncomingWindow(session.incomingWindow);
        flow.setNextOutgoingId(session.nextOutgoing);
        flow.setOutgoingWindow(session.outgoingWindow);
        flow.setHandle(link.getKey());
        flow.setDeliveryCount(link.getValue());
        flow.setEcho(true);
        super.writeFrame(each.getKey(), flow, null, null);
        return true;
      }
    }
    return false;
  }
}
