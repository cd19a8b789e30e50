package dev.fairlead.tck.memory;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The steps of an opening, all on the connection's thread; the first completion of the future
 * decides.
 */
final class InMemoryOpening implements Opening<TransportSession> {
  private final InMemoryHub hub;
  private final RouteOffer offer;
  private final InMemoryTransport.Options options;
  private final SessionContext context;
  private final Consumer<InMemorySession> whenOpen;
  private final InMemoryLink link;
  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();
  private volatile String step = "a place on the connection";

  /** Dials a new connection. */
  InMemoryOpening(
      InMemoryHub hub,
      RouteOffer offer,
      InMemoryTransport.Options options,
      SessionContext context) {
    this.hub = hub;
    this.offer = offer;
    this.options = options;
    this.context = context;
    this.whenOpen = session -> {};
    String deviceId = context.identity().deviceId();
    InMemoryNetwork network = new InMemoryNetwork(hub, deviceId, this::networkLost);
    this.link = InMemoryLink.whole(hub, deviceId, network, this::lost);
  }

  /** Uses an open connection. */
  InMemoryOpening(
      InMemoryHub hub,
      RouteOffer offer,
      InMemoryTransport.Options options,
      SessionContext context,
      InMemoryNetwork network,
      Consumer<InMemorySession> whenOpen,
      Runnable whenEnded) {
    this.hub = hub;
    this.offer = offer;
    this.options = options;
    this.context = context;
    this.whenOpen = whenOpen;
    this.link =
        InMemoryLink.shared(hub, context.identity().deviceId(), network, this::lost, whenEnded);
  }

  InMemoryLink link() {
    return link;
  }

  void dial() {
    hub.attempted(offer.route());
    step = "the TLS handshake with the in-memory hub";
    link.carry(
        () -> {
          if (hub.answers(link.network(), offer.route())) {
            attach();
          }
        });
    link.network().start();
  }

  void attach() {
    step = "the in-memory hub's answer to the credential";
    link.carry(this::authenticate);
  }

  @Override
  public CompletionStage<TransportSession> outcome() {
    return outcome;
  }

  @Override
  public void abort() {
    link.cut(
        new UnreachableException(
            "The opening of " + offer.route() + " was aborted.",
            Stage.OPEN,
            Progress.NOT_SENT,
            null));
  }

  @Override
  public String step() {
    return step;
  }

  private void authenticate() {
    Optional<InMemoryDevice> device =
        hub.find(context.identity().deviceId())
            .filter(found -> found.admits(context.identity(), context.credential()));
    if (device.isEmpty()) {
      link.cut(
          new UnauthorizedException(
              "The hub refused the credential of "
                  + context.identity()
                  + ": no such device, disabled, a wrong key, or an expired token.",
              Progress.NOT_SENT));
      return;
    }
    if (!InMemorySession.passes(hub, link, Point.OPEN, offer.route(), Stage.OPEN)) {
      return;
    }
    InMemorySession session = new InMemorySession(hub, device.get(), link, offer, options, context);
    // The hub's pushes from here on are carried after this, so the session is delivered first.
    device.get().attach(session);
    context
        .loop()
        .execute(
            () -> {
              if (outcome.complete(session)) {
                whenOpen.accept(session);
                session.start();
              }
            });
  }

  private void networkLost(HubException why) {
    link.lost(why);
  }

  private void lost(HubException why) {
    if (!outcome.completeExceptionally(why)) {
      CompletionStage<TransportSession> opened = outcome;
      opened.thenAccept(session -> end((InMemorySession) session, why));
    }
  }

  private void end(InMemorySession session, HubException why) {
    if (context.loop().inLoop()) {
      session.end(why);
    } else {
      context.loop().execute(() -> session.end(why));
    }
  }
}
