package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Secret;
import dev.fairlead.transport.HubCode;
import dev.fairlead.transport.Overdue;
import dev.fairlead.transport.PendingRequests;
import dev.fairlead.transport.PendingRequests.Timing;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.Session;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts tokens on the {@code $cbs} links of a connection, one for each identity, and again when they
 * are renewed: as many at a time as the hub grants credit for, the rest is queued. The hub
 * processes them in turn, so the time of each counts from the last answer; a queued token has no
 * time limit, and fails when the hub answers nothing at all. Links that the hub detaches are
 * attached again when there is a token to put. Confined to the loop. IoT Hub: "Communicate with
 * your IoT hub by using the AMQP protocol", claims-based security; OASIS "AMQP Claims-based
 * Security".
 */
final class TokenQueue implements Links.Owner, Links.User, Engine.SessionEvents {
  private static final Logger log = LoggerFactory.getLogger(TokenQueue.class);

  private static final String NAME = "$cbs";
  private static final String WHAT = "token";

  /** How often a token is put again because the links were lost under it. */
  private static final int MAX_TRIES = 3;

  /** Far more than the identities of one connection. */
  private static final int MOST = 100_000;

  private final AmqpConnection connection;
  private final Engine engine;
  private final Duration limit;
  private final Links links;
  private final PendingRequests<String, Incoming> pending;
  private final Map<String, Request> sent = new HashMap<>();
  private final Deque<Request> queue = new ArrayDeque<>();

  private @Nullable Session session;
  private long lastId;
  private boolean over;

  /** Read by any thread, for {@link #step}. */
  private volatile boolean attached;

  TokenQueue(AmqpConnection connection) {
    this.connection = connection;
    engine = connection.engine();
    limit = connection.options().answerTimeout();
    pending = new PendingRequests<>(connection.debts(), WHAT, MOST, limit, Timing.IN_TURN);
    links =
        new Links(
            LinkPurpose.tokens(),
            connection.container() + "-",
            Map.of(),
            engine,
            connection.debts(),
            limit,
            limit,
            this,
            this);
  }

  /** Attaches the links. */
  void open() {
    if (session == null) {
      session = engine.session(this);
      session.open();
    }
    if (links.canAttach()) {
      links.attach(session);
    }
  }

  /** What a queued token waits for. Any thread. */
  String step() {
    return attached ? "the hub's credit for the token" : "the attach of the $cbs links";
  }

  /**
   * Puts a token.
   *
   * @param onSent called when the request was sent: later output follows it
   * @param answered called with null when the hub has accepted it, else with the failure
   * @return withdraws the request
   */
  Request put(
      Secret token,
      String audience,
      AmqpFailures failures,
      Runnable onSent,
      Consumer<@Nullable HubException> answered) {
    Request request = new Request(token, audience, failures, onSent, answered);
    if (over) {
      answered.accept(failures.over(Progress.NOT_SENT));
      return request;
    }
    queue.add(request);
    open();
    send();
    if (links.state() == Links.State.IDLE) {
      request.fail(failures.notSent(WHAT, "The hub does not answer ATTACH of the $cbs links."));
    }
    return request;
  }

  private void send() {
    List<Request> first = new ArrayList<>();
    // No more than the credit for answers, because a hub drops answers that it cannot send.
    while (!queue.isEmpty() && links.canSend() && sent.size() < links.purpose().credit()) {
      Request request = queue.remove();
      if (request.id.isEmpty()) {
        request.register(Long.toString(++lastId));
        first.add(request);
      }
      sent.put(request.id, request);
      ByteBuffer message = request.encoded();
      int size = message.remaining();
      links.send(message, 0).setContext(request);
      pending.sent(request.id, size);
    }
    if (queue.isEmpty() || links.canSend()) {
      links.forgiveCredit();
    } else {
      links.awaitCredit();
    }
    if (!first.isEmpty()) {
      // The engine would send the sessions and links that are requested next before the tokens.
      engine.push();
      first.forEach(request -> request.onSent.run());
    }
  }

  @Override
  public void attached() {
    attached = true;
    send();
  }

  @Override
  public void credited() {
    send();
  }

  @Override
  public void noCredit(Overdue overdue) {
    failQueued(overdue.sentence());
  }

  @Override
  public void unanswered(Links ours, Overdue overdue) {
    if (connection.isOpen()) {
      links.letGo();
      failQueued(overdue.sentence());
      engine.flushSoon();
    }
  }

  /** The request itself; the answer comes as a message of its own. */
  @Override
  public void updated(Delivery delivery) {
    if (!Outcomes.isTerminal(delivery.getRemoteState()) && !delivery.remotelySettled()) {
      return;
    }
    Object context = delivery.getContext();
    delivery.setContext(null);
    delivery.settle();
    if (context instanceof Request request
        && delivery.getRemoteState() instanceof Rejected rejected) {
      request.fail(request.failures.refused("the token", AmqpError.of(rejected.getError())));
    }
  }

