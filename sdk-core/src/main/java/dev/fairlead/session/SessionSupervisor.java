package dev.fairlead.session;

import dev.fairlead.ConnectionState;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.inbound.SessionInbox;
import dev.fairlead.outbox.Outbox;
import dev.fairlead.outbox.SessionEnd;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.retry.Backoff;
import dev.fairlead.session.SupervisorState.Closing;
import dev.fairlead.session.SupervisorState.Ended;
import dev.fairlead.session.SupervisorState.Idle;
import dev.fairlead.session.SupervisorState.Live;
import dev.fairlead.session.SupervisorState.Waiting;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.ForeignCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one session open: tries the plan's routes, waits, retries, renews the credential, and
 * finally closes. It is always in one {@link SupervisorState}; {@link Transitions} decides what
 * follows an event. After each event the state is checked, and a state without any further event
 * becomes a wait. Confined to the loop.
 */
public final class SessionSupervisor {
  private static final Logger log = LoggerFactory.getLogger(SessionSupervisor.class);

  /**
   * How often a wait is tried in place of a state that cannot be kept: memory may be available
   * again.
   */
  private static final int RESCUES = 3;

  /** What the supervisor reports to the client. */
  public interface Owner {
    void stateChanged(ConnectionState state);

    /** What a session that begins to open brings; the session ends it. */
    SessionInbox newInbox();

    void sessionOpened();

    void finished(Optional<HubException> failure);
  }

  private final ClientSettings settings;
  private final ClientLoop loop;
  private final Uptime time;
  private final Outbox outbox;
  private final Owner owner;
  private final Backoff backoff;
  private final ClockWatch clock;
  private final Transitions transitions;
  private final Supplier<TransportPlan> planner;

  private SupervisorState state = new Idle();
  private @Nullable ConnectionState published;

  /** When the client is to close itself, while it has no session. */
  private long giveUpAt = Uptime.NEVER;

  /** When the client is to stop, once it is closing. */
  private long stopAt = Uptime.NEVER;

  private boolean closing;

