package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.SessionFailures;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The opening of one session: its token, and whether the links are attached right after the token
 * is sent, which saves a round trip, or only after its answer. A hub that ends a session because of
 * early links is remembered. Confined to the loop, except what {@link Opening} promises.
 */
final class SessionOpening implements Opening<TransportSession> {
  /** The session that opens. */
  interface Owner {
    /** The session is to begin and to attach its links. */
    void begin();

    /** The hub has accepted the token. */
    void tokenAnswered();

    /** The hub has refused the token, or did not answer. */
    void failed(HubException why);

    /** The opening is aborted. */
    void abort();
  }

  private static final Logger log = LoggerFactory.getLogger(SessionOpening.class);

  private final AmqpConnection connection;
  private final SessionContext context;
  private final AmqpFailures failures;
  private final Owner owner;
  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();

  private TokenQueue.@Nullable Request token;
  private boolean authenticated;

  /** Whether the links are attached before the token is answered. */
  private boolean early;

  private boolean begun;

  /** What it waits for once the connection is open; read by any thread. */
  private volatile String step = "the session's beginning";

  /** Whether the token is not sent yet, because links or credit for it are missing. */
  private volatile boolean tokenQueued;

  SessionOpening(
      AmqpConnection connection, SessionContext context, AmqpFailures failures, Owner owner) {
    this.connection = connection;
    this.context = context;
    this.failures = failures;
    this.owner = owner;
  }

  @Override
  public CompletionStage<TransportSession> outcome() {
    return outcome;
  }

  @Override
  public void abort() {
    if (connection.isShared()) {
      context.loop().execute(owner::abort);
    } else {
      connection.cut();
    }
  }

  @Override
  public String step() {
    if (!connection.isOpen()) {
      return connection.step();
    }
    return tokenQueued ? connection.tokens().map(TokenQueue::step).orElse(step) : step;
  }

  /**
   * Puts the token, and right after it attaches the links, unless the hub is known not to accept
   * that.
   */
  void start() {
    early = !connection.tokenFirst().contains(context.endpoint().host());
    TokenQueue tokens = connection.tokens().orElse(null);
    if (tokens != null && context.credential() instanceof Credential.Token shown) {
      tokenQueued = true;
      token =
          tokens.put(
              shown.text(),
              Addresses.audience(context.hubHost(), context.identity()),
              failures,
              this::tokenSent,
              this::tokenAnswered);
    } else {
      authenticated = true;
      begin();
    }
  }

  private void tokenSent() {
    tokenQueued = false;
    step = "the hub's answer to the token";
    if (early) {
      begin();
    }
  }

  private void tokenAnswered(@Nullable HubException refusal) {
    token = null;
    if (refusal != null) {
      owner.failed(refusal);
      return;
    }
    authenticated = true;
    step = "the attach of the telemetry link";
    if (begun) {
      owner.tokenAnswered();
    } else {
      begin();
    }
  }

  private void begin() {
    begun = true;
    if (authenticated) {
      step = "the answer to BEGIN";
    }
    owner.begin();
  }

  /** The hub has answered BEGIN. */
  void sessionBegun() {
    if (authenticated) {
      step = "the attach of the telemetry link";
    }
  }

  /** Whether the hub has accepted the token, or none is needed. */
  boolean isAuthenticated() {
    return authenticated;
  }

  /**
   * The hub has ended the session.
   *
   * @return whether it did so because of a missing token; then {@link Owner#begin} is called again
   *     when that is answered
   */
  boolean beginsAgain(AmqpError said) {
    if (!askedTooEarly()) {
      return false;
    }
    log.debug("{}: the hub ended the session before the token's answer {}", who(), said);
    rememberTokenFirst();
    begun = false;
    return true;
  }

  private boolean askedTooEarly() {
    return early && begun && !authenticated;
  }

  private void rememberTokenFirst() {
    early = false;
    if (connection.tokenFirst().add(context.endpoint().host())) {
      log.info(
          "{}: {} does not accept links before it has answered the token; from now on they are"
              + " asked for after the answer",
          who(),
          context.endpoint());
    }
  }

  private String who() {
    return context.identity().toString();
  }

  /** The failure of this opening when the connection ends, by a cause or by the hub's error. */
  HubException connectionEnded(@Nullable Throwable cause, @Nullable AmqpError said) {
    boolean tooEarly =
        askedTooEarly() && (said != null || (cause != null && SessionFailures.endedByPeer(cause)));
    if (tooEarly) {
      rememberTokenFirst();
    }
    if (said != null) {
      return tooEarly && said.kind() == Kind.UNAUTHORIZED
          ? failures.endedBeforeToken(said)
          : failures.refused("the connection", said);
    }
    return cause != null ? failures.notOpened(cause) : failures.over(Progress.NOT_SENT);
  }

  /** It succeeded. */
  void succeeded(TransportSession session) {
    log.debug(
        "{}: AMQP session is open; its links were asked for {} the token was answered",
        who(),
        early ? "before" : "after");
    outcome.complete(session);
  }

  /** It has ended: the token is withdrawn. */
  void end() {
    if (token != null) {
      token.cancel();
      token = null;
    }
  }

  /** It failed. */
  void failed(HubException why) {
    outcome.completeExceptionally(why);
  }
}
