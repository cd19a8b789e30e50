package dev.fairlead.amqp;

import dev.fairlead.spi.Loop;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.engine.Collector;
import org.apache.qpid.proton.engine.Connection;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Event;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sasl.SaslOutcome;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.TransportException;
import org.jspecify.annotations.Nullable;

/**
 * The Proton-J engine of one connection: bytes in, events out, bytes out. Sets its bounds. Confined
 * to the loop.
 */
final class Engine {
  /** Events of the connection. */
  interface Events {
    void remoteOpened();

    void closed(ErrorCondition why);

    /** An empty session, which was a ping, was ended with an error. */
    void pingRefused();

    /** The engine itself failed, which is a defect of this side. */
    void failed(RuntimeException bug);
  }

  /** Events of a session; its context in the engine. */
  interface SessionEvents {
    void begun();

    void ended(ErrorCondition why);
  }

  /** Events of a link; its context in the engine. */
  interface LinkEvents {
    void attached(Link link);

    void detached(Link link, ErrorCondition why);

    void credited(Link link);

    /** A whole message has arrived. */
    void arrived(Delivery delivery, byte[] message);

    /** The peer has updated a delivery, in either direction. */
    void updated(Delivery delivery);
  }

  /** The hub's own size. A frame is buffered whole. */
  static final int MAX_FRAME = 64 * 1024;

  /** Flow control that the peer may ignore: unread bytes are bounded by the two limits above. */
  private static final int SESSION_CAPACITY = 4 * Reassembly.MAX_MESSAGE;

  /** [AMQP 2.3] A frame without a body is a heartbeat. */
  private static final byte[] EMPTY_FRAME = {0, 0, 0, 8, 2, 0, 0, 0};

  private final ConnectionThreads threads;
  private final Loop loop;
  private final Events events;
  private final AskingTransport transport;
  private final Connection connection = Proton.connection();
  private final Collector collector = Proton.collector();
  private final org.apache.qpid.proton.engine.@Nullable Sasl sasl;

  private final List<Session> ended = new ArrayList<>();
  private final List<Sender> draining = new ArrayList<>();
  private final Reassembly incoming = new Reassembly();
  private boolean busy;
  private boolean pinging;
  private boolean flushScheduled;
  private long lastReceived;
  private long lastSent;

  /**
   * @param asksForState whether {@link #askForState} is to be possible
   */
  Engine(
      ConnectionThreads threads,
      Loop loop,
      Sasl layer,
      Duration idleTimeout,
      boolean asksForState,
      Events events) {
    transport = new AskingTransport(asksForState);
    this.threads = threads;
    this.loop = loop;
    this.events = events;
    // Before sasl(), which fixes the buffers' sizes.
    transport.setMaxFrameSize(MAX_FRAME);
    transport.setFrameHandler(new FrameGuard(transport));
    transport.setEmitFlowEventOnSend(false);
    transport.setUseReadOnlyOutputBuffer(false);
    // The engine announces half of it. [AMQP 2.4.5] Its clock is not used: see Liveness.
    transport.setIdleTimeout((int) idleTimeout.toMillis());
    sasl = layer.mechanism().isPresent() ? transport.sasl() : null;
    if (sasl != null) {
      sasl.client();
      if (layer.user().isPresent() && layer.password().isPresent()) {
        sasl.plain(layer.user().get(), layer.password().get().reveal());
      } else {
        sasl.setMechanisms(layer.mechanism().get());
      }
    }
    connection.collect(collector);
    transport.bind(connection);
    lastReceived = loop.nanoTime();
    lastSent = lastReceived;
  }

  /** Sends OPEN with the next flush. */
  void open(String container, String host) {
    connection.setContainer(container);
    connection.setHostname(host);
    connection.open();
  }

  /** Sends CLOSE with the next flush. */
  void close() {
    connection.close();
  }

  /** A new session, to be opened by the caller. */
  Session session(SessionEvents handler) {
    Session session = connection.session();
    session.setIncomingCapacity(SESSION_CAPACITY);
    session.setContext(handler);
    return session;
  }

