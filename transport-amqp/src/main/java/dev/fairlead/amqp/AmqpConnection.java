package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.spi.Loop;
import dev.fairlead.transport.Debt;
import dev.fairlead.transport.Debts;
import dev.fairlead.transport.Liveness;
import dev.fairlead.transport.PingLimits;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One AMQP connection, from dialling to its end, and its sessions: many if it is shared, or exactly
 * one, with which it ends. AMQP has no ping, so an empty session is used as one: a live peer
 * answers its BEGIN. Confined to the loop.
 */
final class AmqpConnection implements ConnectionThreads.Events, Engine.Events, Liveness.Peer {
  private static final Logger log = LoggerFactory.getLogger(AmqpConnection.class);

  /** After a write failed, the hub's reason may still arrive. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  /** Follows a connection that is shared. */
  interface Owner {
    /** It is open. */
    void opened();

    /**
     * It has ended, after each of its sessions.
     *
     * @param unopened whether it was never open
     * @param reason empty if this side ended it
     */
    void ended(boolean unopened, Optional<HubException> reason);
  }

  private enum State {
    NEW,
    OPENING,
    OPEN,
    /** Waits for its sessions to end. */
    CLOSING,
    /** CLOSE was sent. */
    LEAVING,
    ENDED
  }

  private final AmqpOptions options;
  private final ConnectionSetup setup;
  private final Loop loop;
  private final AmqpFailures failures;
  private final @Nullable Owner owner;
  private final ConnectionThreads threads;
  private final Engine engine;
  private final Debts debts;
  private final Debt closeAnswer;
  private final Debt lastWords;
  private final Liveness liveness;
  private final FairScheduler scheduler;
  private final String container = "fairlead-" + UUID.randomUUID();
  private final @Nullable TokenQueue tokens;
  private final Set<AmqpSession> sessions = new LinkedHashSet<>();

  private State state = State.NEW;
  private boolean aborting;

  /** Whether the last ping was FLOW. */
  private boolean asked;

  private @Nullable Throwable writeFailure;

  // Read by any thread.
  private volatile boolean open;
  private volatile @Nullable String step;

  /**
   * Makes a connection that {@link #connect} opens.
   *
   * @param owner follows it where it outlives its sessions; null for one that has one session and
   *     ends with it
   */
  AmqpConnection(
      AmqpOptions options, ConnectionSetup setup, AmqpFailures failures, @Nullable Owner owner) {
    this.options = options;
    this.setup = setup;
    this.failures = failures;
    this.owner = owner;
    loop = setup.loop();
    threads = new ConnectionThreads(setup.name(), setup.dial(), loop, this);
    engine =
        new Engine(
            threads,
            loop,
            options.sasl(),
            options.idleTimeout(),
            setup.noEmptySessions().contains(setup.endpoint().host()),
            this);
    debts = new Debts(loop, engine::lastReceived);
    closeAnswer =
        debts.debt("the answer to CLOSE", options.pingTimeout(), overdue -> down(null, null));
    lastWords = debts.debt("the reason", LAST_WORDS, overdue -> down(writeFailure, null));
    liveness =
        new Liveness(loop, debts, this, new PingLimits(options.pingAfter(), options.pingTimeout()));
    scheduler = new FairScheduler(loop, engine);
    tokens = setup.tokens() ? new TokenQueue(this) : null;
  }

  AmqpOptions options() {
    return options;
  }

  Engine engine() {
    return engine;
  }

  Debts debts() {
    return debts;
  }

  FairScheduler scheduler() {
    return scheduler;
  }

  BatchSupport batches() {
    return setup.batches();
  }

  RememberedHubs tokenFirst() {
    return setup.tokenFirst();
  }

  /** Empty if the connection's certificate authenticates its only identity. */
  Optional<TokenQueue> tokens() {
    return Optional.ofNullable(tokens);
  }

  /** Distinguishes this connection's links from those of others. */
  String container() {
    return container;
  }

  boolean isShared() {
    return owner != null;
  }

  /** Whether the hub has answered OPEN. Any thread. */
  boolean isOpen() {
    return open;
  }

  /** What its opening waits for. Any thread. */
  String step() {
    String known = step;
    return known == null ? threads.step() : known;
  }

  // Opening.

  /** Dials, and sends OPEN; everything queued before the connection is open is sent with it. */
  void connect() {
    loop.assertInLoop();
    if (state != State.NEW) {
      return;
    }
    state = State.OPENING;
    engine.open(container, setup.hubHost());
    if (tokens != null) {
      tokens.open();
    }
    threads.start();
    engine.flush();
  }

  /** As {@link #connect}, with the only session of the connection. */
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

  @Override
  public void connected() {
    noteStep();
  }

  private void noteStep() {
    step =
        (engine.saslPending() ? "the SASL outcome from " : "the answer to OPEN from ")
            + setup.endpoint();
  }

  @Override
  public void remoteOpened() {
    if (state != State.OPENING) {
      return;
    }
    state = State.OPEN;
    open = true;
    liveness.idleTimeout(options.idleTimeout()).peerIdleTimeout(engine.remoteIdleTimeout()).start();
    log.debug("AMQP connection with {} is open", setup.endpoint());
    if (owner != null) {
      owner.opened();
    }
  }

