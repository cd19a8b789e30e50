package dev.fairlead.session;

import dev.fairlead.Route;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.session.RouteProber.Probes;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the supervisor is doing. Each state holds the data that only it needs, and one alarm, which
 * ends with it. Moments are those of {@link Uptime}. Confined to the loop.
 */
abstract sealed class SupervisorState {
  private @Nullable Alarm alarm;
  private long alarmAt = Uptime.NEVER;

  /** When the state ends, or must be checked, if nothing happens before. */
  long due() {
    return Uptime.NEVER;
  }

  /** Why this state is invalid; null if it is valid. */
  @Nullable String flaw() {
    return null;
  }

  /** The session that this state holds, open or being opened; null if there is none. */
  @Nullable LiveSession session() {
    return null;
  }

  /** What is open, or being opened, beside that session, to take its place; null if nothing is. */
  @Nullable LiveSession beside() {
    return null;
  }

  /** Whether there is no session and one is wanted. */
  boolean wantsSession() {
    return false;
  }

  /** Whether the correct time would help, so that correcting the clock ends this state. */
  boolean waitsForClock() {
    return false;
  }

  /** Makes the one alarm ring at a moment. */
  final void alarmAt(long moment, Loop loop, Uptime time, Runnable ring) {
    if (moment == alarmAt && (alarm != null || moment == Uptime.NEVER)) {
      return;
    }
    cancelAlarm();
    if (moment != Uptime.NEVER) {
      alarm =
          loop.schedule(
              Duration.ofNanos(Math.max(0, moment - time.now())),
              () -> {
                alarm = null;
                ring.run();
              });
    }
    alarmAt = moment;
  }

  final void cancelAlarm() {
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
    alarmAt = Uptime.NEVER;
  }

  /** Not started. */
  static final class Idle extends SupervisorState {}

  /** A route is being opened. */
  static final class Opening extends SupervisorState {
    final OpeningAttempt attempt;

    Opening(OpeningAttempt attempt) {
      this.attempt = attempt;
    }

    @Override
    long due() {
      return attempt.due;
    }

    @Override
    @Nullable LiveSession session() {
      return attempt.session();
    }

    @Override
    boolean wantsSession() {
      return true;
    }
  }

  /** A session is open. Its moments are those of its credential, its fail-back and its probes. */
  static final class Live extends SupervisorState {
    final LiveSession session;
    final RenewalSchedule renewal;
    final Instant since;
    final Probes probes = new Probes();
    final CertificateCare.Watch certificate = new CertificateCare.Watch();
    long failBackAt = Uptime.NEVER;

    Live(LiveSession session, RenewalSchedule renewal, Instant since) {
      this.session = session;
      this.renewal = renewal;
      this.since = since;
    }

    @Override
    long due() {
      return Math.min(
          Math.min(renewal.due(), certificate.due()), Math.min(failBackAt, probes.due()));
    }

    @Override
    @Nullable LiveSession beside() {
      return probes.session();
    }

    @Override
    LiveSession session() {
      return session;
    }

    @Override
    @Nullable String flaw() {
      return session.session == null || session.isOver() ? "its session is not open" : null;
    }
  }

  /** A session was asked to close: for good, or to be replaced. */
  static final class Closing extends SupervisorState {
    /** What follows. */
    enum Then {
      OPEN_AGAIN,
      /** Better routes first, including those that failed lately. */
      OPEN_BETTER,
      /** The session that is open beside it takes its place. */
      MOVE,
      STOP
    }

    final LiveSession session;
    final Then then;

    /** Whether it took too long and was cut. */
    final boolean cut;

    private final @Nullable LiveSession successor;
    private final long due;

    Closing(LiveSession session, Then then, boolean cut, long due) {
      this(session, then, null, cut, due);
    }

    /** To be followed by an open session. */
    Closing(
        LiveSession session, Then then, @Nullable LiveSession successor, boolean cut, long due) {
      this.session = session;
      this.then = then;
      this.successor = successor;
      this.cut = cut;
      this.due = due;
    }

    @Override
    long due() {
      return due;
    }

    @Override
    LiveSession session() {
      return session;
    }

    @Override
    @Nullable LiveSession beside() {
      return successor;
    }

    @Override
    @Nullable String flaw() {
      if (session.isOver()) {
        return "its session is over";
      }
      return (then == Then.MOVE) == (successor == null) ? "its successor is not open" : null;
    }
  }

  /** No route could be opened, or a session was lost; the routes are tried later. */
  static final class Waiting extends SupervisorState {
    /** The routes to try; empty for those of a new plan. */
    final List<Route> then;

    private final boolean forClock;
    private final long due;

    Waiting(List<Route> then, boolean forClock, long due) {
      this.then = then;
      this.forClock = forClock;
      this.due = due;
    }

    @Override
    long due() {
      return due;
    }

    @Override
    boolean wantsSession() {
      return true;
    }

    @Override
    boolean waitsForClock() {
      return forClock;
    }
  }

  /** The hub refused the credential; the same route is tried later. */
  static final class Refused extends SupervisorState {
    final Route route;
    private final long due;

    Refused(Route route, long due) {
      this.route = route;
      this.due = due;
    }

    @Override
    long due() {
      return due;
    }

    @Override
    boolean wantsSession() {
      return true;
    }

    @Override
    boolean waitsForClock() {
      return true;
    }
  }

  /** Permanently closed. */
  static final class Ended extends SupervisorState {}
}
