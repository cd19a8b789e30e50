package dev.fairlead.session;

import dev.fairlead.ConnectionState;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.ThrottledException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.outbox.Outbox;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.retry.Backoff;
import dev.fairlead.retry.Recovery;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.Failures;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one session open: walks the plan, waits, tries again, renews the credential, and at last
 * closes. How a route is opened is in {@link RouteOpener}; what follows a failure in {@link
 * Recovery}; when, in {@link Backoff}. Confined to the loop.
 */
public final class SessionSupervisor implements RouteOpener.Outcome {
  static final Logger log = LoggerFactory.getLogger(SessionSupervisor.class);

  /** How long a route that failed to open goes last. */
  private static final Duration POSTPONED = Duration.ofMinutes(10);

  /**
   * A session closes itself in some seconds; one that does not is cut, and one that ignores even
   * that is forgotten.
   */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private static final Duration ABORT_LIMIT = Duration.ofSeconds(2);

  /** What the supervisor tells the client. */
  public interface Owner extends Inbox {
    void stateChanged(ConnectionState state);

    void sessionOpened(TransportSession session);

    void sessionEnded();

    void finished(Optional<HubException> failure);
  }

  private final ClientSettings settings;
  private final ClientLoop loop;
  private final Outbox outbox;
  private final RouteMemory memory;
  private final CredentialCache credentials;
  private final CredentialRenewal renewal;
  private final Backoff backoff;
  private final Supplier<TransportPlan> planner;
  private final Owner owner;
  private final RouteOpener opener;
  private final Optional<FailBack> failBack;

  // Client lifetime.
  private boolean started;
  private boolean closing;
  private boolean stopped;
  private boolean finished;
  private int rounds;
  private int refusals;
  private @Nullable Alarm wait;
  private @Nullable Alarm giveUp;
  private @Nullable Alarm drainEnd;
  private PlanWalk round = new PlanWalk(List.of());
  private @Nullable Route lastTried;

  /** The open session. */
  private @Nullable LiveSession live;

  public SessionSupervisor(
      ClientSettings settings,
      Handlers handlers,
      ClientLoop loop,
      Outbox outbox,
      Transports transports,
      RouteMemory memory,
      CredentialCache credentials,
      RandomGenerator random,
      Supplier<TransportPlan> planner,
      Owner owner) {
    this.settings = settings;
    this.loop = loop;
    this.outbox = outbox;
    this.memory = memory;
    this.credentials = credentials;
    this.renewal = new CredentialRenewal(loop, credentials, this::reopen);
    this.backoff = new Backoff(settings.retry(), random);
    this.planner = planner;
    this.owner = owner;
    this.opener =
        new RouteOpener(
            settings, handlers, loop, outbox, transports, credentials, owner, this::reopen, this);
    this.failBack =
        settings.failBack().map(window -> new FailBack(window, loop, random, this::tryBetter));
  }

  public void start() {
    loop.assertInLoop();
    if (!started && !closing) {
      started = true;
      failBack.ifPresent(FailBack::start);
      watchGivingUp();
      beginRound(planner.get().routes());
    }
  }

  /** The open session, if there is one. */
  public @Nullable LiveSession session() {
    loop.assertInLoop();
    return live != null && !live.reopening ? live : null;
  }

  // ---- opening

  private void beginRound(List<Route> routes) {
    rounds++;
    round = new PlanWalk(routes);
    tryNextRoute();
  }

  private void tryNextRoute() {
    round
        .next()
        .ifPresentOrElse(
            this::tryRoute, () -> waitFor(backoff.afterRounds(rounds), lastTried, round.failure()));
  }

  private void tryRoute(Route route) {
    lastTried = route;
    owner.stateChanged(new ConnectionState.Connecting(route, rounds));
    opener.open(route);
  }

  /** Not the hub refused, but no credential could be made: its source may be back soon. */
  @Override
  public void noCredential(Route route, HubException failure) {
    if (failure instanceof UnauthorizedException refusal && !credentials.renewable()) {
      refused(route, refusal);
    } else {
      waitFor(backoff.afterRounds(rounds), route, failure);
    }
  }

