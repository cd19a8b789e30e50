package dev.fairlead.tck.memory;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.Route;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SessionOpening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The steps of an opening, all on the line's thread; whoever completes the future first decides.
 */
final class InMemoryOpening implements SessionOpening {
  private final InMemoryHub hub;
  private final RouteOffer offer;
  private final InMemoryTransport.Options options;
  private final SessionContext context;
  private final InMemoryLine line;
  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();

  InMemoryOpening(
      InMemoryHub hub,
      RouteOffer offer,
      InMemoryTransport.Options options,
      SessionContext context) {
    this.hub = hub;
    this.offer = offer;
    this.options = options;
    this.context = context;
    this.line = new InMemoryLine(hub, context.identity().deviceId(), this::lost);
  }

  void start() {
    hub.attempted(offer.route());
    line.carry(this::connect);
    line.start();
  }

  @Override
  public CompletionStage<TransportSession> session() {
    return outcome;
  }

  @Override
  public void abort() {
    line.cut(
        new UnreachableException(
            "The opening of " + offer.route() + " was aborted.",
            Stage.OPEN,
            Progress.NOT_SENT,
            null));
  }

  private void connect() {
    Route route = offer.route();
    if (passes(Point.RESOLVE, route)
        && passes(Point.CONNECT, route)
        && hub.accept(line)
        && passes(Point.TLS, route)) {
      line.carry(this::authenticate);
    }
  }

  private void authenticate() {
    Optional<InMemoryDevice> device =
        hub.find(context.identity().deviceId())
            .filter(found -> found.admits(context.identity(), context.credential()));
    if (device.isEmpty()) {
      line.cut(
          new UnauthorizedException(
              "The hub refused the credential of "
                  + context.identity()
                  + ": no such device, disabled, a wrong key, or an expired token.",
              Progress.NOT_SENT));
      return;
    }
    if (!passes(Point.OPEN, offer.route())) {
      return;
    }
    InMemorySession session = new InMemorySession(hub, device.get(), line, offer, options, context);
    // What the hub pushes from here on is carried behind this, so the session comes first.
    device.get().attach(session);
    context
        .loop()
        .execute(
            () -> {
              if (outcome.complete(session)) {
                session.start();
              }
            });
  }

  private boolean passes(Point point, Route route) {
    return InMemorySession.passes(hub, line, point, route, stageOf(point));
  }

  private static Stage stageOf(Point point) {
    return switch (point) {
      case RESOLVE -> Stage.RESOLVE;
      case CONNECT -> Stage.CONNECT;
      case TLS -> Stage.TLS;
      default -> Stage.OPEN;
    };
  }

  private void lost(HubException why) {
    if (!outcome.completeExceptionally(why)) {
      session()
          .thenAccept(
              session -> context.loop().execute(() -> ((InMemorySession) session).end(why)));
    }
  }
}
