package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.transport.Debt;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.engine.Session;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One identity on a connection: its token, its AMQP session and the links in it. It is open when
 * the token is answered and the telemetry link attached; everything else is requested at the same
 * time, without waiting for it. Confined to the loop.
 */
final class AmqpSession
    implements TransportSession,
        SessionOpening.Owner,
        SessionLinks.Owner,
        TelemetryPump.Owner,
        TwinRequests.Owner,
        Engine.SessionEvents {
  private static final Logger log = LoggerFactory.getLogger(AmqpSession.class);

  /**
   * An announcement of a version that is far ahead: the client takes it as a gap between the
   * announcements, and reads the twin.
   */
  private static final String GAP = "{\"$version\":" + Long.MAX_VALUE + "}";

  private enum State {
    OPENING,
    OPEN,
    /** Takes no more messages; waits for acknowledgements. */
    CLOSING,
    /** END or CLOSE was sent. */
    LEAVING,
    ENDED
  }

  private final AmqpConnection connection;
  private final SessionContext context;
  private final AmqpFailures failures;
  private final Loop loop;
  private final Engine engine;
  private final SessionOpening opening;
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();

  private final TelemetryPump pump;
  private final @Nullable CloudMessages cloudMessages;
  private final @Nullable MethodCalls methods;
  private final SessionLinks links;
  private final Links telemetryLinks;
  private final TokenRenewal renewal;
  private final Debt endAnswer;

  /** Made when it is asked for: most of a gateway's devices only send. */
  private @Nullable Twin twin;

  private State state = State.OPENING;
  private @Nullable Session session;

  AmqpSession(AmqpConnection connection, SessionContext context, AmqpFailures failures) {
    this.connection = connection;
    this.context = context;
    this.failures = failures;
    loop = context.loop();
    engine = connection.engine();
    AmqpOptions options = connection.options();
    boolean hub = options.broker().isEmpty();
    Set<Feed> feeds = context.feeds();
    pump = new TelemetryPump(connection, context, failures, this);
    renewal = new TokenRenewal(connection, context, failures);
    opening = new SessionOpening(connection, context, failures, this);
    endAnswer =
        connection.debts().debt("the answer to END", options.pingTimeout(), overdue -> over(null));

    Addresses addresses = Addresses.of(context.identity(), options.broker());
    links = new SessionLinks(connection, context, this);
    if (feeds.contains(Feed.CLOUD_MESSAGES)) {
      cloudMessages = new CloudMessages(connection, context, failures);
      cloudMessages.use(links.add(LinkPurpose.cloudMessages(addresses), cloudMessages, true));
    } else {
      cloudMessages = null;
    }
    if (hub && feeds.contains(Feed.DESIRED_PROPERTIES)) {
      twin = newTwin(true);
    }
    if (hub && feeds.contains(Feed.DIRECT_METHODS)) {
      methods = new MethodCalls(context.inbox(), engine, failures);
      methods.use(links.add(LinkPurpose.methods(addresses), methods, true));
    } else {
      methods = null;
    }
    telemetryLinks = links.add(LinkPurpose.telemetry(addresses), pump, true);
  }

  private record Twin(TwinRequests requests, Links links, DesiredSubscription subscription) {}

  private Twin newTwin(boolean subscribes) {
    TwinRequests requests =
        new TwinRequests(connection, loop, failures, subscribes, this::announced, this);
    Addresses addresses = Addresses.of(context.identity(), connection.options().broker());
    Links own = links.add(LinkPurpose.twin(addresses), requests, subscribes);
    requests.use(own);
    return new Twin(
        requests,
        own,
        new DesiredSubscription(
            loop, requests, context.identity().toString(), () -> announced(GAP)));
  }

  /** The handle on its opening. */
  Opening<TransportSession> opening() {
    return opening;
  }

  // Opening.

  /** Begins to open. */
  void start() {
    loop.assertInLoop();
    if (cloudMessages != null) {
      cloudMessages.begin();
    }
    opening.start();
  }

  /** The opening could not start. */
  void refuse(HubException why) {
    over(why);
  }

  @Override
  public void begin() {
    if (state == State.OPENING) {
      Session own = engine.session(this);
      session = own;
      own.open();
      links.attachAll(own, !opening.isAuthenticated());
      engine.flushSoon();
    }
  }

  @Override
  public void begun() {
    opening.sessionBegun();
  }

  @Override
  public void tokenAnswered() {
    links.tokenAnswered();
    check();
  }

  @Override
  public void attached(Links attached) {
    if (twin != null
        && attached == twin.links
        && context.feeds().contains(Feed.DESIRED_PROPERTIES)) {
      twin.subscription.ask();
    } else if (attached == telemetryLinks && state == State.OPEN) {
      pump.start(attached);
    }
    check();
  }

  private void check() {
    if (state == State.OPENING
        && opening.isAuthenticated()
        && telemetryLinks.state() == Links.State.ATTACHED) {
      state = State.OPEN;
      links.opened();
      opening.succeeded(this);
      if (state == State.OPEN) {
        pump.start(telemetryLinks);
      }
    }
  }

  private void announced(String patch) {
    if (context.feeds().contains(Feed.DESIRED_PROPERTIES) && state != State.ENDED) {
      context.inbox().desiredChange(patch);
    }
  }

  // Losses.

  @Override
  public boolean isOpen() {
    return state == State.OPEN;
  }

  @Override
  public boolean needs(Links lost) {
    return twin != null && lost == twin.links && twin.requests.hasQueued();
  }

  @Override
  public void notGranted(Links missing, String why) {
    if (twin != null && missing == twin.links) {
      twin.requests.failQueued(why);
    }
  }

  @Override
  public void refused(Links lost, AmqpError why, boolean granted) {
    String what = "the " + lost.purpose().words();
    switch (state) {
      case OPENING -> over(failures.refused(what, why));
      case OPEN -> over(failures.ended(what, why, progress()));
      case CLOSING -> quiet();
      case LEAVING, ENDED -> {}
    }
  }

  @Override
  public void failed(HubException why) {
    over(why);
  }

  @Override
  public void reattachTelemetry() {
    log.debug("{}: no credit for telemetry; attaching its link again", context.identity());
    links.reattach(telemetryLinks);
    engine.flushSoon();
  }

  @Override
  public void twinWanted() {
    if (state == State.OPEN && twin != null) {
      links.attachNow(twin.links);
    }
  }

  @Override
  public void twinLost() {
    if (twin != null) {
      twin.subscription.linksLost();
    }
  }

  /** END. */
  @Override
  public void ended(ErrorCondition why) {
    AmqpError said = AmqpError.of(why);
    switch (state) {
      case LEAVING -> over(null);
      case OPENING -> {
        if (opening.beginsAgain(said)) {
          links.sessionEnded();
          leaveSession();
        } else {
          over(failures.refused("the session", said));
        }
      }
      case OPEN, CLOSING, ENDED -> over(failures.ended("the session", said, progress()));
    }
  }

  /** The connection has ended, by a cause, by the hub's error, or gracefully. */
  void connectionEnded(@Nullable Throwable cause, @Nullable AmqpError said) {
    if (state == State.LEAVING) {
      over(null);
    } else if (state == State.OPENING) {
      over(opening.connectionEnded(cause, said));
    } else if (said != null) {
      over(failures.ended("the connection", said, progress()));
    } else if (cause != null) {
      over(failures.lost(cause, progress()));
    } else {
      over(failures.over(progress()));
    }
  }

  private Progress progress() {
    return waiting() ? Progress.MAYBE_SENT : Progress.NOT_SENT;
  }

  private boolean waiting() {
    return pump.inflight() > 0 || (twin != null && twin.requests.underWay() > 0);
  }

  // Methods for the client.

  @Override
  public Optional<TwinLink> twin() {
    if (connection.options().broker().isPresent()) {
      return Optional.empty();
    }
    loop.assertInLoop();
    Twin now = twin;
    if (now == null) {
      now = newTwin(false);
      twin = now;
      if (state == State.ENDED) {
        now.requests.end(failures.over(Progress.NOT_SENT));
      }
    }
    return Optional.of(now.requests);
  }

  @Override
  public CompletionStage<Renewal> renew(Credential credential) {
    loop.assertInLoop();
    return renewal.renew(credential, state == State.OPEN);
  }

  @Override
  public CompletionStage<Optional<HubException>> ended() {
    return ended;
  }

  @Override
  public void close() {
    loop.assertInLoop();
    if (state == State.OPENING) {
      abort();
    } else if (state == State.OPEN) {
      state = State.CLOSING;
      pump.stop();
      links.stop();
      quiet();
    }
  }

  /** Possibly nothing is in progress any more. */
  @Override
  public void quiet() {
    if (state == State.CLOSING && !waiting()) {
      leave();
    }
  }

  private void leave() {
    state = State.LEAVING;
    if (!connection.isShared()) {
      connection.leave();
      return;
    }
    endAnswer.owe();
    if (session != null) {
      session.close();
    }
    engine.flushSoon();
  }

  @Override
  public void abort() {
    loop.assertInLoop();
    over(failures.aborted(state != State.OPENING, progress()));
  }

  /** Ends it, for a reason or gracefully. */
  private void over(@Nullable HubException reason) {
    loop.assertInLoop();
    if (state == State.ENDED) {
      return;
    }
    boolean unopened = state == State.OPENING;
    state = State.ENDED;
    endAnswer.forgive();
    opening.end();
    HubException failure = reason == null ? failures.over(Progress.MAYBE_SENT) : reason;
    if (twin != null) {
      twin.subscription.linksLost();
    }
    pump.end(failure);
    links.end();
    if (twin != null) {
      twin.requests.end(failure);
    }
    if (cloudMessages != null) {
      cloudMessages.end();
    }
    if (methods != null) {
      methods.end();
    }
    renewal.end(failure);
    leaveSession();
    connection.left(this);
    log.debug(
        "{}: AMQP session ended: {}",
        context.identity(),
        reason == null ? "closed" : reason.getMessage());
    ended.complete(Optional.ofNullable(reason));
    if (unopened) {
      opening.failed(failure);
    }
  }

  private void leaveSession() {
    if (session != null) {
      engine.leave(session);
      session = null;
      engine.flushSoon();
    }
  }
}
