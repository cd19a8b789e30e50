package dev.fairlead.amqp;

import org.apache.qpid.proton.amqp.UnsignedInteger;
import org.apache.qpid.proton.amqp.transport.Attach;
import org.apache.qpid.proton.amqp.transport.Begin;
import org.apache.qpid.proton.amqp.transport.Disposition;
import org.apache.qpid.proton.amqp.transport.FrameBody;
import org.apache.qpid.proton.engine.TransportException;
import org.apache.qpid.proton.engine.impl.FrameHandler;
import org.apache.qpid.proton.framing.TransportFrame;

/**
 * Checks each frame for content that the engine would trust: a range of deliveries that it would
 * process one by one, a session or a link that the peer opens.
 */
final class FrameGuard implements FrameHandler {
  /** More than any window of ours. */
  private static final long MAX_RANGE = 100_000;

  private static final long UINT = 0xffff_ffffL;

  private final FrameHandler engine;

  FrameGuard(FrameHandler engine) {
    this.engine = engine;
  }

  @Override
  public boolean handleFrame(TransportFrame frame) {
    FrameBody body = frame.getBody();
    if (body instanceof Disposition disposition) {
      check(disposition);
    } else if (body instanceof Begin begin && begin.getRemoteChannel() == null) {
      throw new TransportException("a session of its own, which no hub opens");
    } else if (body instanceof Attach attach && attach.getName() == null) {
      throw new TransportException("a link without a name");
    }
    return engine.handleFrame(frame);
  }

  private static void check(Disposition disposition) {
    UnsignedInteger first = disposition.getFirst();
    UnsignedInteger last = disposition.getLast();
    if (first == null) {
      throw new TransportException("a disposition of nothing");
    }
    // The engine's loop does not end where the numbers wrap. It does not use RFC 1982 arithmetic.
    if (last != null
        && (last.longValue() < first.longValue()
            || last.longValue() - first.longValue() > MAX_RANGE
            || last.longValue() == UINT)) {
      throw new TransportException("a disposition of an impossible range of deliveries");
    }
  }

  @Override
  public void closed(TransportException error) {
    engine.closed(error);
  }

  @Override
  public boolean isHandlingFrames() {
    return engine.isHandlingFrames();
  }
}
