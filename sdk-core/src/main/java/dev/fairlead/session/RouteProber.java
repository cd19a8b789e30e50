package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.Route;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.retry.Recovery;
import dev.fairlead.session.DeferrableOpening.Deferral;
import dev.fairlead.session.SupervisorState.Live;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Loop;
import dev.fairlead.threads.Failures;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries better routes beside an open session whose route polls: after a minute, then after twice as
 * long each time, up to an hour. The session is not touched; when a better one is open, {@link
 * Transitions} puts that in its place. Confined to the loop.
 */
final class RouteProber {
  private static final Logger log = LoggerFactory.getLogger(RouteProber.class);

  static final Duration FIRST = Duration.ofMinutes(1);
  static final Duration LONGEST = Duration.ofHours(1);

  private final ClientSettings settings;
  private final Loop loop;
  private final Uptime time;
  private final RouteMemory memory;
  private final CredentialCache credentials;
  private final RandomGenerator random;
  private final Supplier<TransportPlan> planner;
  private final SessionSupervisor supervisor;
  private final Opener opener;

  RouteProber(
      ClientSettings settings,
      Loop loop,
      Uptime time,
      RouteMemory memory,
      CredentialCache credentials,
      RandomGenerator random,
      Supplier<TransportPlan> planner,
      SessionSupervisor supervisor,
      Opener opener) {
    this.settings = settings;
    this.loop = loop;
    this.time = time;
    this.memory = memory;
    this.credentials = credentials;
    this.random = random;
    this.planner = planner;
    this.supervisor = supervisor;
    this.opener = opener;
  }

  /** Better routes beside one session: when they are tried, and the attempt in progress. */
  static final class Probes {
    private Duration wait = FIRST;
    private long at = Uptime.NEVER;
    private @Nullable OpeningAttempt attempt;
    private String remark = "";

    /** When they are due. */
    long due() {
      OpeningAttempt now = attempt;
      return now == null ? at : now.due;
    }

    /** What is being opened beside the session; null if nothing is. */
    @Nullable LiveSession session() {
      OpeningAttempt now = attempt;
      return now == null ? null : now.session();
    }

    boolean isFor(OpeningAttempt other) {
      return attempt == other;
    }

    /** The remark for an operator; empty if there is none. */
    Optional<String> remark() {
      return remark.isEmpty() ? Optional.empty() : Optional.of(remark);
    }
  }

  /** Whether the plan has routes of a better class than a session's. */
  boolean hasBetterThan(Live live) {
    return !planner.get().betterClass(live.session.route).isEmpty();
  }

  void begin(Live live) {
    if (hasBetterThan(live)) {
      rest(live.probes, Duration.ZERO, "");
    }
  }

  /** Tries them immediately, unless an attempt is in progress. */
  void probeNow(Live live) {
    Probes probes = live.probes;
    if (probes.attempt == null) {
      probes.at = Uptime.NEVER;
      next(live, new PlanWalk(planner.get().betterClass(live.session.route)), "");
    }
  }

  /** One of the moments may have come. */
  void look(Live live) {
    OpeningAttempt now = live.probes.attempt;
    if (now == null && live.probes.at <= time.now()) {
      probeNow(live);
    } else if (now != null && now.due <= time.now()) {
      HubException overdue = now.overdue(settings);
      LiveSession begun = now.session();
      if (begun == null) {
        stop(live, now, overdue, Duration.ZERO);
      } else {
        begun.abort();
        notOpened(live, now, overdue);
      }
    }
  }

  private void next(Live live, PlanWalk walk, String told) {
    Optional<Route> route = walk.next();
    if (route.isPresent()) {
      OpeningAttempt attempt = opener.attempt(route.get(), walk);
      live.probes.attempt = attempt;
      opener.obtainCredential(attempt);
    } else {
      backOff(live, Duration.ZERO, told);
    }
  }

  void credentialObtained(
      Live live, OpeningAttempt attempt, @Nullable TokenLease token, @Nullable Throwable failure) {
    if (token == null) {
      Throwable why = failure == null ? new IllegalStateException("no credential") : failure;
      stop(live, attempt, Failures.of(why, Stage.CREDENTIAL), Duration.ZERO);
    } else {
      opener.openBeside(attempt, token);
    }
  }

  void notOpened(Live live, OpeningAttempt attempt, HubException failure) {
    switch (Recovery.after(failure, false)) {
      case NEXT_ROUTE, WAIT_THEN_PLAN -> {
        log.info(
            "{}: {} could not be opened beside {}: {}",
            settings.identity(),
            attempt.route,
            live.session.route,
            failure.getMessage());
        memory.postpone(attempt.route, RouteWalker.POSTPONED, String.valueOf(failure.getMessage()));
        dropBegun(attempt);
        next(live, attempt.walk, told(attempt, failure));
      }
      case RENEW_CREDENTIAL -> {
        // The open session stays, because it was not refused.
        credentials.drop();
        stop(live, attempt, failure, Duration.ZERO);
      }
      default -> {
        Optional<Duration> asked =
            failure instanceof ThrottledException throttled
                ? throttled.retryAfter()
                : Optional.empty();
        stop(live, attempt, failure, asked.orElse(Duration.ZERO));
      }
    }
  }

  void deferred(Live live, OpeningAttempt attempt, Deferral deferral) {
    stop(live, attempt, deferral.cause(), deferral.delay());
  }

  /** Ends this round, because another route would be refused as well, or would evade a limit. */
  private void stop(Live live, OpeningAttempt attempt, HubException why, Duration asked) {
    dropBegun(attempt);
    backOff(live, asked, told(attempt, why));
  }

  private void dropBegun(OpeningAttempt attempt) {
    LiveSession begun = attempt.session();
    if (begun != null) {
      supervisor.release(begun);
    }
  }

  private static String told(OpeningAttempt attempt, HubException failure) {
    return " The last try over " + attempt.route + " failed: " + failure.getMessage();
  }

  private void backOff(Live live, Duration asked, String told) {
    Probes probes = live.probes;
    probes.attempt = null;
    Duration doubled = probes.wait.multipliedBy(2);
    probes.wait = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
    rest(probes, asked, told);
    supervisor.publishConnected(live);
  }

  /**
   * Between three quarters and five quarters of the wait, so that a fleet does not try all at once,
   * after the time that the hub asked for.
   */
  private void rest(Probes probes, Duration asked, String told) {
    Duration wait = probes.wait;
    Duration drawn =
        asked
            .plus(wait.multipliedBy(3).dividedBy(4))
            .plusNanos(random.nextLong(wait.toNanos() / 2 + 1));
    probes.at = time.in(drawn);
    probes.remark =
        "This route polls; better ones are tried beside it, next at "
            + loop.now().plus(drawn)
            + "."
            + told;
  }
}