  @Override
  public void notOpened(Route route, HubException failure) {
    recover(route, failure, false);
  }

  @Override
  public void opened(LiveSession opened, TransportSession session) {
    live = opened;
    memory.forget(opened.route);
    stopWaiting();
    if (giveUp != null) {
      giveUp.cancel();
      giveUp = null;
    }
    opened.after(
        settings.retry().stableAfter(),
        () -> {
          rounds = 0;
          refusals = 0;
        });
    renewal.watch(opened, session);
    owner.stateChanged(
        new ConnectionState.Connected(
            opened.route, loop.now(), planner.get().remarks(opened.route)));
    session
        .ended()
        .whenComplete(
            (end, failure) ->
                loop.execute(
                    () ->
                        sessionEnded(
                            opened,
                            failure == null
                                ? end
                                : Optional.of(Failures.of(failure, Stage.SESSION)))));
    owner.sessionOpened(session);
  }

  // ---- the end of a session

  private void sessionEnded(LiveSession ended, Optional<HubException> reason) {
    if (live != ended) {
      return;
    }
    live = null;
    ended.retire(
        reason.isPresent()
            && reason.get() instanceof UnreachableException cut
            && cut.stage() == Stage.CUT_BY_HUB);
    owner.sessionEnded();
    if (stopped) {
      finish(Optional.empty());
      return;
    }
    watchGivingUp();
    if (ended.reopening && reason.isEmpty()) {
      TransportPlan plan = planner.get();
      beginRound(ended.failingBack ? plan.ranked() : plan.routes());
    } else {
      recover(
          ended.route,
          reason.orElseGet(
              () ->
                  new UnreachableException(
                      "The session ended without a reason.",
                      Stage.SESSION,
                      Progress.MAYBE_SENT,
                      null)),
          true);
    }
  }

  private void recover(Route route, HubException failure, boolean wasOpen) {
    switch (Recovery.after(failure, wasOpen)) {
      case NEXT_ROUTE -> {
        log.info(
            "{}: {} could not be opened: {}", settings.identity(), route, failure.getMessage());
        memory.postpone(route, POSTPONED, String.valueOf(failure.getMessage()));
        round.failed(failure);
        tryNextRoute();
      }
      case WAIT_THEN_PLAN -> waitFor(backoff.afterLoss(rounds), route, failure);
      case WAIT_THEN_SAME_ROUTE -> {
        Duration delay = backoff.afterRounds(Math.max(1, rounds));
        Duration asked =
            failure instanceof ThrottledException throttled
                ? throttled.retryAfter().orElse(Duration.ZERO)
                : Duration.ZERO;
        waitFor(delay.plus(asked), route, failure, List.of(route));
      }
      case RENEW_CREDENTIAL -> refused(route, (UnauthorizedException) failure);
    }
  }

  private void refused(Route route, UnauthorizedException failure) {
    refusals++;
    credentials.drop();
    if (refusals == 1 && credentials.renewable()) {
      log.info(
          "{}: the hub refused the credential; trying once with a new one", settings.identity());
      tryRoute(route);
      return;
    }
    if (settings.retry().stopWhenUnauthorized()) {
      finish(Optional.of(failure));
      return;
    }
    Duration delay = backoff.afterRefusal();
    Instant next = loop.now().plus(delay);
    owner.stateChanged(
        new ConnectionState.Unauthorized(
            route, refusals, failure, next, doubtAfterRefusal(failure)));
    setWait(delay, List.of(route));
  }

  private Optional<String> doubtAfterRefusal(UnauthorizedException failure) {
    if (failure.clockEvidence().isPresent()) {
      return failure.clockEvidence();
    }
    return credentials.renewable()
        ? Optional.of(
            "The hub refused "
                + refusals
                + " credentials made just now. If the key is right, this machine's clock, which says "
                + loop.now()
                + ", is wrong.")
        : Optional.empty();
  }

  private void waitFor(Duration delay, @Nullable Route route, HubException failure) {
    waitFor(delay, route, failure, List.of());
  }

