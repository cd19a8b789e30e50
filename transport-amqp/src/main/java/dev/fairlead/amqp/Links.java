package dev.fairlead.amqp;

import dev.fairlead.transport.Debt;
import dev.fairlead.transport.Debts;
import dev.fairlead.transport.Overdue;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Released;
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
 * The links of one {@link LinkPurpose}: attached together, lost together, and attached again when
 * their owner decides so. The hub owes the answer to each ATTACH, and credit if a message waits for
 * it. Confined to the loop.
 */
final class Links implements Engine.LinkEvents {
  /** Decides about the links. */
  interface Owner {
    /** All are attached. */
    void attached(Links links);

    /**
     * All of them were lost.
     *
     * @param granted whether they were attached; if not, the hub refused them
     */
    void lost(Links links, AmqpError why, boolean granted);

    /** The hub does not answer ATTACH. Called again after each further limit. */
    void unanswered(Links links, Overdue overdue);
  }

  /** Uses the links. */
  interface User {
    /** ATTACH was sent: credit granted now follows it. */
    default void requested() {}

    /** All of them are attached; called before the owner is notified. */
    default void attached() {}

    /** There may be more credit to send. */
    default void credited() {}

    /** The hub gave no credit within the limit, since {@link #awaitCredit}. */
    default void noCredit(Overdue overdue) {}

    /** A message has arrived. The sender decides whether it is already settled. */
    default void arrived(Delivery delivery, byte[] message) {}

    /** The hub has updated a delivery. */
    default void updated(Delivery delivery) {}

    /** The link of a delivery in flight was lost: its outcome is unknown. */
    default void abandoned(Delivery delivery) {}

    /**
     * The links were lost.
     *
     * @param why the hub's error when it detached them; null if this side did
     */
    default void lost(@Nullable AmqpError why) {}
  }

  enum State {
    IDLE,
    ATTACHING,
    ATTACHED,
    /** The session has ended: later events are ignored. */
    ENDED
  }

  private static final int UNLIMITED = -1_000_000_000;

  /**
   * Links whose ATTACH or DETACH the hub never answers stay in the engine, so their number is
   * limited.
   */
  private static final int MOST_UNANSWERED = 8;

  /** IoT Hub requires it: a common id of the links of a pair. */
  private static final Symbol CORRELATION = Symbol.valueOf("com.microsoft:channel-correlation-id");

  private final LinkPurpose purpose;
  private final String prefix;
  private final Map<Symbol, Object> properties;
  private final Engine engine;
  private final Owner owner;
  private final User user;
  private final Debt answer;
  private final Debt credit;

  private int sent;
  private State state = State.IDLE;
  private int attachings;
  private int awaited;
  private int unanswered;
  private @Nullable Sender sender;
  private @Nullable Receiver receiver;

  /**
   * Makes links that are not attached yet.
   *
   * @param prefix makes their names unique within the container, as strict peers require
   * @param properties the properties of every ATTACH, empty for a plain broker
   * @param answerLimit how long the hub may take to answer ATTACH
   * @param creditLimit how long it may grant no credit while a message waits for it
   */
  Links(
      LinkPurpose purpose,
      String prefix,
      Map<Symbol, Object> properties,
      Engine engine,
      Debts debts,
      Duration answerLimit,
      Duration creditLimit,
      Owner owner,
      User user) {
    this.purpose = purpose;
    this.prefix = prefix;
    this.properties = properties;
    this.engine = engine;
    this.owner = owner;
    this.user = user;
    answer =
        debts.debt(
            "the answer to ATTACH of the " + purpose.words(),
            answerLimit,
            overdue -> owner.unanswered(this, overdue));
    credit = debts.debt("credit on the " + purpose.words(), creditLimit, user::noCredit);
  }

  LinkPurpose purpose() {
    return purpose;
  }

  State state() {
    return state;
  }

  /** Null while the links are not attached. */
  @Nullable Receiver receiver() {
    return receiver;
  }

  /** Whether they can be attached: there are not too many abandoned links without an answer. */
  boolean canAttach() {
    return state == State.IDLE && unanswered < MOST_UNANSWERED;
  }

  /** Attaches the links, and grants credit on the one from the hub immediately. */
  void attach(Session session) {
    state = State.ATTACHING;
    awaited = 0;
    attachings++;
    Map<Symbol, Object> sentProperties = properties;
    if (purpose.paired() && !properties.isEmpty()) {
      sentProperties = new HashMap<>(properties);
      sentProperties.put(CORRELATION, purpose.name() + ":" + UUID.randomUUID());
    }
    String name = prefix + purpose.name() + "-" + attachings;
    if (purpose.sends()) {
      sender = session.sender(name + "-out");
      open(sender, sentProperties);
    }
    if (purpose.receives()) {
      receiver = session.receiver(name + "-in");
      open(receiver, sentProperties);
      receiver.flow(purpose.credit());
    }
    user.requested();
    answer.owe();
  }