  /** Why the hub holds up telemetry; null if it does not. */
  private @Nullable String held;

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
    this.owner = owner;
    this.planner = planner;
    time = new Uptime(loop);
    backoff = new Backoff(settings.retry(), random);
    clock = new ClockWatch(loop, () -> handle(null));
    Opener opener =
        new Opener(
            settings,
            handlers,
            loop,
            time,
            outbox,
            transports,
            credentials,
            owner::newInbox,
            this::handle);
    RouteProber prober =
        new RouteProber(settings, loop, time, memory, credentials, random, planner, this, opener);
    CertificateCare certificates =
        new CertificateCare(settings, loop, time, credentials, random, this, opener);
    LiveCare care =
        new LiveCare(
            settings, loop, time, credentials, random, planner, this, opener, prober, certificates);
    RouteWalker walker =
        new RouteWalker(settings, loop, time, memory, credentials, backoff, planner, this, opener);
    transitions = new Transitions(settings, time, credentials, this, opener, walker, care, prober);
  }

  public void start() {
    handle(new SupervisorEvent.Start());
  }

  /**
   * Continues while the outbox drains, for at most the given time; then ends. A further call can
   * make that time shorter, not longer.
   */
  public void close(Duration drain) {
    handle(new SupervisorEvent.Close(drain));
  }

  /** The open session, if there is one that stays open. */
  public @Nullable LiveSession session() {
    loop.assertInLoop();
    if (state instanceof Live live) {
      return live.session;
    }
    return state instanceof Closing ? state.beside() : null;
  }

  // ---- events

  /**
   * Applies an event, completely or not at all.
   *
   * @param event null to check the clocks only
   */
  void handle(@Nullable SupervisorEvent event) {
    loop.assertInLoop();
    try {
      clock.step().map(SupervisorEvent.ClockSet::new).ifPresent(transitions::apply);
      if (event instanceof SupervisorEvent.Close close) {
        closeBy(close.drain());
      } else if (event != null) {
        transitions.apply(event);
      }
      if (isStopping()) {
        transitions.stop();
      }
      rest();
    } catch (Throwable e) {
      rescue(e);
    }
  }

  /** The state in which the supervisor is now. */
  SupervisorState state() {
    return state;
  }

  /** Leaves a state, and with it its alarm. */
  void become(SupervisorState next) {
    LiveSession beside = state.beside();
    state.cancelAlarm();
    state = next;
    setAlarm();
    if (beside != null && beside != next.beside() && beside != next.session()) {
      beside.abort(); // In every case, because nothing else would ever end it.
      release(beside);
    }
  }

  /** Stays in the state that was reached, if that is a valid one. */
  private void rest() {
    String flaw = state.flaw();
    if (flaw != null) {
      throw new IllegalStateException(state.getClass().getSimpleName() + ": " + flaw);
    }
    clock.watch(state.waitsForClock());
    setAlarm();
  }

  private void setAlarm() {
    if (state instanceof Ended) {
      giveUpAt = Uptime.NEVER;
      stopAt = Uptime.NEVER;
    } else if (!state.wantsSession()) {
      giveUpAt = Uptime.NEVER;
    } else if (giveUpAt == Uptime.NEVER) {
      giveUpAt = settings.retry().giveUpAfter().map(time::in).orElse(Uptime.NEVER);
    }
    long stop = isStopping() ? Uptime.NEVER : stopAt;
    state.alarmAt(
        Math.min(state.due(), Math.min(stop, giveUpAt)),
        loop,
        time,
        () -> handle(new SupervisorEvent.AlarmRang()));
  }

  /** An event was applied only in part: everything is ended, and the client starts again. */
  private void rescue(Throwable why) {
    for (int i = 1; i <= RESCUES; i++) {
      try {
        log.error(
            "{}: the session could not be kept because of an internal error. Please report this "
                + "with the"
                + " log; the client opens a new one",
            settings.identity(),
            why);
        SupervisorState broken = state;
        if (broken instanceof Ended) {
          return;
        }
        Duration delay = backoff.afterFailures(i);
        become(new Waiting(List.of(), false, time.in(delay)));
        LiveSession left = broken.session();
        if (left != null) {
          left.abort();
          release(left);
        }
        if (isStopping()) {
          finish(Optional.empty());
        } else {
          publish(
              new ConnectionState.Waiting(
                  Optional.empty(),
                  0,
                  new UnreachableException(
                      "The session could not be kept because of an internal error: " + why + ".",
                      Stage.SESSION,
                      Progress.MAYBE_SENT,
                      why),
                  loop.now().plus(delay),
                  Optional.empty()));
        }
        rest();
        return;
      } catch (Throwable again) {
        why = again;
      }
    }
  }

  // ---- what the transitions need

  /** Tells the application of a state, unless it has that already. */
  void publish(ConnectionState next) {
    if (!next.equals(published)) {
      published = next;
      ForeignCalls.guarded("The client's listener", () -> owner.stateChanged(next));
    }
  }

  /** Ends the session, or the attempt to open one. */
  void release(LiveSession session) {
    release(session, SessionEnd.PLANNED, null);
  }

  /** The same, with what its end says about the messages in flight. */
  void release(LiveSession session, SessionEnd end, @Nullable HubException why) {
    if (!session.isOver()) {
      session.retire(end, why);
    }
  }

  /** A session is open, or the remarks for an operator have changed. */
  void publishConnected(Live live) {
    LiveSession session = live.session;
    List<String> remarks = new ArrayList<>(planner.get().remarks(session.route));
    live.probes.remark().ifPresent(remarks::add);
    remarks.addAll(live.certificate.remarks());
    if (held != null) {
      remarks.add(held);
    }
    publish(new ConnectionState.Connected(session.route, live.since, remarks));
  }

  /** The hub holds up telemetry, or no longer does. */
  public void telemetryHeld(@Nullable String note) {
    loop.assertInLoop();
    held = note;
    if (state instanceof Live live) {
      publishConnected(live);
    }
  }

  /** Asks for another session in place of the open one. */
  public void replaceSession(String why) {
    if (state instanceof Live live) {
      handle(new SupervisorEvent.ReopenRequested(live.session, why));
    }
  }

  /** Tells the client of an open session. */
  void opened(LiveSession session, TransportSession transport) {
    ForeignCalls.guarded("The client", owner::sessionOpened);
    session.opened(transport);
  }

  // ---- the end

  private void closeBy(Duration drain) {
    stopAt = Math.min(stopAt, time.in(drain));
    if (!closing) {
      closing = true;
      if (state instanceof Idle) {
        finish(Optional.empty());
      } else {
        outbox.drain(() -> loop.execute(() -> handle(new SupervisorEvent.Drained())));
      }
    }
  }

  /** No time is left to send what the outbox holds, or nothing is left to be sent. */
  boolean isStopping() {
    return closing && stopAt <= time.now();
  }

  /** Nothing is left to be sent. */
  void stopNow() {
    stopAt = time.now();
  }

  /** Whether the time allowed without a session has passed. */
  boolean isGivingUp() {
    return giveUpAt <= time.now();
  }

  /** Ends immediately, in any state. */
  void finish(Optional<HubException> failure) {
    LiveSession left = state.session();
    become(new Ended());
    closing = true;
    if (left != null && !left.isOver()) {
      left.abort();
      release(left);
    }
    publish(new ConnectionState.Closed(failure));
    ForeignCalls.guarded("The client's end", () -> owner.finished(failure));
  }
}