  @Override
  public void arrived(Delivery delivery, byte[] message) {
    Links.settle(delivery);
    links.replenish();
    Incoming answer = MessageReader.read(message).orElse(null);
    Object id = answer == null ? null : answer.property(Incoming.CORRELATION_ID);
    if (answer == null || id == null || !pending.answer(Incoming.text(id), answer)) {
      log.debug("Ignored an answer about a token that is unknown or too late");
    }
    send();
  }

  @Override
  public void attached(Links ours) {}

  /** Tokens in flight are put again; a token put twice does no harm. */
  @Override
  public void lost(Links ours, AmqpError why, boolean granted) {
    log.debug("The hub ended the $cbs links {}", why);
    for (Request request : List.copyOf(queue)) {
      if (++request.losses >= MAX_TRIES || why.kind() != HubCode.Kind.TEMPORARY) {
        request.fail(request.failures.refused("the $cbs links", why));
      }
    }
    if (!queue.isEmpty()) {
      open();
    }
  }

  /** The links were lost: tokens in flight are queued again, in their order. */
  @Override
  public void lost(@Nullable AmqpError why) {
    attached = false;
    List<String> ids = pending.sentIds();
    for (int i = ids.size() - 1; i >= 0; i--) {
      Request request = sent.remove(ids.get(i));
      if (request != null) {
        pending.notSent(request.id);
        queue.addFirst(request);
      }
    }
  }

  /** The hub answers nothing, so queued tokens will not be sent. */
  private void failQueued(String why) {
    links.forgiveCredit();
    for (Request request : List.copyOf(queue)) {
      request.fail(request.failures.notSent(WHAT, why));
    }
  }

  @Override
  public void begun() {}

  @Override
  public void ended(ErrorCondition why) {
    Session own = session;
    session = null;
    // Their state ends with the session.
    links.sessionEnded();
    if (own != null) {
      engine.leave(own);
    }
    lost(links, AmqpError.of(why), false);
  }

  /** The connection has ended, and with it each session, which withdraws its requests. */
  void end() {
    over = true;
    queue.clear();
    sent.clear();
    links.end();
  }

  /** One token that is queued or sent. */
  final class Request {
    private final Secret token;
    private final String audience;
    private final AmqpFailures failures;
    private final Runnable onSent;
    private final Consumer<@Nullable HubException> answered;

    /** Empty until it is sent for the first time. */
    private String id = "";

    private boolean done;
    private int losses;

    Request(
        Secret token,
        String audience,
        AmqpFailures failures,
        Runnable onSent,
        Consumer<@Nullable HubException> answered) {
      this.token = token;
      this.audience = audience;
      this.failures = failures;
      this.onSent = onSent;
      this.answered = answered;
    }

    private void register(String ownId) {
      id = ownId;
      CompletionStage<Incoming> answer = pending.register(ownId);
      answer.whenComplete(this::completed);
    }

    private void completed(@Nullable Incoming answer, @Nullable Throwable failure) {
      sent.remove(id);
      if (answer != null) {
        done(refusal(answer));
      } else if (failure instanceof HubException why) {
        boolean nothingAnswered = pending.underWay() == 0;
        done(why);
        if (nothingAnswered) {
          failQueued("The hub has answered no token within " + Overdue.inWords(limit) + ".");
        }
        send();
        engine.flushSoon();
      }
    }

    private @Nullable HubException refusal(Incoming answer) {
      Long status = Incoming.number(answer.applicationProperties().get("status-code"));
      if (status != null && status >= 200 && status < 300) {
        return null;
      }
      Object description = answer.applicationProperties().get("status-description");
      return failures.refused(
          "the token",
          AmqpError.ofToken(status, description == null ? null : Incoming.text(description)));
    }

    /** Withdraws the request: it has no further effect. */
    void cancel() {
      done = true;
      remove();
      if (!over) {
        send();
      }
    }

    private void remove() {
      queue.remove(this);
      sent.remove(id, this);
      pending.forget(id);
    }

    private void fail(HubException failure) {
      remove();
      done(failure);
    }

    private void done(@Nullable HubException failure) {
      if (!done) {
        done = true;
        answered.accept(failure);
      }
    }

    private ByteBuffer encoded() {
      String text = token.reveal();
      MessageWriter out = new MessageWriter(text.length() + audience.length() + 200);
      out.section(MessageWriter.PROPERTIES);
      int properties = out.begin();
      out.text(id).nothing().text(NAME).nothing().text("cbs").text(id);
      out.endList(properties, 6);
      out.section(MessageWriter.APPLICATION_PROPERTIES);
      int application = out.begin();
      out.text("operation").text("put-token");
      out.text("type").text("servicebus.windows.net:sastoken");
      out.text("name").text(audience);
      out.endMap(application, 3);
      out.section(MessageWriter.VALUE).text(text);
      return out.finish();
    }
  }
}
