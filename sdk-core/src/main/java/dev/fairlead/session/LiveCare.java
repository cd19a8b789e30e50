package dev.fairlead.session;

import dev.fairlead.ConnectionState;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.session.RenewalSchedule.Phase;
import dev.fairlead.session.SupervisorEvent.RenewalAnswered;
import dev.fairlead.session.SupervisorEvent.RenewalObtained;
import dev.fairlead.session.SupervisorState.Closing;
import dev.fairlead.session.SupervisorState.Closing.Then;
import dev.fairlead.session.SupervisorState.Live;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import dev.fairlead.threads.Failures;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done with an open session while it is open, and how it is closed: its token is renewed,
 * in place where the transport can do that, and it is closed for a new certificate, or for a better
 * route in a maintenance window. Confined to the loop.
 */
final class LiveCare {
  private static final Logger log = LoggerFactory.getLogger(LiveCare.class);

  /**
   * A session closes itself in some seconds; one that does not is cut, and one that ignores even
   * that is abandoned.
   */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private static final Duration ABORT_LIMIT = Duration.ofSeconds(2);

  private final ClientSettings settings;
  private final Loop loop;
  private final Uptime time;
  private final CredentialCache credentials;
  private final RandomGenerator random;
  private final Supplier<TransportPlan> planner;
  private final SessionSupervisor supervisor;
  private final Opener opener;
  private final RouteProber prober;
  private final CertificateCare certificates;
  private final Optional<FailBack> failBack;

  LiveCare(
      ClientSettings settings,
      Loop loop,
      Uptime time,
      CredentialCache credentials,
      RandomGenerator random,
      Supplier<TransportPlan> planner,
      SessionSupervisor supervisor,
      Opener opener,
      RouteProber prober,
      CertificateCare certificates) {
    this.settings = settings;
    this.loop = loop;
    this.time = time;
    this.credentials = credentials;
    this.random = random;
    this.planner = planner;
    this.supervisor = supervisor;
    this.opener = opener;
    this.prober = prober;
    this.certificates = certificates;
    failBack = settings.failBack().map(window -> new FailBack(window, random));
  }

  Live begin(LiveSession session) {
    Live live =
        new Live(session, new RenewalSchedule(loop, time, credentials.renewable()), loop.now());
    live.renewal.rest(session.token);
    // A moment before there was a session needs no action, because the plan has just been tried.
    failBack.ifPresent(moments -> moments.comes(loop.now()));
    setFailBack(live);
    prober.begin(live);
    certificates.begin(live);
    supervisor.become(live);
    return live;
  }

  private void setFailBack(Live live) {
    failBack.ifPresent(
        moments -> {
          Duration left = moments.untilNext(loop.now());
          live.failBackAt =
              time.in(left.compareTo(RenewalSchedule.LOOK) < 0 ? left : RenewalSchedule.LOOK);
        });
  }

  /** One of the scheduled moments of an open session has arrived. */
  void look(Live live) {
    if (live.failBackAt <= time.now()) {
      boolean now = failBack.map(moments -> moments.comes(loop.now())).orElse(false);
      setFailBack(live);
      if (now && prober.hasBetterThan(live)) {
        prober.probeNow(live); // Opened beside it, so this session stays open.
      } else if (now && planner.get().ranked().indexOf(live.session.route) > 0) {
        log.info("{}: trying better routes than {}", settings.identity(), live.session.route);
        close(live.session, Then.OPEN_BETTER);
        return;
      }
    }
    if (certificates.look(live)) {
      log.info("{}: opening a new session with a new certificate", settings.identity());
      close(live.session, Then.OPEN_AGAIN);
      return;
    }
    prober.look(live);
    if (live.renewal.due() <= time.now()) {
      renew(live);
    }
  }

  /** The wall clock was set: a token whose validity made no sense may now be valid. */
  void clockSet(Live live) {
    TokenLease token = live.session.token;
    if (token.untilRenewal(loop).isEmpty()) {
      live.session.token = TokenLease.of(token.credential(), loop, random);
    }
    live.renewal.lookNow();
    setFailBack(live);
  }

