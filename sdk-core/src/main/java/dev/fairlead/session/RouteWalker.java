package dev.fairlead.session;

import dev.fairlead.ConnectionState;
import dev.fairlead.HubException;
import dev.fairlead.QuotaExceededException;
import dev.fairlead.Route;
import dev.fairlead.TakenOverException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.retry.Backoff;
import dev.fairlead.retry.Recovery;
import dev.fairlead.session.DeferrableOpening.Deferral;
import dev.fairlead.session.SupervisorState.Opening;
import dev.fairlead.session.SupervisorState.Refused;
import dev.fairlead.session.SupervisorState.Waiting;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the client gets a session: which route is tried, and what follows when that fails or an open
 * session is lost. What follows is in {@link Recovery}; when, in {@link Backoff}. Confined to the
 * loop.
 */
final class RouteWalker {
  private static final Logger log = LoggerFactory.getLogger(RouteWalker.class);

  /** A session that lasted this long was not cut by a client that reconnects repeatedly. */
  private static final Duration OWN_AGAIN = Duration.ofHours(1);

  /** How long a route that failed to open is tried last. */
  static final Duration POSTPONED = Duration.ofMinutes(10);

  private final ClientSettings settings;
  private final Loop loop;
  private final Uptime time;
  private final RouteMemory memory;
  private final CredentialCache credentials;
  private final Backoff backoff;
  private final Supplier<TransportPlan> planner;
  private final SessionSupervisor supervisor;
  private final Opener opener;
  private final FailureCount count;
  private final LastResort lastResort = new LastResort();

  RouteWalker(
      ClientSettings settings,
      Loop loop,
      Uptime time,
      RouteMemory memory,
      CredentialCache credentials,
      Backoff backoff,
      Supplier<TransportPlan> planner,
      SessionSupervisor supervisor,
      Opener opener) {
    this.settings = settings;
    this.loop = loop;
    this.time = time;
    this.memory = memory;
    this.credentials = credentials;
    this.backoff = backoff;
    this.planner = planner;
    this.supervisor = supervisor;
    this.opener = opener;
    count = new FailureCount(settings.retry().stableAfter());
  }

  // ---- routes

  /** Tries the plan from its beginning. */
  void walkPlan() {
    walk(allowed(TransportPlan::routes));
  }

  /** The same with the better routes first, including those that failed lately. */
  void walkBetter() {
    walk(allowed(TransportPlan::ranked));
  }

  /** The routes of a plan without those of a worse class, unless these are due. */
  private List<Route> allowed(Function<TransportPlan, List<Route>> order) {
    TransportPlan plan = planner.get();
    lastResort.walkBegins(time.now());
    if (lastResort.isAllowed(time.now())) {
      return order.apply(plan);
    }
    return order.apply(plan).stream().filter(each -> plan.betterClass(each).isEmpty()).toList();
  }

  void walk(List<Route> routes) {
    nextRoute(new PlanWalk(routes), null);
  }

  /**
   * Tries again after a refusal: the same route, because another one would refuse as well. If the
   * route may be the cause, the whole plan is tried, because a better route may work by now.
   */
  void walkRefused(Route route) {
    TransportPlan plan = planner.get();
    walk(plan.doubtful(route) ? plan.routes() : List.of(route));
  }

  private void nextRoute(PlanWalk walk, @Nullable OpeningAttempt failed) {
    Optional<Route> next = walk.next();
    if (next.isPresent()) {
      open(next.get(), walk);
    } else {
      count.notOpened(time.now());
      lastResort.walkFailed();
      Route last = failed == null ? null : failed.route;
      Credential shown = failed == null ? null : shownBy(failed);
      LiveSession begun = failed == null ? null : failed.session();
      if (begun != null) {
        credentials.notAccepted(begun.token, walk.failure());
      }
      waitFor(
          backoff.afterFailures(count.failures()),
          last,
          count.failures(),
          walk.failure(),
          doubt(walk.failure(), shown),
          List.of());
    }
  }

  private void open(Route route, PlanWalk walk) {
    OpeningAttempt attempt = opener.attempt(route, walk);
    supervisor.become(new Opening(attempt));
    supervisor.publish(new ConnectionState.Connecting(route, count.failures() + 1));
    opener.obtainCredential(attempt);
  }

  /** A route is open. */
  void opened(Route route) {
    memory.forget(route);
    if (planner.get().betterClass(route).isEmpty()) {
      lastResort.betterOpened();
    }
    count.opened(time.now());
  }

  /** A session has closed because it was asked to. */
  void closed() {
    count.settle(time.now());
  }

  // ---- failures

  /**
   * No credential could be obtained. The hub refused nothing, and the source may soon work again.
   */
  void noCredential(OpeningAttempt attempt, HubException failure) {
    count.notOpened(time.now());
    waitForClock(backoff.afterFailures(count.failures()), attempt.route, count.failures(), failure);
  }

  /** A route could not be opened. */
  void notOpened(OpeningAttempt attempt, LiveSession begun, HubException failure) {
    supervisor.release(begun);
    boolean routeRefuses =
        failure instanceof UnauthorizedException
            && attempt.walk.hasNext()
            && planner.get().doubtful(attempt.route);
    switch (routeRefuses ? Recovery.NEXT_ROUTE : Recovery.after(failure, false)) {
      case NEXT_ROUTE, WAIT_THEN_PLAN -> {
        log.info(
            "{}: {} could not be opened: {}",
            settings.identity(),
            attempt.route,
            failure.getMessage());
        memory.postpone(attempt.route, POSTPONED, String.valueOf(failure.getMessage()));
        attempt.walk.failed(failure);
        nextRoute(attempt.walk, attempt);
      }
      case WAIT_THEN_SAME_ROUTE -> {
        count.notOpened(time.now());
        throttled(attempt.route, backoff.afterFailures(count.failures()), failure);
      }
      case GIVE_WAY -> takenOver(attempt.route, (TakenOverException) failure);
      case RENEW_CREDENTIAL -> refused(begun, attempt.walk, (UnauthorizedException) failure);
    }
  }