  /** How many sessions the peer allows at once. */
  int maxSessions() {
    return Math.min(transport.getRemoteChannelMax(), transport.getChannelMax()) + 1;
  }

  /** The peer's idle time-out: it expects a frame at least this often; zero for never. */
  Duration remoteIdleTimeout() {
    return Duration.ofMillis(transport.getRemoteIdleTimeout() & 0xffff_ffffL);
  }

  /** {@link Loop#nanoTime} of the last bytes in. */
  long lastReceived() {
    return lastReceived;
  }

  /** {@link Loop#nanoTime} of the last bytes out. */
  long lastSent() {
    return lastSent;
  }

  /**
   * Whether there is room for more output now; {@link ConnectionThreads.Events#batchDone} follows
   * if not.
   */
  boolean hasRoom() {
    return threads.hasRoom();
  }

  /**
   * Takes the bytes that have arrived and dispatches their events.
   *
   * @throws ProtocolViolation if they are not AMQP, or beyond the bounds
   */
  void feed(byte[] bytes, int length) throws ProtocolViolation {
    loop.assertInLoop();
    lastReceived = loop.nanoTime();
    int from = 0;
    while (from < length && transport.capacity() > 0) {
      int count = Math.min(transport.capacity(), length - from);
      ProtocolViolation breach = process(bytes, from, count);
      from += count;
      dispatch(); // frames before the violation count
      if (breach != null) {
        throw breach;
      }
    }
  }

