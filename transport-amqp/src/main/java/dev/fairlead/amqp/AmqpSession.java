package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.engine.Session;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One identity on a connection: its token, its AMQP session and the links in it. A link that the
 * hub lets go of for a passing reason is attached again; whatever else is lost ends the session.
 * Confined to the loop.
 */
final class AmqpSession implements TransportSession, Links.Owner, Engine.SessionEvents {
  private static final Logger log = LoggerFactory.getLogger(AmqpSession.class);

  /** IoT Hub's current version. */
  private static final String API_VERSION = "2021-04-12";

  private static final Symbol MODEL_ID = Symbol.valueOf("com.microsoft:model-id");

  /** Losses in a row, each within a minute of the one before, that end the session. */
  private static final int MAX_LOSSES = 5;

  private static final Duration ROW = Duration.ofMinutes(1);
  private static final Duration FIRST_WAIT = Duration.ofMillis(100);

  /**
   * An announcement of a version that is far ahead: the client takes it for a gap in what it has
   * heard, and reads the twin.
   */
  private static final String GAP = "{\"$version\":" + Long.MAX_VALUE + "}";

  private enum State {
    OPENING,
    OPEN,
    /** Takes no more; waits for acknowledgements. */
    CLOSING,
    /** END is on its way. */
    LEAVING,
    ENDED
  }

  private final AmqpConnection connection;
  private final AmqpOptions options;
  private final SessionContext context;
  private final AmqpFailures failures;
  private final Loop loop;
  private final Engine engine;
  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();

  private final TelemetryPump pump;
  private final TwinRequests twin;
  private final @Nullable CloudMessages cloudMessages;
  private final @Nullable MethodCalls methods;
  private final Links telemetryLinks;
  private final Links twinLinks;
  private final @Nullable Links cloudMessageLinks;
  private final @Nullable Links methodLinks;

  private State state = State.OPENING;
  private @Nullable Session session;
  private @Nullable Alarm limit;

  /** Links without which the session is not open. */
  private final Set<Links> awaited = new LinkedHashSet<>();

  private boolean subscribed;

  // The token.
  private TokenQueue.@Nullable Request token;
  private boolean authenticated;

  /** Links that were asked for while the token's answer was not there yet. */
  private final Set<Links> early = new LinkedHashSet<>();

  /** Those of them that were refused. */
  private final Set<Links> again = new LinkedHashSet<>();

  private @Nullable CompletableFuture<Renewal> renewal;

  // Healing.
  private int losses;
  private long lastLoss;
  private @Nullable Alarm healing;

  AmqpSession(
      AmqpConnection connection,
      AmqpOptions options,
      SessionContext context,
      AmqpFailures failures) {
    this.connection = connection;
    this.options = options;
    this.context = context;
    this.failures = failures;
    loop = context.loop();
    engine = connection.engine();
    Set<Feed> feeds = context.feeds();
    pump =
        new TelemetryPump(
            options,
            context.outbox(),
            context.strictOrder(),
            loop,
            connection.turns(),
            connection.liveness(),
            failures,
            this::finish,
            this::quiet);
    twin =
        new TwinRequests(
            loop,
            engine,
            connection.liveness(),
            options.answerTimeout(),
            failures,
            this::announced,
            this::wantTwin,
            this::quiet);
    boolean hub = options.broker().isEmpty();
    cloudMessages =
        feeds.contains(Feed.CLOUD_MESSAGES)
            ? new CloudMessages(context.inbox(), loop, engine, failures)
            : null;
    methods =
        hub && feeds.contains(Feed.DIRECT_METHODS)
            ? new MethodCalls(context.inbox(), loop, engine, failures)
            : null;
    subscribed = !hub || !feeds.contains(Feed.DESIRED_PROPERTIES);
    Addresses addresses = Addresses.of(context.identity(), options.broker());
    telemetryLinks = links(LinkPurpose.telemetry(addresses), pump);
    twinLinks = links(LinkPurpose.twin(addresses), twin);
    twin.use(twinLinks);
    cloudMessageLinks =
        cloudMessages == null ? null : links(LinkPurpose.cloudMessages(addresses), cloudMessages);
    methodLinks = methods == null ? null : links(LinkPurpose.methods(addresses), methods);
    if (cloudMessages != null && cloudMessageLinks != null) {
      cloudMessages.use(cloudMessageLinks);
    }
    if (methods != null && methodLinks != null) {
      methods.use(methodLinks);
    }
  }

  private Links links(LinkPurpose function, Links.User user) {
    Map<Symbol, Object> properties = new HashMap<>();
    if (options.broker().isEmpty()) {
      properties.putAll(Links.properties(API_VERSION, context.userAgent()));
      if (function.sends()) {
        context.modelId().ifPresent(model -> properties.put(MODEL_ID, model));
      }
    }
    String prefix = connection.container() + "/" + context.identity() + "/";
    return new Links(function, prefix, properties, this, user);
  }

