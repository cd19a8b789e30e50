package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.session.DeferrableOpening.Deferral;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import dev.fairlead.threads.Failures;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the supervisor reacts to. Each event from outside names the object that it is about, so that
 * a late or repeated event is recognised as stale.
 */
sealed interface SupervisorEvent {
  /** The application wants a session. */
  record Start() implements SupervisorEvent {}

  /** The application wants it to end when the outbox is empty, at the latest after a time. */
  record Close(Duration drain) implements SupervisorEvent {}

  /** The outbox is empty, and takes nothing more. */
  record Drained() implements SupervisorEvent {}

  /** The alarm of the state rang. */
  record AlarmRang() implements SupervisorEvent {}

  /** The wall clock was set. */
  record ClockSet(Duration by) implements SupervisorEvent {}

  /** There is a credential for an opening, or a reason why there is none. */
  record CredentialObtained(
      OpeningAttempt attempt, @Nullable TokenLease token, @Nullable Throwable failure)
      implements SupervisorEvent {}

  /** The transport opened a session, or failed to. */
  record OpeningEnded(
      OpeningAttempt attempt, @Nullable TransportSession session, @Nullable Throwable failure)
      implements SupervisorEvent {}

  /** The transport tried nothing: the same route is to be requested again after a delay. */
  record OpeningDeferred(OpeningAttempt attempt, Deferral deferral) implements SupervisorEvent {}

  /**
   * A session is over.
   *
   * @param reason empty if it was closed
   * @param broken whether the transport failed to report this correctly
   */
  record SessionEnded(LiveSession session, Optional<HubException> reason, boolean broken)
      implements SupervisorEvent {
    /** The transport reported no proper end. */
    static SessionEnded broken(LiveSession session, @Nullable Throwable failure) {
      Throwable why = failure == null ? new IllegalStateException("no end") : failure;
      return new SessionEnded(session, Optional.of(Failures.of(why, Stage.SESSION)), true);
    }
  }

  /** A session is to be replaced by a new one. */
  record ReopenRequested(LiveSession session, String why) implements SupervisorEvent {}

  /** There is a new credential for an open session, or a reason why there is none. */
  record RenewalObtained(
      LiveSession session, @Nullable TokenLease token, @Nullable Throwable failure)
      implements SupervisorEvent {}

  /** The transport was shown a new credential. */
  record RenewalAnswered(
      LiveSession session, TokenLease token, @Nullable Renewal answer, @Nullable Throwable failure)
      implements SupervisorEvent {}
}
