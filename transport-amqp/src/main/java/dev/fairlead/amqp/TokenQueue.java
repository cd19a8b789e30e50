package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Secret;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
 * are renewed: as many at a time as the hub grants credit for, the rest in line. Links that the hub
 * detaches are attached again when there is something to put. Confined to the loop. IoT Hub:
 * "Communicate with your IoT hub by using the AMQP protocol", claims-based security; OASIS "AMQP
 * Claims-based Security".
 */
final class TokenQueue implements Links.Owner, Links.User, Engine.SessionEvents {
  private static final Logger log = LoggerFactory.getLogger(TokenQueue.class);

  private static final String NAME = "$cbs";

  /** How often a token is put again because the links were lost under it. */
  private static final int MAX_TRIES = 3;

  private final Engine engine;
  private final Loop loop;
  private final Liveness liveness;
  private final Duration timeout;
  private final Links links;

  private @Nullable Session session;
  private final Deque<Request> inLine = new ArrayDeque<>();
  private final Map<String, Request> underWay = new LinkedHashMap<>();
  private long lastId;
  private boolean over;

  TokenQueue(
      Engine engine, Loop loop, Liveness liveness, AmqpOptions options, String connectionName) {
    this.engine = engine;
    this.loop = loop;
    this.liveness = liveness;
    this.timeout = options.answerTimeout();
    links = new Links(LinkPurpose.tokens(), connectionName + "-", Map.of(), this, this);
  }

  /** Asks for the links. */
  void open() {
    if (session == null) {
      session = engine.session(this);
      session.open();
    }
    if (links.state() == Links.State.IDLE) {
      links.attach(session);
    }
  }

  /**
   * Puts a token.
   *
   * @param sent called when the request is on its way: what is said after it finds it there
   * @param answered called with null when the hub has taken it, else with why not
   * @return takes the request back
   */
  Request put(
      Secret token,
      String audience,
      AmqpFailures failures,
      Runnable sent,
      Consumer<@Nullable HubException> answered) {
    Request request = new Request(token, audience, failures, sent, answered);
    if (over) {
      answered.accept(failures.over(dev.fairlead.Progress.NOT_SENT));
      return request;
    }
    inLine.add(request);
    request.alarm = loop.schedule(timeout, request::timedOut);
    open();
    send();
    return request;
  }

  private void send() {
    List<Request> first = new ArrayList<>();
    // No more than there is credit for answers: a hub drops what it cannot say.
    while (!inLine.isEmpty() && links.canSend() && underWay.size() < links.function().credit()) {
      Request request = inLine.remove();
      request.id = Long.toString(++lastId);
      underWay.put(request.id, request);
      Delivery delivery = links.send(request.encoded(), 0);
      delivery.setContext(request);
      liveness.owe(0);
      if (request.tries++ == 0) {
        first.add(request);
      }
    }
    if (!first.isEmpty()) {
      // The engine would put what is asked for next, sessions and links, in front of the tokens.
      engine.push();
      first.forEach(request -> request.sent.run());
    }
  }

  @Override
  public void attached() {
    send();
  }

  @Override
  public void credited() {
    send();
  }

  /** The request itself; the answer comes as a message of its own. */
  @Override
  public void updated(Delivery delivery) {
    if (delivery.getRemoteState() == null && !delivery.remotelySettled()) {
      return;
    }
    Object context = delivery.getContext();
    delivery.setContext(null);
    delivery.settle();
    if (context instanceof Request request
        && delivery.getRemoteState() instanceof Rejected rejected) {
      request.done(request.failures.refused("the token", HubError.of(rejected.getError())));
    }
  }

  @Override
  public void arrived(Delivery delivery, byte[] message) {
    Links.settle(delivery);
    links.replenish();
    Incoming answer = MessageReader.read(message).orElse(null);
    Object id = answer == null ? null : answer.property(Incoming.CORRELATION_ID);
    Request request = id == null ? null : underWay.get(Incoming.text(id));
    if (answer == null || request == null) {
      log.debug("Ignored an answer about a token that nobody waits for");
      return;
    }
    Long status = Incoming.number(answer.applicationProperties().get("status-code"));
    Object description = answer.applicationProperties().get("status-description");
    if (status != null && status >= 200 && status < 300) {
      request.done(null);
    } else {
      request.done(
          request.failures.refused(
              "the token",
              HubError.of(
                  status == null ? 500 : (int) Math.min(status, 999),
                  description == null ? null : Incoming.text(description))));
    }
    send();
  }

  @Override
  public void attached(Links ours) {}

  /** What was under way is put again: a token put twice does no harm. */
  @Override
  public void lost(Links ours, HubError why) {
    log.debug("The hub ended the $cbs links {}", why);
    List<Request> again = List.copyOf(underWay.values());
    again.forEach(this::remove);
    for (int i = again.size() - 1; i >= 0; i--) {
      inLine.addFirst(again.get(i));
    }
    for (Request request : List.copyOf(inLine)) {
      if (++request.losses >= MAX_TRIES || !passes(why)) {
        request.done(request.failures.refused("the link that takes tokens", why));
      }
    }
    if (!inLine.isEmpty()) {
      open();
    }
  }

  private void remove(Request request) {
    if (underWay.remove(request.id, request)) {
      liveness.paid(0);
    }
  }

  private static boolean passes(HubError why) {
    return why.kind() == HubError.Kind.PASSING;
  }

  @Override
  public void begun() {}

  @Override
  public void ended(ErrorCondition why) {
    Session own = session;
    session = null;
    // Their link state goes with the session.
    links.letGo();
    if (own != null) {
      engine.leave(own);
    }
    lost(links, HubError.of(why));
  }

  /** The connection is over. */
  void end() {
    over = true;
    inLine.forEach(Request::forget);
    underWay.values().forEach(Request::forget);
    inLine.clear();
    underWay.clear();
  }

  /** One token on its way. */
  final class Request {
    private final Secret token;
    private final String audience;
    private final AmqpFailures failures;
    private final Runnable sent;
    private final Consumer<@Nullable HubException> answered;
    private String id = "";
    private int tries;
    private int losses;
    private @Nullable Alarm alarm;

    Request(
        Secret token,
        String audience,
        AmqpFailures failures,
        Runnable sent,
        Consumer<@Nullable HubException> answered) {
      this.token = token;
      this.audience = audience;
      this.failures = failures;
      this.sent = sent;
      this.answered = answered;
    }

    /** Takes the request back: nothing of it happens any more. */
    void cancel() {
      forget();
      inLine.remove(this);
      TokenQueue.this.remove(this);
    }

    private void forget() {
      if (alarm != null) {
        alarm.cancel();
        alarm = null;
      }
    }

    private void done(@Nullable HubException failure) {
      cancel();
      answered.accept(failure);
    }

    private void timedOut() {
      done(failures.unanswered("the token", timeout));
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