  // ---- renewal

  private void renew(Live live) {
    switch (live.renewal.phase()) {
      case RESTING -> {
        if (live.session.token.isFresh(loop)) {
          live.renewal.rest(live.session.token);
        } else {
          live.renewal.busy(Phase.OBTAINING, settings.openTimeout().plus(RenewalSchedule.LEAST));
          opener.obtainSuccessor(live.session);
        }
      }
      case OBTAINING -> notRenewed(live, "no credential was obtained");
      case PRESENTING ->
          notTaken(
              live,
              "no answer to the token arrived within " + Overdue.inWords(settings.openTimeout()));
    }
  }

  void renewalObtained(Live live, RenewalObtained event) {
    TokenLease token = event.token();
    TransportSession transport = live.session.session;
    if (certificates.obtained(live, token)) {
      return;
    }
    if (live.renewal.phase() != Phase.OBTAINING || transport == null) {
      return;
    }
    if (token == null) {
      notRenewed(live, message(event.failure()));
    } else if (live.session.token.isOutlastedBy(token)) {
      live.renewal.busy(Phase.PRESENTING, settings.openTimeout());
      opener.presentCredential(live.session, transport, token);
    } else {
      // Showing the same token again would gain nothing, and on some transports would cost a
      // session.
      Duration wait = live.renewal.retry(live.session.token);
      log.debug(
          "{}: the token source gave no token that lasts longer; asking again in {}",
          settings.identity(),
          Overdue.inWords(wait));
    }
  }

  void renewalAnswered(Live live, RenewalAnswered event) {
    Renewal answer = event.answer();
    if (answer == Renewal.RENEWED) {
      live.session.token = event.token(); // Even if it arrives late.
      live.renewal.rest(event.token());
    } else if (live.renewal.phase() != Phase.PRESENTING) {
      return;
    } else if (answer == Renewal.NEEDS_REOPEN) {
      log.info("{}: opening a new session with a new token", settings.identity());
      close(live.session, Then.OPEN_AGAIN);
    } else {
      notTaken(live, message(event.failure()));
    }
  }

  /** The token was not accepted: the next attempt uses another one. */
  private void notTaken(Live live, String why) {
    credentials.drop();
    notRenewed(live, why);
  }

  private static String message(@Nullable Throwable failure) {
    return failure == null
        ? "the transport gave no answer"
        : String.valueOf(Failures.of(failure, Stage.SESSION).getMessage());
  }

  private void notRenewed(Live live, String why) {
    Duration wait = live.renewal.retry(live.session.token);
    log.warn(
        "{}: the credential was not renewed; trying again in {}: {}",
        settings.identity(),
        Overdue.inWords(wait),
        why);
  }

  // ---- closing

  /** Ends an open session gracefully; the given action follows. */
  void close(LiveSession session, Then then) {
    close(session, then, null);
    if (then != Then.STOP) {
      supervisor.publish(new ConnectionState.Connecting(session.route, 1));
    }
  }

  /** A better session is open beside this one and takes its place when this one has ended. */
  void moveTo(LiveSession better, Live from) {
    log.info("{}: moving from {} to {}", settings.identity(), from.session.route, better.route);
    close(from.session, Then.MOVE, better);
  }

  private void close(LiveSession session, Then then, @Nullable LiveSession successor) {
    supervisor.become(new Closing(session, then, successor, false, time.in(CLOSE_LIMIT)));
    if (!session.close()) {
      cut(session, then, successor);
    }
  }

  /** A session that closes took too long: it is cut. */
  void closedTooLate(Closing closing) {
    log.warn(
        "{}: the session on {} did not close within {} and is cut",
        settings.identity(),
        closing.session.route,
        Overdue.inWords(CLOSE_LIMIT));
    cut(closing.session, closing.then, closing.beside());
  }

  private void cut(LiveSession session, Then then, @Nullable LiveSession successor) {
    supervisor.become(new Closing(session, then, successor, true, time.in(ABORT_LIMIT)));
    session.abort();
  }
}
