package dev.fairlead.amqp;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;
import org.apache.qpid.proton.codec.ReadableBuffer;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.jspecify.annotations.Nullable;

/**
 * The links of one {@link LinkPurpose}: attached together, lost together, and attached anew as
 * often as their owner wants. Confined to the loop.
 */
final class Links implements Engine.LinkEvents {
  /** Who decides about the links. */
  interface Owner {
    /** All of them are there. */
    void attached(Links links);

    /** They are gone, all of them, or were never granted. */
    void lost(Links links, HubError why);
  }

  /** Who works with the links. */
  interface User {
    /** All of them are there; comes before the owner hears of it. */
    default void attached() {}

    /** There may be more credit to send. */
    default void credited() {}

    /** A message has come. Whether it is settled already is the sender's affair. */
    default void arrived(Delivery delivery, byte[] message) {}

    /** The hub has said something about a delivery. */
    default void updated(Delivery delivery) {}

    /** The link of a delivery under way is gone: its fate is unknown. */
    default void abandoned(Delivery delivery) {}

    /** The links are gone. */
    default void lost() {}
  }

  enum State {
    IDLE,
    ATTACHING,
    ATTACHED,
    /** The session is over: nothing that still comes counts. */
    ENDED
  }

  private static final int UNLIMITED = -1_000_000_000;

  // IoT Hub takes these, and insists on the common id of a pair.
  private static final Symbol API_VERSION = Symbol.valueOf("com.microsoft:api-version");
  private static final Symbol CLIENT_VERSION = Symbol.valueOf("com.microsoft:client-version");
  private static final Symbol CORRELATION = Symbol.valueOf("com.microsoft:channel-correlation-id");

  private final LinkPurpose function;
  private final String prefix;
  private final Map<Symbol, Object> properties;
  private final Owner owner;
  private final User user;

  private int sent;
  private State state = State.IDLE;
  private int attachings;
  private int unanswered;
  private @Nullable Sender sender;
  private @Nullable Receiver receiver;

  /**
   * Makes links that are not attached yet.
   *
   * @param prefix makes their names unique within the container, which strict peers insist on
   * @param properties what every ATTACH carries, empty towards a plain broker
   */
  Links(
      LinkPurpose function, String prefix, Map<Symbol, Object> properties, Owner owner, User user) {
    this.function = function;
    this.prefix = prefix;
    this.properties = properties;
    this.owner = owner;
    this.user = user;
  }

  /** What the hub wants to know with every ATTACH. */
  static Map<Symbol, Object> properties(String apiVersion, String userAgent) {
    return Map.of(API_VERSION, apiVersion, CLIENT_VERSION, userAgent);
  }

  LinkPurpose function() {
    return function;
  }

  State state() {
    return state;
  }

  /** Null while the links are gone, or where none was wanted. */
  @Nullable Sender sender() {
    return sender;
  }

  /** Null while the links are gone, or where none was wanted. */
  @Nullable Receiver receiver() {
    return receiver;
  }

  /** Asks for the links, and for messages on the one from the hub right away. */
  void attach(Session session) {
    state = State.ATTACHING;
    unanswered = 0;
    attachings++;
    Map<Symbol, Object> told = new HashMap<>(properties);
    if (function.paired() && !properties.isEmpty()) {
      told.put(CORRELATION, function.name() + ":" + UUID.randomUUID());
    }
    String name = prefix + function.name() + "-" + attachings;
    if (function.sends()) {
      sender = session.sender(name + "-out");
      open(sender, told);
    }
    if (function.receives()) {
      receiver = session.receiver(name + "-in");
      open(receiver, told);
      receiver.flow(function.credit());
    }
  }

  private void open(Link link, Map<Symbol, Object> told) {
    Source source = new Source();
    Target target = new Target();
    boolean out = link instanceof Sender;
    // The terminus on this side carries a name of our own choice.
    source.setAddress(out ? link.getName() : function.address());
    target.setAddress(out ? function.address() : link.getName());
    link.setSource(source);
    link.setTarget(target);
    link.setSenderSettleMode(function.senderMode());
    link.setReceiverSettleMode(function.receiverMode());
    link.setMaxMessageSize(Engine.maxMessageSize());
    if (!told.isEmpty()) {
      link.setProperties(told);
    }
    link.setContext(this);
    link.open();
    unanswered++;
  }