  /**
   * A route is not to be tried before a time. Nothing failed here, so the client waits, unless a
   * failed dial for another device has changed the plan since this pass began.
   */
  void deferred(OpeningAttempt attempt, Deferral deferral) {
    LiveSession begun = attempt.session();
    if (begun != null) {
      supervisor.release(begun);
    }
    TransportPlan.Choice first = planner.get().choices().get(0);
    if (first.postponed().isEmpty() && !first.route().equals(attempt.route)) {
      walkPlan();
    } else if (deferral.cause() instanceof ThrottledException why) {
      waitThrottled(attempt.route, deferral.delay(), why);
    } else {
      waitFor(deferral.delay(), attempt.route, 0, deferral.cause(), Optional.empty(), List.of());
    }
  }

  /** An open session was lost. */
  void lost(LiveSession session, HubException failure) {
    switch (Recovery.after(failure, true)) {
      case NEXT_ROUTE, WAIT_THEN_PLAN -> {
        count.lost(time.now());
        waitFor(
            backoff.afterLoss(count.failures()),
            session.route,
            0,
            failure,
            doubt(failure, session.credential()),
            List.of());
      }
      case WAIT_THEN_SAME_ROUTE -> {
        count.lost(time.now());
        throttled(session.route, backoff.afterLoss(count.failures()), failure);
      }
      case GIVE_WAY -> takenOver(session.route, (TakenOverException) failure);
      case RENEW_CREDENTIAL ->
          refused(
              session,
              new PlanWalk(allowed(TransportPlan::routes)),
              (UnauthorizedException) failure);
    }
  }

  private void throttled(Route route, Duration delay, HubException failure) {
    ThrottledException why = (ThrottledException) failure;
    waitThrottled(route, delay.plus(why.retryAfter().orElse(Duration.ZERO)), why);
  }

  private void waitThrottled(Route route, Duration wait, ThrottledException why) {
    Instant next = loop.now().plus(wait);
    supervisor.become(new Waiting(List.of(route), false, time.in(wait)));
    supervisor.publish(
        why instanceof QuotaExceededException quota
            ? new ConnectionState.QuotaExceeded(route, quota, next)
            : new ConnectionState.Throttled(route, why, next));
  }

  private void takenOver(Route route, TakenOverException failure) {
    count.takenOver(time.now(), OWN_AGAIN);
    Duration wait = backoff.afterTakeOver(count.takeOvers());
    supervisor.become(new Waiting(List.of(route), false, time.in(wait)));
    supervisor.publish(
        new ConnectionState.TakenOver(route, count.takeOvers(), failure, loop.now().plus(wait)));
  }

  private void refused(LiveSession session, PlanWalk walk, UnauthorizedException failure) {
    count.refused(time.now());
    credentials.drop();
    credentials.notAccepted(session.token, failure);
    if (count.refusals() == 1 && credentials.hasAnotherThan(session.token)) {
      log.info(
          "{}: the hub refused the credential; trying once with another one", settings.identity());
      open(session.route, walk);
      return;
    }
    if (settings.retry().stopWhenUnauthorized()) {
      supervisor.finish(Optional.of(failure));
      return;
    }
    Duration delay = backoff.afterRefusal();
    supervisor.become(new Refused(session.route, time.in(delay)));
    supervisor.publish(
        new ConnectionState.Unauthorized(
            session.route,
            count.refusals(),
            failure,
            loop.now().plus(delay),
            doubt(failure, session.credential()).or(this::doubtAfterRefusals)));
  }

  private Optional<String> doubtAfterRefusals() {
    return credentials.renewable()
        ? Optional.of(
            "The hub refused "
                + count.refusals()
                + " credentials made just now. If the key is right, this machine's clock, which says "
                + loop.now()
                + ", is wrong.")
        : Optional.empty();
  }

  private Optional<String> doubt(HubException failure, @Nullable Credential shown) {
    return ClockDoubt.of(failure)
        .or(() -> shown == null ? Optional.empty() : ClockDoubt.of(shown, loop.now()));
  }

  private static @Nullable Credential shownBy(OpeningAttempt attempt) {
    LiveSession begun = attempt.session();
    return begun == null ? null : begun.credential();
  }

  // ---- waiting

  /**
   * @param attempt the number of the pass that failed, 0 if an open session was lost
   * @param then the routes to try, empty for those of a new plan
   */
  private void waitFor(
      Duration delay,
      @Nullable Route route,
      int attempt,
      HubException failure,
      Optional<String> doubt,
      List<Route> then) {
    wait(delay, route, attempt, failure, doubt, then, doubt.isPresent());
  }

  private void waitForClock(Duration delay, Route route, int attempt, HubException failure) {
    wait(delay, route, attempt, failure, ClockDoubt.of(failure), List.of(), true);
  }

  private void wait(
      Duration delay,
      @Nullable Route route,
      int attempt,
      HubException failure,
      Optional<String> doubt,
      List<Route> then,
      boolean forClock) {
    supervisor.become(new Waiting(then, forClock, time.in(delay)));
    supervisor.publish(
        new ConnectionState.Waiting(
            Optional.ofNullable(route), attempt, failure, loop.now().plus(delay), doubt));
  }
}