  /** Waits, then goes through the given routes, or through a new plan if none is given. */
  private void waitFor(
      Duration delay, @Nullable Route route, HubException failure, List<Route> then) {
    Optional<String> doubt = clockEvidence(failure);
    owner.stateChanged(
        new ConnectionState.Waiting(
            Optional.ofNullable(route), rounds, failure, loop.now().plus(delay), doubt));
    setWait(delay, then);
  }

  /** Of a round, any route's evidence counts. */
  private static Optional<String> clockEvidence(Throwable failure) {
    return Stream.concat(Stream.of(failure), Stream.of(failure.getSuppressed()))
        .filter(UnreachableException.class::isInstance)
        .flatMap(one -> ((UnreachableException) one).clockEvidence().stream())
        .findFirst();
  }

  private void setWait(Duration delay, List<Route> then) {
    if (finished) {
      return;
    }
    stopWaiting();
    wait =
        loop.schedule(
            delay,
            () -> {
              wait = null;
              beginRound(then.isEmpty() ? planner.get().routes() : then);
            });
  }

  private void stopWaiting() {
    if (wait != null) {
      wait.cancel();
      wait = null;
    }
  }

  private void watchGivingUp() {
    settings
        .retry()
        .giveUpAfter()
        .filter(limit -> giveUp == null)
        .ifPresent(
            limit ->
                giveUp =
                    loop.schedule(
                        limit,
                        () ->
                            finish(
                                Optional.of(
                                    new UnreachableException(
                                        "No session within "
                                            + limit
                                            + ", after which the client was told to give up.",
                                        Stage.CONNECT,
                                        Progress.NOT_SENT,
                                        round.failureSoFar())))));
  }

  // ---- closing, to open again or for good

  private void reopen(LiveSession of) {
    TransportSession session = of.session;
    if (live == of && session != null && !of.reopening && !stopped) {
      of.reopening = true;
      closeInOrder(of, session);
    }
  }

  /** Gives up a session that works if there is a better route than its own. */
  private void tryBetter() {
    LiveSession now = live;
    if (now == null || closing) {
      return;
    }
    if (planner.get().ranked().indexOf(now.route) > 0) {
      log.info("{}: trying better routes than {}", settings.identity(), now.route);
      now.failingBack = true;
      reopen(now);
    }
  }

  private void closeInOrder(LiveSession of, TransportSession session) {
    session.close();
    of.after(
        CLOSE_LIMIT,
        () -> {
          log.warn(
              "{}: the session did not close within {} s and is cut",
              settings.identity(),
              CLOSE_LIMIT.toSeconds());
          session.abort();
          of.after(ABORT_LIMIT, () -> sessionEnded(of, Optional.empty()));
        });
  }

  /** Goes on for as long as the outbox drains, at most the given time; then ends. */
  public void close(Duration drain) {
    loop.assertInLoop();
    if (closing) {
      return;
    }
    closing = true;
    if (!started) {
      finish(Optional.empty());
      return;
    }
    outbox.drain(() -> loop.execute(this::stop));
    drainEnd = loop.schedule(drain, this::stop);
  }

  private void stop() {
    if (stopped || finished) {
      return;
    }
    stopped = true;
    stopWaiting();
    opener.abandon();
    LiveSession last = live;
    TransportSession session = last == null ? null : last.session;
    if (last == null || session == null) {
      finish(Optional.empty());
    } else if (!last.reopening) {
      closeInOrder(last, session);
    }
  }

  private void finish(Optional<HubException> failure) {
    if (finished) {
      return;
    }
    finished = true;
    closing = true;
    stopWaiting();
    failBack.ifPresent(FailBack::stop);
    if (giveUp != null) {
      giveUp.cancel();
    }
    opener.abandon();
    if (drainEnd != null) {
      drainEnd.cancel();
    }
    LiveSession last = live;
    if (last != null) {
      live = null;
      last.abort();
      last.retire(false);
      owner.sessionEnded();
    }
    owner.stateChanged(new ConnectionState.Closed(failure));
    owner.finished(failure);
  }
}
