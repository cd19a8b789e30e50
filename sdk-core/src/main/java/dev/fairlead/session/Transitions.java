package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.outbox.SessionEnd;
import dev.fairlead.session.SupervisorEvent.AlarmRang;
import dev.fairlead.session.SupervisorEvent.ClockSet;
import dev.fairlead.session.SupervisorEvent.CredentialObtained;
import dev.fairlead.session.SupervisorEvent.Drained;
import dev.fairlead.session.SupervisorEvent.OpeningDeferred;
import dev.fairlead.session.SupervisorEvent.OpeningEnded;
import dev.fairlead.session.SupervisorEvent.RenewalAnswered;
import dev.fairlead.session.SupervisorEvent.RenewalObtained;
import dev.fairlead.session.SupervisorEvent.ReopenRequested;
import dev.fairlead.session.SupervisorEvent.SessionEnded;
import dev.fairlead.session.SupervisorEvent.Start;
import dev.fairlead.session.SupervisorState.Closing;
import dev.fairlead.session.SupervisorState.Closing.Then;
import dev.fairlead.session.SupervisorState.Ended;
import dev.fairlead.session.SupervisorState.Idle;
import dev.fairlead.session.SupervisorState.Live;
import dev.fairlead.session.SupervisorState.Opening;
import dev.fairlead.session.SupervisorState.Refused;
import dev.fairlead.session.SupervisorState.Waiting;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.Failures;
import dev.fairlead.threads.ForeignCalls;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows an event in a state: the one {@link #apply transition}. How the client gets a
 * session is in {@link RouteWalker}, what it does with one in {@link LiveCare}. Confined to the
 * loop.
 */
final class Transitions {
  private static final Logger log = LoggerFactory.getLogger(Transitions.class);

  private final ClientSettings settings;
  private final Uptime time;
  private final CredentialCache credentials;
  private final SessionSupervisor supervisor;
  private final Opener opener;
  private final RouteWalker walker;
  private final LiveCare care;
  private final RouteProber prober;

  Transitions(
      ClientSettings settings,
      Uptime time,
      CredentialCache credentials,
      SessionSupervisor supervisor,
      Opener opener,
      RouteWalker walker,
      LiveCare care,
      RouteProber prober) {
    this.settings = settings;
    this.time = time;
    this.credentials = credentials;
    this.supervisor = supervisor;
    this.opener = opener;
    this.walker = walker;
    this.care = care;
    this.prober = prober;
  }

  /** Moves from the present state to the one that an event leads to. */
  void apply(SupervisorEvent event) {
    SupervisorState state = supervisor.state();
    if (event instanceof Start) {
      if (state instanceof Idle) {
        walker.walkPlan();
      }
    } else if (event instanceof Drained) {
      supervisor.stopNow();
    } else if (event instanceof AlarmRang) {
      alarmRang(state);
    } else if (event instanceof ClockSet clock) {
      clockSet(state, clock.by());
    } else if (event instanceof CredentialObtained obtained) {
      if (state instanceof Opening now && now.attempt == obtained.attempt()) {
        credentialObtained(obtained);
      } else if (state instanceof Live now && now.probes.isFor(obtained.attempt())) {
        prober.credentialObtained(now, obtained.attempt(), obtained.token(), obtained.failure());
      }
    } else if (event instanceof OpeningEnded ended) {
      openingEnded(state, ended);
    } else if (event instanceof OpeningDeferred deferred) {
      if (state instanceof Opening now && now.attempt == deferred.attempt()) {
        walker.deferred(deferred.attempt(), deferred.deferral());
      } else if (state instanceof Live now && now.probes.isFor(deferred.attempt())) {
        prober.deferred(now, deferred.attempt(), deferred.deferral());
      }
    } else if (event instanceof SessionEnded ended) {
      sessionEnded(state, ended);
    } else if (event instanceof ReopenRequested request) {
      if (state instanceof Live now && now.session == request.session()) {
        log.info("{}: opening a new session: {}", settings.identity(), request.why());
        care.close(now.session, Then.OPEN_AGAIN);
      }
    } else if (event instanceof RenewalObtained obtained) {
      if (state instanceof Live now && now.session == obtained.session()) {
        care.renewalObtained(now, obtained);
      }
    } else if (event instanceof RenewalAnswered answered) {
      if (state instanceof Live now && now.session == answered.session()) {
        care.renewalAnswered(now, answered);
      }
    }
  }

  private void alarmRang(SupervisorState state) {
    if (supervisor.isStopping() && !(state instanceof Closing)) {
      return; // It stops.
    }
    if (state.wantsSession() && supervisor.isGivingUp()) {
      supervisor.finish(Optional.of(givenUp(state)));
    } else if (state.due() > time.now()) {
      return; // It rang early, as an application's own clock may do.
    } else if (state instanceof Opening now) {
      notOpenInTime(now.attempt);
    } else if (state instanceof Live now) {
      care.look(now);
    } else if (state instanceof Closing now && now.cut) {
      sessionEnded(now, new SessionEnded(now.session, Optional.empty(), false));
    } else if (state instanceof Closing now) {
      care.closedTooLate(now);
    } else {
      waited(state);
    }
  }

  private void waited(SupervisorState state) {
    if (state instanceof Waiting now) {
      if (now.then.isEmpty()) {
        walker.walkPlan();
      } else {
        walker.walk(now.then);
      }
    } else if (state instanceof Refused now) {
      walker.walkRefused(now.route);
    }
  }

  /** A corrected clock may resolve a refused or missing credential. */
  private void clockSet(SupervisorState state, Duration by) {
    log.info(
        "{}: the clock of this machine was set {} by {}",
        settings.identity(),
        by.isNegative() ? "back" : "forward",
        Overdue.inWords(by.abs()));
    if (state instanceof Live now) {
      care.clockSet(now);
    } else if (state.waitsForClock()) {
      credentials.drop();
      waited(state);
    }
  }

  // ---- opening

  private void credentialObtained(CredentialObtained event) {
    TokenLease token = event.token();
    if (token == null) {
      Throwable failure = event.failure();
      walker.noCredential(
          event.attempt(),
          Failures.of(
              failure == null ? new IllegalStateException("no credential") : failure,
              Stage.CREDENTIAL));
    } else {
      opener.openTransport(event.attempt(), token);
    }
  }

  private void notOpenInTime(OpeningAttempt attempt) {
    HubException overdue = attempt.overdue(settings);
    LiveSession begun = attempt.session();
    if (begun == null) {
      walker.noCredential(attempt, overdue);
    } else {
      begun.abort();
      walker.notOpened(attempt, begun, overdue);
    }
  }

  private void openingEnded(SupervisorState state, OpeningEnded event) {
    OpeningAttempt attempt = event.attempt();
    LiveSession begun = attempt.session();
    TransportSession transport = event.session();
    if (begun == null) {
      return;
    }
    if (state instanceof Live live && live.probes.isFor(attempt)) {
      probeEnded(live, attempt, begun, event);
    } else if (!(state instanceof Opening now) || now.attempt != attempt) {
      if (transport != null && begun.session != transport) {
        ForeignCalls.guarded("session.abort()", transport::abort);
      }
    } else if (transport == null) {
      walker.notOpened(attempt, begun, whyNotOpened(event));
    } else {
      begun.session = transport;
      opened(begun, transport);
    }
  }

  private static HubException whyNotOpened(OpeningEnded event) {
    Throwable failure = event.failure();
    return Failures.of(
        failure == null ? new IllegalStateException("no session") : failure, Stage.OPEN);
  }

  private void opened(LiveSession session, TransportSession transport) {
    opener.watchEnd(session, transport);
    goLive(session, transport);
  }

  private void goLive(LiveSession session, TransportSession transport) {
    walker.opened(session.route);
    credentials.accepted(session.token);
    supervisor.publishConnected(care.begin(session));
    supervisor.opened(session, transport);
  }

  // ---- a better route beside an open session

  private void probeEnded(
      Live live, OpeningAttempt attempt, LiveSession begun, OpeningEnded event) {
    TransportSession transport = event.session();
    if (transport == null) {
      prober.notOpened(live, attempt, whyNotOpened(event));
    } else {
      begun.session = transport;
      opener.watchEnd(begun, transport);
      care.moveTo(begun, live);
    }
  }

  /** The session before it has ended, so this one begins to send. */
  private void moved(LiveSession successor, TransportSession transport) {
    opener.beginLease(successor);
    walker.closed();
    goLive(successor, transport);
  }

  // ---- the end of a session

  private void sessionEnded(SupervisorState state, SessionEnded event) {
    LiveSession ended = event.session();
    Optional<HubException> reason = event.reason();
    if (state instanceof Closing closing && closing.beside() == ended) {
      log.info("{}: {} was lost before it was in use", settings.identity(), ended.route);
      supervisor.become(new Closing(closing.session, Then.OPEN_AGAIN, closing.cut, closing.due()));
      return;
    }
    boolean current =
        (state instanceof Live || state instanceof Closing) && state.session() == ended;
    if (!current) {
      return;
    }
    if (event.broken()) {
      ended.abort();
    }
    supervisor.release(
        ended, reason.map(Transitions::evidenceIn).orElse(SessionEnd.PLANNED), reason.orElse(null));
    LiveSession successor = state.beside();
    TransportSession open = successor == null ? null : successor.session;
    if (state instanceof Closing && successor != null && open != null) {
      moved(successor, open);
    } else if (state instanceof Closing closing && (closing.then == Then.STOP)) {
      supervisor.finish(Optional.empty());
    } else if (state instanceof Closing closing && (closing.cut || reason.isEmpty())) {
      walker.closed();
      if (closing.then == Then.OPEN_BETTER) {
        walker.walkBetter();
      } else {
        walker.walkPlan();
      }
    } else {
      walker.lost(
          ended,
          reason.orElseGet(
              () ->
                  new UnreachableException(
                      "The session ended without a reason. Please report this with the log.",
                      Stage.SESSION,
                      Progress.MAYBE_SENT,
                      null)));
    }
  }

  /** Whether one of the messages in flight may be why the session ended. */
  private static SessionEnd evidenceIn(HubException reason) {
    boolean unexplained =
        reason instanceof RejectedException
            || (reason instanceof UnreachableException lost && lost.stage() != Stage.NETWORK);
    return unexplained ? SessionEnd.UNEXPLAINED : SessionEnd.EXPLAINED;
  }

  private UnreachableException givenUp(SupervisorState state) {
    HubException last = state instanceof Opening now ? now.attempt.walk.failureSoFar() : null;
    return new UnreachableException(
        "There was no session for "
            + settings.retry().giveUpAfter().map(Overdue::inWords).orElse("the time allowed")
            + ", after which the client was configured to close. Build a new client to try"
            + " again.",
        Stage.CONNECT,
        Progress.NOT_SENT,
        last);
  }

  // ---- closing for good

  /** Ends everything gracefully. No effect when called again. */
  void stop() {
    SupervisorState state = supervisor.state();
    if (state instanceof Live live) {
      care.close(live.session, Then.STOP);
    } else if (state instanceof Closing closing) {
      if (closing.then != Then.STOP) {
        supervisor.become(new Closing(closing.session, Then.STOP, closing.cut, closing.due()));
      }
    } else if (!(state instanceof Ended)) {
      supervisor.finish(Optional.empty());
    }
  }
}
