package dev.fairlead.pool;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.session.DeferrableOpening;
import dev.fairlead.session.Openings;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ForeignCalls;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One device whose session is being opened: it waits for a place on a shared connection, then is
 * attached there. Confined to the loop, but for {@link #abort()}.
 */
final class Attachment implements DeferrableOpening<TransportSession> {
  private final SharedRoute route;
  private final SessionContext context;
  private final Loop loop;
  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();
  private final CompletableFuture<Deferral> deferral = new CompletableFuture<>();
  private volatile @Nullable Opening<TransportSession> attaching;
  private boolean aborted;

  Attachment(SharedRoute route, SessionContext context) {
    this.route = route;
    this.context = context;
    this.loop = route.loop();
  }

  @Override
  public CompletionStage<TransportSession> outcome() {
    return outcome;
  }

  @Override
  public CompletionStage<Deferral> deferral() {
    return deferral;
  }

  void attachTo(PooledConnection place) {
    place.taken();
    Openings.begin(() -> place.attach(context), begun -> attaching = begun)
        .whenComplete((session, failure) -> loop.execute(() -> ended(place, session, failure)));
  }

  private void ended(
      PooledConnection place, @Nullable TransportSession session, @Nullable Throwable failure) {
    if (session != null) {
      outcome.complete(new PooledSession(session, endOf(session, place)));
      if (aborted) {
        ForeignCalls.guarded("session.abort()", session::abort);
      }
      return;
    }
    place.givenBack();
    if (aborted) {
      return;
    }
    if (place.isOpen()) {
      outcome.completeExceptionally(
          failure == null ? new IllegalStateException("no session") : failure);
    } else {
      // The connection failed, and with it all devices on it. The device was not refused, so the
      // route is still good.
      attaching = null;
      route.requestAgain(this, place);
    }
  }

  private CompletionStage<Optional<HubException>> endOf(
      TransportSession session, PooledConnection place) {
    CompletableFuture<Optional<HubException>> over = new CompletableFuture<>();
    ForeignCalls.stage("session.ended()", session::ended)
        .whenComplete(
            (end, failure) ->
                loop.execute(
                    () -> {
                      place.givenBack();
                      if (failure == null) {
                        over.complete(end);
                      } else {
                        over.completeExceptionally(failure);
                      }
                    }));
    return over;
  }

  /** There is no connection, and none may be opened before a given time. */
  void defer(Deferral until) {
    deferral.complete(until);
  }

  void fail(HubException failure) {
    outcome.completeExceptionally(failure);
  }

  @Override
  public void abort() {
    if (loop.inLoop()) {
      stop();
    } else {
      loop.execute(this::stop);
    }
  }

  @Override
  public String step() {
    Opening<TransportSession> begun = attaching;
    return begun == null ? route.step() : Openings.step(begun);
  }

  private void stop() {
    if (aborted) {
      return;
    }
    aborted = true;
    route.withdraw(this);
    Openings.abort(attaching);
    outcome.completeExceptionally(
        new UnreachableException("The opening was aborted.", Stage.OPEN, Progress.NOT_SENT, null));
  }
}