  /** The handle on its opening. */
  Opening<TransportSession> opening() {
    return new Opening<TransportSession>() {
      @Override
      public CompletionStage<TransportSession> outcome() {
        return outcome;
      }

      @Override
      public void abort() {
        if (connection.isShared()) {
          loop.execute(AmqpSession.this::abort);
        } else {
          connection.cut();
        }
      }

      @Override
      public String step() {
        return "the hub's answers";
      }
    };
  }

  // Opening.

  /** Puts the token, and right behind it asks for everything else. */
  void start() {
    loop.assertInLoop();
    limit = loop.schedule(context.openTimeout(), this::slow);
    TokenQueue tokens = connection.tokens().orElse(null);
    if (tokens != null && context.credential() instanceof Credential.Token shown) {
      token =
          tokens.put(
              shown.text(),
              Addresses.audience(context.hubHost(), context.identity()),
              failures,
              this::begin,
              this::authenticated);
    } else {
      authenticated = true;
      begin();
    }
  }

  /** It could not even be tried. */
  void refuse(HubException why) {
    finish(why);
  }

  private void slow() {
    String step =
        session == null
            ? connection.reached() ? "the hub did not answer OPEN" : "no connection came about"
            : authenticated ? "the hub did not grant the links" : "the hub did not take the token";
    finish(failures.slow(step, connection.reached(), context.openTimeout()));
  }

  private void begin() {
    if (state != State.OPENING) {
      return;
    }
    Session own = engine.session(this);
    session = own;
    own.open();
    awaited.add(telemetryLinks);
    if (cloudMessageLinks != null) {
      awaited.add(cloudMessageLinks);
    }
    if (!subscribed) {
      awaited.add(twinLinks);
    }
    if (methodLinks != null) {
      awaited.add(methodLinks);
    }
    if (!authenticated) {
      early.addAll(awaited);
    }
    awaited.forEach(links -> links.attach(own));
  }

  private void authenticated(@Nullable HubException refusal) {
    token = null;
    if (refusal != null) {
      finish(refusal);
      return;
    }
    authenticated = true;
    Session own = session;
    if (own != null) {
      List.copyOf(again).forEach(links -> links.attach(own));
    }
    again.clear();
    check();
  }

  @Override
  public void begun() {}

  @Override
  public void attached(Links links) {
    early.remove(links);
    awaited.remove(links);
    if (links == telemetryLinks && state == State.OPEN) {
      pump.start(links);
    }
    if (links == twinLinks && context.feeds().contains(Feed.DESIRED_PROPERTIES)) {
      subscribe();
    }
    check();
  }

  private void subscribe() {
    twin.subscribe()
        .whenComplete(
            (done, failure) -> {
              if (failure instanceof HubException refusal) {
                // Where the links were lost under it, that is what counts.
                boolean stands = twinLinks.state() == Links.State.ATTACHED;
                if (stands && (state == State.OPENING || state == State.OPEN)) {
                  finish(refusal);
                }
              } else if (subscribed && state == State.OPEN) {
                // Subscribed once more: what changed meanwhile was not announced.
                announced(GAP);
              } else {
                subscribed = true;
                check();
              }
            });
  }

  private void check() {
    if (state != State.OPENING || !authenticated || !awaited.isEmpty() || !subscribed) {
      return;
    }
    state = State.OPEN;
    early.clear();
    cancelLimit();
    log.debug("{}: AMQP session is open", context.identity());
    outcome.complete(this);
    if (state == State.OPEN) {
      pump.start(telemetryLinks);
    }
  }

  private void announced(String patch) {
    if (context.feeds().contains(Feed.DESIRED_PROPERTIES) && state != State.ENDED) {
      context.inbox().desiredChange(patch);
    }
  }

  // What is lost.

  @Override
  public void lost(Links links, HubError why) {
    switch (state) {
      case OPENING -> lostWhileOpening(links, why);
      case OPEN -> lostWhileOpen(links, why);
      case CLOSING -> quiet();
      case LEAVING, ENDED -> {}
    }
  }

  private void lostWhileOpening(Links links, HubError why) {
    Session own = session;
    if (early.remove(links) && why.kind() == HubError.Kind.UNAUTHORIZED && own != null) {
      // The hub looked at the link before it had looked at the token.
      if (authenticated) {
        links.attach(own);
      } else {
        again.add(links);
      }
      return;
    }
    finish(failures.refused("the link for " + links.function().name(), why));
  }

  private void lostWhileOpen(Links links, HubError why) {
    long now = loop.nanoTime();
    losses = losses > 0 && now - lastLoss < ROW.toNanos() ? losses + 1 : 1;
    lastLoss = now;
    if (why.kind() != HubError.Kind.PASSING || losses > MAX_LOSSES) {
      finish(failures.ended("the link for " + links.function().name(), why, progress()));
      return;
    }
    if (links == twinLinks && !context.feeds().contains(Feed.DESIRED_PROPERTIES)) {
      return; // attached when there is something to ask
    }
    log.debug("{}: the hub let go of {} {}", context.identity(), links.function().name(), why);
    again.add(links);
    if (healing == null) {
      long most = FIRST_WAIT.toNanos() << losses;
      healing =
          loop.schedule(Duration.ofNanos(ThreadLocalRandom.current().nextLong(most)), this::heal);
    }
  }

