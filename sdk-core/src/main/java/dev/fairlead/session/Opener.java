package dev.fairlead.session;

import dev.fairlead.Route;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.inbound.SessionInbox;
import dev.fairlead.outbox.Lease;
import dev.fairlead.outbox.Outbox;
import dev.fairlead.outbox.SessionEnd;
import dev.fairlead.session.SupervisorEvent.CredentialObtained;
import dev.fairlead.session.SupervisorEvent.OpeningDeferred;
import dev.fairlead.session.SupervisorEvent.OpeningEnded;
import dev.fairlead.session.SupervisorEvent.ReopenRequested;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.ForeignCalls;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Requests what an opening needs; every answer arrives as an event. Confined to the loop. */
final class Opener {
  private final ClientSettings settings;
  private final Handlers handlers;
  private final ClientLoop loop;
  private final Uptime time;
  private final Outbox outbox;
  private final Transports transports;
  private final CredentialCache credentials;
  private final Supplier<SessionInbox> inboxes;
  private final Consumer<SupervisorEvent> events;

  Opener(
      ClientSettings settings,
      Handlers handlers,
      ClientLoop loop,
      Uptime time,
      Outbox outbox,
      Transports transports,
      CredentialCache credentials,
      Supplier<SessionInbox> inboxes,
      Consumer<SupervisorEvent> events) {
    this.settings = settings;
    this.handlers = handlers;
    this.loop = loop;
    this.time = time;
    this.outbox = outbox;
    this.transports = transports;
    this.credentials = credentials;
    this.inboxes = inboxes;
    this.events = events;
  }

  OpeningAttempt attempt(Route route, PlanWalk walk) {
    return new OpeningAttempt(route, walk, time.in(settings.openTimeout()));
  }

  /** Its first step: a credential. */
  void obtainCredential(OpeningAttempt attempt) {
    answer(
        credentials.lease(),
        (token, failure) -> events.accept(new CredentialObtained(attempt, token, failure)));
  }

  /** Its second step: the transport. */
  void openTransport(OpeningAttempt attempt, TokenLease token) {
    open(attempt, token, outbox.lease());
  }

  /** The same beside an open session, which keeps the outbox until {@link #beginLease}. */
  void openBeside(OpeningAttempt attempt, TokenLease token) {
    open(attempt, token, outbox.reserve());
  }

  /** Gives the outbox to a session that was opened beside another, which has now ended. */
  void beginLease(LiveSession session) {
    outbox.begin(session.lease);
  }

  private void open(OpeningAttempt attempt, TokenLease token, Lease lease) {
    LiveSession begun;
    try {
      begun =
          new LiveSession(
              settings,
              loop,
              attempt.route,
              token,
              lease,
              handlers.feeds(),
              inboxes.get(),
              (session, why) -> events.accept(new ReopenRequested(session, why)));
    } catch (Throwable e) {
      lease.revoke(SessionEnd.PLANNED, null); // Otherwise no session could ever send again.
      throw e;
    }
    attempt.session(begun);
    answer(
        Openings.begin(
            () -> transports.provider(attempt.route).open(attempt.route, begun),
            opening -> begun(attempt, begun, opening)),
        (session, failure) -> events.accept(new OpeningEnded(attempt, session, failure)));
  }

  private void begun(OpeningAttempt attempt, LiveSession begun, Opening<TransportSession> opening) {
    begun.opening = opening;
    if (opening instanceof DeferrableOpening<TransportSession> deferrable) {
      answer(
          deferrable.deferral(),
          (deferral, failure) -> {
            if (deferral != null) {
              events.accept(new OpeningDeferred(attempt, deferral));
            }
          });
    }
  }

  /** Passes an answer to the loop, always in a separate task. */
  private <T> void answer(
      CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then) {
    stage.whenComplete((value, failure) -> loop.execute(() -> then.accept(value, failure)));
  }

  /** Shows a credential to an open session. */
  void presentCredential(LiveSession session, TransportSession transport, TokenLease token) {
    answer(
        ForeignCalls.stage("session.renew()", () -> transport.renew(token.credential())),
        (answer, failure) ->
            events.accept(new SupervisorEvent.RenewalAnswered(session, token, answer, failure)));
  }

  /** Obtains a credential for an open session. */
  void obtainSuccessor(LiveSession session) {
    answer(
        credentials.successor(session.token),
        (token, failure) ->
            events.accept(new SupervisorEvent.RenewalObtained(session, token, failure)));
  }

  /** Passes on the end of an open session. */
  void watchEnd(LiveSession session, TransportSession transport) {
    answer(
        ForeignCalls.stage("session.ended()", transport::ended),
        (end, failure) ->
            events.accept(
                end != null && failure == null
                    ? new SupervisorEvent.SessionEnded(session, end, false)
                    : SupervisorEvent.SessionEnded.broken(session, failure)));
  }
}