  private @Nullable ProtocolViolation process(byte[] bytes, int from, int count) {
    try {
      transport.tail().put(bytes, from, count);
      transport.process();
      ErrorCondition wrong = transport.getCondition();
      return wrong == null ? null : new ProtocolViolation(String.valueOf(wrong.getDescription()));
    } catch (TransportException e) {
      return new ProtocolViolation(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      // The engine trusts its peer in many places where it should not.
      return new ProtocolViolation("what cannot be decoded (" + e + ")", e);
    } catch (StackOverflowError e) {
      return new ProtocolViolation("values nested too deeply", e);
    }
  }

  /** Whether the peer has refused the security layer. */
  boolean saslRefused() {
    return sasl != null && !saslPending() && sasl.getOutcome() != SaslOutcome.PN_SASL_OK;
  }

  /** Whether the outcome of the security layer is pending. */
  boolean saslPending() {
    return sasl != null && sasl.getOutcome() == SaslOutcome.PN_SASL_NONE;
  }

  private void dispatch() throws ProtocolViolation {
    busy = true;
    try {
      for (Event event = collector.peek(); event != null; event = collector.peek()) {
        dispatch(event);
        collector.pop();
      }
    } finally {
      busy = false;
    }
  }

  private void dispatch(Event event) throws ProtocolViolation {
    switch (event.getType()) {
      case CONNECTION_REMOTE_OPEN -> events.remoteOpened();
      case CONNECTION_REMOTE_CLOSE -> events.closed(connection.getRemoteCondition());
      case SESSION_REMOTE_OPEN -> of(event.getSession()).begun();
      case SESSION_REMOTE_CLOSE ->
          of(event.getSession()).ended(event.getSession().getRemoteCondition());
      case LINK_REMOTE_OPEN -> of(event.getLink()).attached(event.getLink());
      case LINK_REMOTE_CLOSE, LINK_REMOTE_DETACH ->
          of(event.getLink()).detached(event.getLink(), event.getLink().getRemoteCondition());
      case LINK_FLOW -> of(event.getLink()).credited(event.getLink());
      case DELIVERY -> delivered(event.getDelivery());
      default -> {
        // Events that this side caused.
      }
    }
  }

  private static SessionEvents of(Session session) throws ProtocolViolation {
    if (session.getContext() instanceof SessionEvents handler) {
      return handler;
    }
    throw new ProtocolViolation("something about a session that was never begun");
  }

  private static LinkEvents of(@Nullable Link link) throws ProtocolViolation {
    if (link == null) {
      // The engine's event of an ATTACH whose handle another link has. [AMQP 2.8.17]
      throw new ProtocolViolation("a link with the handle of another");
    }
    if (link.getContext() instanceof LinkEvents handler) {
      return handler;
    }
    throw new ProtocolViolation("a link of its own, which no hub attaches");
  }

  private void delivered(Delivery delivery) throws ProtocolViolation {
    LinkEvents handler = of(delivery.getLink());
    if (!(delivery.getLink() instanceof Receiver receiver) || receiver.current() != delivery) {
      handler.updated(delivery);
      return;
    }
    byte[] message = incoming.take(receiver, delivery);
    if (message != null) {
      handler.arrived(delivery, message);
    }
  }

  /** Stops counting partial messages on a link that was lost. */
  void discardPartial(Link link) {
    incoming.discard(link);
  }

  /** Returns the remaining credit of a link after the queued messages were sent. [AMQP 2.6.7] */
  void drain(Sender link) {
    draining.add(link);
  }

  /** The largest message that this side takes on a link. */
  static UnsignedLong maxMessageSize() {
    return UnsignedLong.valueOf(Reassembly.MAX_MESSAGE);
  }

  /** As {@link #flush}, once for everything until the loop runs it. */
  void flushSoon() {
    if (!flushScheduled && !busy) {
      flushScheduled = true;
      loop.execute(
          () -> {
            flushScheduled = false;
            flush();
          });
    }
  }

  /** Hands over output, as far as the writer has room. Does nothing inside a dispatch. */
  void flush() {
    loop.assertInLoop();
    if (busy) {
      return;
    }
    draining.forEach(
        link -> {
          if (link.getLocalState() == EndpointState.ACTIVE) {
            link.drained();
          }
        });
    draining.clear();
    forgetLocalEvents();
    push();
    if (!ended.isEmpty() && idle()) {
      ended.forEach(Session::free);
      ended.clear();
    }
    forgetLocalEvents();
  }

  /** As {@link #flush}, also inside a dispatch: later output is sent after it. */
  void push() {
    try {
      while (threads.hasRoom()) {
        int count = transport.pending();
        if (count <= 0) {
          break;
        }
        threads.write(transport.head());
        transport.pop(count);
        lastSent = loop.nanoTime();
      }
    } catch (RuntimeException e) {
      events.failed(e);
    }
  }

  /** Whether all output was handed to the threads. */
  private boolean idle() {
    return threads.hasRoom() && transport.pending() <= 0;
  }

  /** Begins an empty session and ends it as soon as it is answered. */
  void ping() {
    Session ping = connection.session();
    ping.setIncomingCapacity(SESSION_CAPACITY);
    ping.setContext(
        new SessionEvents() {
          @Override
          public void begun() {
            pinging = false;
            ping.close();
          }

          @Override
          public void ended(ErrorCondition why) {
            pinging = false;
            if (why.getCondition() != null) {
              events.pingRefused();
            }
            ping.close();
            ended.add(ping);
          }
        });
    pinging = true;
    ping.open();
  }

  /** Whether an empty session was begun and is not answered. */
  boolean pinging() {
    return pinging;
  }

  /**
   * Asks the peer for the state of a link.
   *
   * @return false if there is none
   */
  boolean askForState() {
    return transport.ask();
  }

  /**
   * Ends a session from this side and frees it once the peer has ended it as well. Not before the
   * peer has begun it: the engine would give its channel to another session, and take the late
   * BEGIN as that one's.
   */
  void leave(Session session) {
    SessionEvents remains =
        new SessionEvents() {
          @Override
          public void begun() {
            session.close();
          }

          @Override
          public void ended(ErrorCondition why) {
            ended.add(session);
          }
        };
    session.setContext(remains);
    if (session.getRemoteState() != EndpointState.UNINITIALIZED) {
      session.close();
    }
    if (session.getRemoteState() == EndpointState.CLOSED) {
      ended.add(session);
    }
  }

  /** Between dispatches only this side acts: its own events need no dispatch. */
  private void forgetLocalEvents() {
    while (collector.peek() != null) {
      collector.pop();
    }
  }

  /** Sends an empty frame, if nothing else is to be sent. */
  void heartbeat() {
    flush();
    if (idle()) {
      threads.write(ByteBuffer.wrap(EMPTY_FRAME));
      lastSent = loop.nanoTime();
    }
  }
}