  @Override
  public void attached(Link link) {
    boolean granted =
        link instanceof Sender ? link.getRemoteTarget() != null : link.getRemoteSource() != null;
    // [AMQP 2.6.3] Where not, a DETACH with the reason follows.
    if (state == State.ATTACHING && granted && --unanswered == 0) {
      state = State.ATTACHED;
      user.attached();
      owner.attached(this);
    }
  }

  @Override
  public void detached(Link link, ErrorCondition why) {
    if (state == State.ENDED) {
      return;
    }
    HubError error = HubError.of(why);
    letGo();
    owner.lost(this, error);
  }

  @Override
  public void credited(Link link) {
    if (state == State.ATTACHED) {
      user.credited();
    }
  }

  @Override
  public void arrived(Delivery delivery, byte[] message) {
    if (state == State.ENDED) {
      release(delivery);
    } else {
      user.arrived(delivery, message);
    }
  }

  @Override
  public void updated(Delivery delivery) {
    if (state != State.ENDED) {
      user.updated(delivery);
    }
  }

  /** Whether one message can be sent now. */
  boolean canSend() {
    // The engine keeps credit in an int: what is granted without limit shows as far below zero.
    return state == State.ATTACHED
        && sender != null
        && (sender.getCredit() > 0 || sender.getCredit() < UNLIMITED);
  }

  /**
   * Sends one message, for which there must be credit.
   *
   * @param message whole and encoded; handed over
   * @param format 0, or another message format. [AMQP 2.7.5]
   */
  Delivery send(ByteBuffer message, int format) {
    Sender out = Objects.requireNonNull(sender);
    int number = ++sent;
    byte[] tag = {
      (byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number
    };
    Delivery delivery = out.delivery(tag);
    delivery.setMessageFormat(format);
    out.sendNoCopy(ReadableBuffer.ByteBufferReader.wrap(message));
    if (function.senderMode() == SenderSettleMode.SETTLED) {
      delivery.settle();
    } else {
      out.advance();
    }
    return delivery;
  }

  /** Asks for another message in place of one that is done with. */
  void replenish() {
    if (receiver != null) {
      receiver.flow(1);
    }
  }

  private static void release(Delivery delivery) {
    delivery.disposition(Released.getInstance());
    delivery.settle();
  }

  /** Takes note of a message for good, if the hub has left that to this side. */
  static void settle(Delivery delivery) {
    if (!delivery.remotelySettled()) {
      delivery.disposition(Accepted.getInstance());
    }
    delivery.settle();
  }

  /** The session of the links, or the whole connection, is over. */
  void end() {
    state = State.ENDED;
    sender = null;
    receiver = null;
  }

  /** Detaches what is attached; what was under way is unknown from here on. */
  void letGo() {
    if (state == State.IDLE || state == State.ENDED) {
      return;
    }
    state = State.IDLE;
    Sender out = sender;
    Receiver in = receiver;
    sender = null;
    receiver = null;
    if (out != null) {
      leave(out);
    }
    if (in != null) {
      leave(in);
    }
    user.lost();
  }

  private void leave(Link link) {
    for (Delivery each = link.head(); each != null; each = each.next()) {
      user.abandoned(each);
    }
    link.setContext(new Remains());
    link.close();
    if (link.getRemoteState() == EndpointState.CLOSED) {
      free(link);
    }
  }

  /** Else the engine would settle deliveries in a way that may mean "done". */
  private static void free(Link link) {
    Delivery delivery = link.head();
    while (delivery != null) {
      Delivery next = delivery.next();
      if (link instanceof Receiver) {
        delivery.disposition(Released.getInstance());
      }
      delivery.settle();
      delivery = next;
    }
    link.free();
  }

  /** A link that was let go of and that the hub has not detached yet. */
  private static final class Remains implements Engine.LinkEvents {
    @Override
    public void attached(Link link) {}

    @Override
    public void detached(Link link, ErrorCondition why) {
      free(link);
    }

    @Override
    public void credited(Link link) {}

    @Override
    public void arrived(Delivery delivery, byte[] message) {
      release(delivery);
    }

    @Override
    public void updated(Delivery delivery) {}
  }
}
