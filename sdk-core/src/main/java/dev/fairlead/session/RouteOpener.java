package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.inbound.Handlers;
import dev.fairlead.outbox.Outbox;
import dev.fairlead.settings.ClientSettings;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ClientLoop;
import dev.fairlead.threads.Failures;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Opens one route at a time: a credential first, then the transport, each within the open time-out.
 * Exactly one outcome is told of each attempt, none of one that was abandoned. Confined to the
 * loop.
 */
final class RouteOpener {
  /** How an attempt ends. */
  interface Outcome {
    void opened(LiveSession live, TransportSession session);

    void notOpened(Route route, HubException failure);

    /** Nothing was tried, for there was no credential to try with. */
    void noCredential(Route route, HubException failure);
  }

  private final ClientSettings settings;
  private final Handlers handlers;
  private final ClientLoop loop;
  private final Outbox outbox;
  private final Transports transports;
  private final CredentialCache credentials;
  private final SessionSupervisor.Owner owner;
  private final Consumer<LiveSession> reopen;
  private final Outcome outcome;

  /** Counts attempts, so that a credential that comes late finds its attempt gone. */
  private int attempt;

  private @Nullable LiveSession opening;

  RouteOpener(
      ClientSettings settings,
      Handlers handlers,
      ClientLoop loop,
      Outbox outbox,
      Transports transports,
      CredentialCache credentials,
      SessionSupervisor.Owner owner,
      Consumer<LiveSession> reopen,
      Outcome outcome) {
    this.settings = settings;
    this.handlers = handlers;
    this.loop = loop;
    this.outbox = outbox;
    this.transports = transports;
    this.credentials = credentials;
    this.owner = owner;
    this.reopen = reopen;
    this.outcome = outcome;
  }

  void open(Route route) {
    loop.assertInLoop();
    int mine = ++attempt;
    Alarm overdue =
        loop.schedule(
            settings.openTimeout(),
            () ->
                noCredential(
                    mine,
                    route,
                    new UnauthorizedException(
                        "The source of credentials gave none within "
                            + settings.openTimeout()
                            + ".",
                        Progress.NOT_SENT)));
    credentials
        .get()
        .whenComplete(
            (credential, failure) ->
                loop.execute(
                    () -> {
                      overdue.cancel();
                      if (mine != attempt) {
                        return;
                      }
                      if (credential != null) {
                        credentials.use(credential);
                        open(route, credential);
                      } else {
                        noCredential(mine, route, Failures.of(failure, Stage.OPEN));
                      }
                    }));
  }

  private void noCredential(int mine, Route route, HubException failure) {
    if (mine == attempt) {
      attempt++;
      outcome.noCredential(route, failure);
    }
  }

  private void open(Route route, Credential credential) {
    LiveSession begun =
        new LiveSession(
            settings, loop, route, credential, outbox.lease(), handlers.feeds(), owner, reopen);
    opening = begun;
    begun.after(
        settings.openTimeout(),
        () -> {
          if (opening == begun) {
            begun.abort();
            failed(begun, tooLate(route));
          }
        });
    try {
      begun.opening = transports.provider(route).open(route, begun);
    } catch (RuntimeException e) {
      failed(begun, Failures.of(e, Stage.OPEN));
      return;
    }
    begun
        .opening
        .outcome()
        .whenComplete((session, failure) -> loop.execute(() -> ended(begun, session, failure)));
  }

  private UnreachableException tooLate(Route route) {
    return new UnreachableException(
        route
            + " to "
            + settings.endpointOf(route)
            + " was not open within "
            + settings.openTimeout()
            + ". Something on the way swallows packets, or the hub is overloaded; another route may"
            + " pass.",
        Stage.OPEN,
        Progress.NOT_SENT,
        null);
  }

  private void ended(
      LiveSession begun, @Nullable TransportSession session, @Nullable Throwable failure) {
    if (opening != begun) {
      if (session != null) {
        session.abort();
      }
    } else if (session != null) {
      opening = null;
      begun.session = session;
      outcome.opened(begun, session);
    } else {
      failed(
          begun,
          Failures.of(
              failure == null ? new IllegalStateException("no session") : failure, Stage.OPEN));
    }
  }

  private void failed(LiveSession begun, HubException failure) {
    if (opening == begun) {
      opening = null;
      begun.retire(false);
      outcome.notOpened(begun.route, failure);
    }
  }

  /** Whatever is being opened is stopped and leaves nothing. */
  void abandon() {
    loop.assertInLoop();
    attempt++;
    LiveSession gone = opening;
    if (gone != null) {
      opening = null;
      gone.abort();
      gone.retire(false);
    }
  }
}
