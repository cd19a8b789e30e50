package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.net.Dial;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One AMQP connection, from dialling to its end, and the sessions on it: many where it is shared,
 * or exactly one, with which it ends. Confined to the loop.
 */
final class AmqpConnection
    implements SharedConnection, ConnectionThreads.Events, Engine.Events, Liveness.Connection {
  private static final Logger log = LoggerFactory.getLogger(AmqpConnection.class);

  /** How long the hub may take to answer a good-bye. */
  static final Duration FAREWELL = Duration.ofSeconds(1);

  private enum State {
    NEW,
    OPENING,
    OPEN,
    /** Waits for its sessions to end. */
    CLOSING,
    /** CLOSE is on its way. */
    LEAVING,
    ENDED
  }

  private final AmqpOptions options;
  private final ConnectionContext context;
  private final Loop loop;
  private final AmqpFailures failures;
  private final ConnectionThreads wire;
  private final Engine engine;
  private final Liveness liveness;
  private final FairScheduler turns;
  private final String container = "fairlead-" + UUID.randomUUID();
  private final @Nullable TokenQueue tokens;
  private final boolean shared;
  private final int capacity;
  private final CompletableFuture<SharedConnection> outcome = new CompletableFuture<>();
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
  private final Set<AmqpSession> sessions = new LinkedHashSet<>();

  private State state = State.NEW;
  private boolean reached;
  private boolean aborting;
  private @Nullable Alarm limit;

  /**
   * Makes a connection that {@link #connect} opens.
   *
   * @param name of its threads
   * @param withTokens whether identities show tokens rather than the connection's certificate
   * @param shared whether it outlives its sessions
   * @param capacity how many identities it carries
   */
  AmqpConnection(
      AmqpOptions options,
      ConnectionContext context,
      AmqpFailures failures,
      Dial dial,
      String name,
      boolean withTokens,
      boolean shared,
      int capacity) {
    this.options = options;
    this.context = context;
    this.failures = failures;
    this.shared = shared;
    this.capacity = capacity;
    loop = context.loop();
    wire = new ConnectionThreads(name, dial, loop, this);
    engine = new Engine(wire, loop, options.sasl(), options.idleTimeout(), this);
    liveness =
        new Liveness(loop, this, options.idleTimeout(), options.pingAfter(), options.pingTimeout());
    turns = new FairScheduler(loop, engine);
    tokens = withTokens ? new TokenQueue(engine, loop, liveness, options, container) : null;
  }

  // What sessions use.

  Engine engine() {
    return engine;
  }

  Liveness liveness() {
    return liveness;
  }

  FairScheduler turns() {
    return turns;
  }

  /** Empty where the connection's certificate speaks for its one identity. */
  Optional<TokenQueue> tokens() {
    return Optional.ofNullable(tokens);
  }

  /** Distinguishes this connection's links from those of others. */
  String container() {
    return container;
  }

  CompletionStage<SharedConnection> opened() {
    return outcome;
  }

  // Opening.

  /** Dials, and says OPEN; all that is said before the line is open goes out with it. */
  void connect() {
    loop.assertInLoop();
    if (state != State.NEW) {
      return;
    }
    state = State.OPENING;
    limit = loop.schedule(context.openTimeout(), this::slow);
    engine.open(container, context.hubHost());
    if (tokens != null) {
      tokens.open();
    }
    wire.start();
    engine.flush();
  }

  /** As {@link #connect}, for the one session that the connection is there for. */
  void connectFor(AmqpSession session) {
    if (state == State.NEW) {
      sessions.add(session);
      connect();
      session.start();
      engine.flush();
    } else {
      session.refuse(failures.aborted(false, Progress.NOT_SENT));
    }
  }

  private void slow() {
    down(
        failures.slow(
            reached ? "the hub did not answer OPEN" : "no connection came about",
            reached,
            context.openTimeout()),
        null);
  }

  /** Whether the line was open. */
  boolean reached() {
    return reached;
  }

  @Override
  public void connected() {
    reached = true;
  }

  @Override
  public void remoteOpened() {
    if (state != State.OPENING) {
      return;
    }
    state = State.OPEN;
    cancelLimit();
    liveness.start();
    log.debug("AMQP connection with {} is open", context.endpoint());
    outcome.complete(this);
  }

  // What comes in.

  @Override
  public void arrived(byte[] bytes, int length) {
    if (state == State.ENDED) {
      return;
    }
    try {
      engine.feed(bytes, length);
      if (engine.saslRefused()) {
        down(failures.saslRefused(options.sasl()), null);
      }
    } catch (ProtocolViolation e) {
      down(e, null);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void failed(RuntimeException bug) {
    log.error("The AMQP connection with {} failed by a mistake of ours", context.endpoint(), bug);
    down(bug, null);
  }

  @Override
  public void batchDone() {
    if (state != State.ENDED) {
      turns.run();
      engine.flush();
    }
  }

  @Override
  public void closed(ErrorCondition why) {
    if (state == State.LEAVING) {
      down(null, null);
    } else {
      down(null, HubError.of(why));
    }
  }

  @Override
  public void writeFailed(Throwable cause) {
    if (state != State.ENDED) {
      cancelLimit();
      limit = loop.schedule(FAREWELL, () -> down(cause, null));
    }
  }

  @Override
  public void broken(Throwable cause) {
    down(state == State.LEAVING ? null : cause, null);
  }

  // Staying alive.

  @Override
  public long lastReceived() {
    return engine.lastReceived();
  }

  @Override
  public long lastSent() {
    return engine.lastSent();
  }

  @Override
  public Duration remoteIdleTimeout() {
    return engine.remoteIdleTimeout();
  }

  @Override
  public void heartbeat() {
    engine.heartbeat();
  }

  /** An empty session, ended as soon as it is answered. */
  @Override
  public void ping() {
    engine.ping();
    engine.flush();
  }

  @Override
  public void dead(Duration waited) {
    down(failures.silent(waited, Progress.MAYBE_SENT), null);
  }

  // The connection for the client.

  @Override
  public Opening<TransportSession> attach(SessionContext session) {
    loop.assertInLoop();
    AmqpFailures own =
        new AmqpFailures(session.identity().toString(), context.endpoint(), session.credential());
    AmqpSession attached = new AmqpSession(this, options, session, own);
    HubException refusal = refusal(session, own);
    if (refusal != null) {
      attached.refuse(refusal);
    } else {
      sessions.add(attached);
      attached.start();
      engine.flushSoon();
    }
    return attached.opening();
  }

  /** One session is the tokens', and one may be a ping. */
  @Override
  public int capacity() {
    return Math.max(1, Math.min(capacity, engine.maxSessions() - 2));
  }

  private @Nullable HubException refusal(SessionContext session, AmqpFailures own) {
    if (state != State.NEW && state != State.OPENING && state != State.OPEN) {
      return own.over(Progress.NOT_SENT);
    }
    if (sessions.size() >= capacity()) {
      return new RejectedException(
          "The connection carries "
              + sessions.size()
              + " identities, as many as it can. Open another one for "
              + session.identity()
              + ".",
          Progress.NOT_SENT);
    }
    return null;
  }

  /** A session is over, for whatever reason. */
  void left(AmqpSession session) {
    sessions.remove(session);
    if (!shared && state != State.LEAVING) {
      down(null, null);
    } else if (state == State.CLOSING && sessions.isEmpty()) {
      leave();
    }
  }

  boolean isShared() {
    return shared;
  }

  @Override
  public CompletionStage<Optional<HubException>> ended() {
    return ended;
  }

  @Override
  public void close() {
    loop.assertInLoop();
    if (state == State.NEW || state == State.OPENING) {
      abort();
    } else if (state == State.OPEN) {
      state = State.CLOSING;
      List.copyOf(sessions).forEach(AmqpSession::close);
      if (sessions.isEmpty()) {
        leave();
      }
    }
  }

  /** Says good-bye and waits a moment for the answer. */
  void leave() {
    if (state == State.LEAVING || state == State.ENDED) {
      return;
    }
    state = State.LEAVING;
    cancelLimit();
    liveness.stop();
    limit = loop.schedule(FAREWELL, () -> down(null, null));
    engine.close();
    engine.flushSoon();
  }

  @Override
  public void abort() {
    loop.assertInLoop();
    aborted();
  }

  /** As {@link #abort}, from any thread: the line is cut at once, the rest follows on the loop. */
  void cut() {
    wire.cut();
    loop.execute(this::aborted);
  }

  private void aborted() {
    aborting = true;
    down(failures.aborted(state != State.NEW && state != State.OPENING, Progress.MAYBE_SENT), null);
  }

  /** Why it ends: a cause, or what the hub said; neither for a good-bye. */
  private void down(@Nullable Throwable cause, @Nullable HubError said) {
    loop.assertInLoop();
    if (state == State.ENDED) {
      return;
    }
    boolean opening = state == State.NEW || state == State.OPENING;
    state = State.ENDED;
    cancelLimit();
    liveness.stop();
    wire.cut();
    if (tokens != null) {
      tokens.end();
    }
    for (AmqpSession session : List.copyOf(sessions)) {
      session.connectionEnded(cause, said);
    }
    HubException why = reason(opening, cause, said);
    // Who aborts an open connection knows why it ended; its sessions were told.
    Optional<HubException> reason =
        aborting && !opening ? Optional.empty() : Optional.ofNullable(why);
    log.debug(
        "AMQP connection with {} ended: {}",
        context.endpoint(),
        reason.map(Throwable::getMessage).orElse("closed"));
    ended.complete(reason);
    if (opening) {
      outcome.completeExceptionally(
          reason.orElseGet(() -> failures.aborted(false, Progress.NOT_SENT)));
    }
  }

  private @Nullable HubException reason(
      boolean opening, @Nullable Throwable cause, @Nullable HubError said) {
    if (said != null) {
      return opening
          ? failures.refused("the connection", said)
          : failures.ended("the connection", said, Progress.MAYBE_SENT);
    }
    if (cause == null) {
      return null;
    }
    return opening ? failures.notOpened(cause) : failures.lost(cause, Progress.MAYBE_SENT);
  }

  private void cancelLimit() {
    if (limit != null) {
      limit.cancel();
      limit = null;
    }
  }
}