  private void open(Link link, Map<Symbol, Object> sentProperties) {
    purpose.shape(link);
    if (!sentProperties.isEmpty()) {
      link.setProperties(sentProperties);
    }
    link.setContext(this);
    link.open();
    awaited++;
  }

  @Override
  public void attached(Link link) {
    boolean granted =
        link instanceof Sender ? link.getRemoteTarget() != null : link.getRemoteSource() != null;
    // [AMQP 2.6.3] Otherwise a DETACH with the reason follows.
    if (state == State.ATTACHING && granted && --awaited == 0) {
      state = State.ATTACHED;
      answer.forgive();
      user.attached();
      owner.attached(this);
    }
  }

  @Override
  public void detached(Link link, ErrorCondition why) {
    if (state == State.ENDED) {
      return;
    }
    boolean granted = state == State.ATTACHED;
    AmqpError error = AmqpError.of(why);
    letGo(error);
    owner.lost(this, error, granted);
  }

  @Override
  public void credited(Link link) {
    if (state != State.ATTACHED) {
      return;
    }
    if (canSend()) {
      credit.forgive();
    }
    user.credited();
    if (link instanceof Sender out && out.getDrain()) {
      engine.drain(out);
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
    // The engine keeps credit in an int: unlimited credit appears as a large negative number.
    return state == State.ATTACHED
        && sender != null
        && (sender.getCredit() > 0 || sender.getCredit() < UNLIMITED);
  }

  /** A message waits for credit: from now on the hub owes it. */
  void awaitCredit() {
    if (state == State.ATTACHED && credit.count() == 0 && !canSend()) {
      credit.owe();
    }
  }

  void forgiveCredit() {
    credit.forgive();
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
    if (purpose.senderMode() == SenderSettleMode.SETTLED) {
      delivery.settle();
    } else {
      out.advance();
    }
    return delivery;
  }

  /** Asks for one more message. */
  void replenish() {
    if (receiver != null) {
      receiver.flow(1);
    }
  }

  private static void release(Delivery delivery) {
    delivery.disposition(Released.getInstance());
    delivery.settle();
  }

  /** Settles a message, if the hub has left that to this side. */
  static void settle(Delivery delivery) {
    if (!delivery.remotelySettled()) {
      delivery.disposition(Accepted.getInstance());
    }
    delivery.settle();
  }

  /** The session of the links, or the whole connection, has ended. */
  void end() {
    state = State.ENDED;
    answer.forgive();
    credit.forgive();
    if (receiver != null) {
      engine.discardPartial(receiver);
    }
    sender = null;
    receiver = null;
  }

  /** Detaches the attached links; the outcome of deliveries in flight is unknown from then on. */
  void letGo() {
    letGo(null);
  }

  private void letGo(@Nullable AmqpError why) {
    if (state == State.IDLE || state == State.ENDED) {
      return;
    }
    state = State.IDLE;
    answer.forgive();
    Link out = sender;
    Link in = receiver;
    sender = null;
    receiver = null;
    leave(out);
    leave(in);
    user.lost(why);
  }

  /** As {@link #letGo}, if the hub has ended their session and answers nothing more in it. */
  void sessionEnded() {
    letGo();
    unanswered = 0;
  }

  private void leave(@Nullable Link link) {
    if (link == null) {
      return;
    }
    engine.discardPartial(link);
    for (Delivery each = link.head(); each != null; each = each.next()) {
      user.abandoned(each);
    }
    link.setContext(new Remains());
    link.close();
    if (link.getRemoteState() == EndpointState.CLOSED) {
      free(link);
    } else {
      unanswered++;
    }
  }

  /** Otherwise the engine would settle deliveries in a way that may mean "completed". */
  private void free(Link link) {
    engine.discardPartial(link);
    if (link instanceof Receiver in) {
      // Partial messages would be counted against the session's window for ever.
      while (in.current() != null && in.advance()) {}
    }
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

  /** An abandoned link that the hub has not detached yet. */
  private final class Remains implements Engine.LinkEvents {
    @Override
    public void attached(Link link) {}

    @Override
    public void detached(Link link, ErrorCondition why) {
      unanswered = Math.max(0, unanswered - 1);
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