  @Override
  public void arrived(byte[] bytes, int length) {
    if (state == State.ENDED) {
      return;
    }
    try {
      engine.feed(bytes, length);
      if (engine.saslRefused()) {
        down(failures.saslRefused(options.sasl()), null);
      } else if (state == State.OPENING) {
        noteStep();
      }
    } catch (ProtocolViolation e) {
      down(e, null);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  @Override
  public void failed(RuntimeException bug) {
    log.error("A defect of this client ends its connection with {}", setup.endpoint(), bug);
    down(bug, null);
  }

  @Override
  public void batchDone() {
    if (state != State.ENDED) {
      scheduler.run();
      engine.flush();
    }
  }

  @Override
  public void closed(ErrorCondition why) {
    if (state == State.LEAVING) {
      down(null, null);
    } else {
      blamePing();
      down(null, AmqpError.of(why));
    }
  }

  @Override
  public void writeFailed(Throwable cause) {
    if (state != State.ENDED) {
      writeFailure = cause;
      lastWords.owe();
    }
  }

  @Override
  public void broken(Throwable cause) {
    blamePing();
    down(state == State.LEAVING ? null : cause, null);
  }

  /** A peer that ends the connection instead of answering a ping may not accept the ping. */
  private void blamePing() {
    if (state != State.LEAVING && state != State.ENDED && engine.pinging()) {
      pingRefused();
    }
  }

  // Liveness.

  @Override
  public long lastReceived() {
    return engine.lastReceived();
  }

  @Override
  public long lastSent() {
    return engine.lastSent();
  }

  @Override
  public void heartbeat() {
    engine.heartbeat();
  }

  /** By an empty session, or by FLOW on a connection to a hub that has refused that. */
  @Override
  public void ping() {
    asked = setup.noEmptySessions().contains(setup.endpoint().host()) && engine.askForState();
    if (!asked) {
      engine.ping();
    }
    engine.flush();
  }

  @Override
  public void pingRefused() {
    if (setup.noEmptySessions().add(setup.endpoint().host())) {
      log.info(
          "{} does not accept an empty session as a ping; the next connection uses FLOW",
          setup.endpoint());
    }
  }

  @Override
  public void dead(Duration silent) {
    if (asked) {
      // The hub may not answer FLOW; then an empty session is tried again.
      setup.noEmptySessions().remove(setup.endpoint().host());
    }
    down(failures.silent(silent, debts.describe(), Progress.MAYBE_SENT), null);
  }

  /** Whether sessions may be added. */
  boolean takesSessions() {
    return state == State.NEW || state == State.OPENING || state == State.OPEN;
  }

  int sessions() {
    return sessions.size();
  }

  /** Adds a session and begins to open it. */
  void start(AmqpSession session) {
    sessions.add(session);
    session.start();
    engine.flushSoon();
  }

  /** A session has ended. */
  void left(AmqpSession session) {
    sessions.remove(session);
    if (!isShared() && state != State.LEAVING) {
      down(null, null);
    } else if (state == State.CLOSING && sessions.isEmpty()) {
      leave();
    }
  }

  // The end.

  /** Closes each remaining session, then the connection. */
  void close() {
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

  /** Sends CLOSE and waits for the answer. */
  void leave() {
    if (state == State.LEAVING || state == State.ENDED) {
      return;
    }
    state = State.LEAVING;
    liveness.stop();
    closeAnswer.owe();
    engine.close();
    engine.flushSoon();
  }

  void abort() {
    loop.assertInLoop();
    aborting = true;
    down(failures.aborted(open, Progress.MAYBE_SENT), null);
  }

  /** As {@link #abort}, from any thread: the connection is cut immediately, the rest follows. */
  void cut() {
    threads.cut();
    loop.execute(this::abort);
  }

  /** Why it ends: a cause, or the hub's error; neither if it was closed gracefully. */
  private void down(@Nullable Throwable cause, @Nullable AmqpError said) {
    loop.assertInLoop();
    if (state == State.ENDED) {
      return;
    }
    boolean unopened = !open;
    state = State.ENDED;
    liveness.stop();
    threads.cut();
    if (tokens != null) {
      tokens.end();
    }
    for (AmqpSession session : List.copyOf(sessions)) {
      session.connectionEnded(cause, said);
    }
    debts.stop();
    // The caller who aborts an open connection needs no reason, and its sessions have received
    // theirs.
    Optional<HubException> reason =
        aborting && !unopened ? Optional.empty() : reason(unopened, cause, said);
    log.debug(
        "AMQP connection with {} ended: {}",
        setup.endpoint(),
        reason.map(Throwable::getMessage).orElse("closed"));
    if (owner != null) {
      owner.ended(unopened, reason);
    }
  }

  private Optional<HubException> reason(
      boolean unopened, @Nullable Throwable cause, @Nullable AmqpError said) {
    if (said != null) {
      return Optional.of(
          unopened
              ? failures.refused("the connection", said)
              : failures.ended("the connection", said, Progress.MAYBE_SENT));
    }
    if (cause == null) {
      return Optional.empty();
    }
    return Optional.of(
        unopened ? failures.notOpened(cause) : failures.lost(cause, Progress.MAYBE_SENT));
  }
}