  private void heal() {
    healing = null;
    Session own = session;
    if (state == State.OPEN && own != null) {
      again.forEach(links -> links.attach(own));
      again.clear();
      engine.flush();
    }
  }

  /** The twin's links are asked for when there is something to ask over them. */
  private void wantTwin() {
    Session own = session;
    if (state == State.OPEN && own != null && twinLinks.state() == Links.State.IDLE) {
      twinLinks.attach(own);
    }
  }

  /** END. */
  @Override
  public void ended(ErrorCondition why) {
    if (state == State.LEAVING) {
      over(null);
    } else {
      HubError error = HubError.of(why);
      finish(
          state == State.OPENING
              ? failures.refused("the session", error)
              : failures.ended("the session", error, progress()));
    }
  }

  /** The connection is over, for a cause, or for what the hub said, or in good order. */
  void connectionEnded(@Nullable Throwable cause, @Nullable HubError said) {
    if (state == State.LEAVING) {
      over(null);
      return;
    }
    boolean opening = state == State.OPENING;
    if (said != null) {
      over(
          opening
              ? failures.refused("the connection", said)
              : failures.ended("the connection", said, progress()));
    } else if (cause != null) {
      over(opening ? failures.notOpened(cause) : failures.lost(cause, progress()));
    } else {
      over(failures.over(progress()));
    }
  }

  private Progress progress() {
    return waiting() ? Progress.MAYBE_SENT : Progress.NOT_SENT;
  }

  private boolean waiting() {
    return pump.inflight() > 0 || twin.underWay() > 0;
  }

  // The session for the client.

  @Override
  public Optional<TwinLink> twin() {
    return options.broker().isEmpty() ? Optional.of(twin) : Optional.empty();
  }

  @Override
  public CompletionStage<Renewal> renew(Credential credential) {
    loop.assertInLoop();
    TokenQueue tokens = connection.tokens().orElse(null);
    if (tokens == null || !(credential instanceof Credential.Token shown)) {
      return CompletableFuture.completedFuture(Renewal.NEEDS_REOPEN);
    }
    if (state != State.OPEN || renewal != null) {
      return CompletableFuture.failedFuture(failures.over(Progress.NOT_SENT));
    }
    CompletableFuture<Renewal> answer = new CompletableFuture<>();
    renewal = answer;
    token =
        tokens.put(
            shown.text(),
            Addresses.audience(context.hubHost(), context.identity()),
            failures,
            () -> {},
            refusal -> {
              token = null;
              renewal = null;
              if (refusal == null) {
                answer.complete(Renewal.RENEWED);
              } else {
                answer.completeExceptionally(refusal);
              }
            });
    engine.flushSoon();
    return answer;
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
      if (waiting()) {
        limit = loop.schedule(options.closeTimeout(), this::leave);
      } else {
        leave();
      }
    }
  }

  /** Nothing is under way any more. */
  private void quiet() {
    if (state == State.CLOSING && !waiting()) {
      leave();
    }
  }

  private void leave() {
    if (state != State.CLOSING) {
      return;
    }
    state = State.LEAVING;
    cancelLimit();
    if (!connection.isShared()) {
      connection.leave();
      return;
    }
    limit = loop.schedule(AmqpConnection.FAREWELL, () -> over(null));
    if (session != null) {
      session.close();
    }
    engine.flushSoon();
  }

  @Override
  public void abort() {
    loop.assertInLoop();
    finish(failures.aborted(state != State.OPENING, progress()));
  }

  /** Ends it for a reason. */
  private void finish(HubException reason) {
    over(reason);
  }

  private void over(@Nullable HubException reason) {
    loop.assertInLoop();
    if (state == State.ENDED) {
      return;
    }
    boolean opening = state == State.OPENING;
    state = State.ENDED;
    cancelLimit();
    if (healing != null) {
      healing.cancel();
      healing = null;
    }
    if (token != null) {
      token.cancel();
      token = null;
    }
    HubException failure = reason == null ? failures.over(Progress.MAYBE_SENT) : reason;
    pump.end();
    telemetryLinks.end();
    twinLinks.end();
    twin.end(failure);
    if (cloudMessages != null && cloudMessageLinks != null) {
      cloudMessageLinks.end();
      cloudMessages.end();
    }
    if (methods != null && methodLinks != null) {
      methodLinks.end();
      methods.end();
    }
    if (renewal != null) {
      renewal.completeExceptionally(failure);
      renewal = null;
    }
    if (session != null) {
      engine.leave(session);
      session = null;
      engine.flushSoon();
    }
    connection.left(this);
    log.debug(
        "{}: AMQP session ended: {}",
        context.identity(),
        reason == null ? "closed" : reason.getMessage());
    ended.complete(Optional.ofNullable(reason));
    if (opening) {
      outcome.completeExceptionally(failure);
    }
  }

  private void cancelLimit() {
    if (limit != null) {
      limit.cancel();
      limit = null;
    }
  }
}
