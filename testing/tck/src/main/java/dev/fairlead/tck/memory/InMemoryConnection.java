package dev.fairlead.tck.memory;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Route;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A connection that several devices share, and its opening. Sessions are used on the loop only;
 * links may end on any thread.
 */
final class InMemoryConnection implements SharedConnection, Opening<SharedConnection> {
  private final InMemoryHub hub;
  private final RouteOffer offer;
  private final InMemoryTransport.Options options;
  private final Loop loop;
  private final InMemoryNetwork network;
  private final Set<InMemoryLink> links = ConcurrentHashMap.newKeySet();
  private final Set<InMemorySession> sessions = new HashSet<>();
  private final CompletableFuture<SharedConnection> outcome = new CompletableFuture<>();
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
  private boolean closing;

  InMemoryConnection(
      InMemoryHub hub,
      RouteOffer offer,
      InMemoryTransport.Options options,
      ConnectionContext context) {
    this.hub = hub;
    this.offer = offer;
    this.options = options;
    this.loop = context.loop();
    this.network = new InMemoryNetwork(hub, "shared", this::lost);
  }

  void dial() {
    Route route = offer.route();
    hub.attempted(route);
    network.carry(
        () -> {
          if (hub.answers(network, route)) {
            outcome.complete(this);
          }
        });
    network.start();
  }

  // --- the opening ---

  @Override
  public CompletionStage<SharedConnection> outcome() {
    return outcome;
  }

  @Override
  public void abort() {
    loop.execute(
        () -> {
          closing = true;
          network.cut(
              new UnreachableException(
                  "The shared connection was cut on this side.",
                  Stage.SESSION,
                  Progress.MAYBE_SENT,
                  null));
        });
  }

  @Override
  public String step() {
    return "the TLS handshake with the in-memory hub";
  }

  private void lost(HubException why) {
    if (outcome.completeExceptionally(why)) {
      return;
    }
    loop.execute(
        () -> {
          List.copyOf(links).forEach(link -> link.lost(why));
          ended.complete(closing ? Optional.empty() : Optional.of(why));
        });
  }

  // --- the connection ---

  @Override
  public Opening<TransportSession> attach(SessionContext context) {
    loop.assertInLoop();
    Attached attached = new Attached();
    InMemoryOpening opening =
        new InMemoryOpening(
            hub,
            offer,
            options,
            context,
            network,
            session -> {
              sessions.add(session);
              attached.session = session;
              if (closing) {
                session.close();
              }
            },
            () -> loop.execute(() -> detached(attached)));
    attached.link = opening.link();
    links.add(opening.link());
    // On a connection that has just been cut, the pending end of the connection ends this link too.
    if (closing || ended.isDone()) {
      opening.link().lost(InMemoryHub.lost("The shared connection has ended."));
    } else if (network.links() > Math.min(offer.identitiesPerConnection(), options.capacity())) {
      opening
          .link()
          .lost(
              new RejectedException(
                  "This connection has no room for another device.", Progress.NOT_SENT));
    } else {
      opening.attach();
    }
    return opening;
  }

  /** The state of one device. Used on the loop only. */
  private static final class Attached {
    @Nullable InMemoryLink link;
    @Nullable TransportSession session;
  }

  private void detached(Attached device) {
    if (device.link != null) {
      links.remove(device.link);
    }
    if (device.session != null) {
      sessions.remove(device.session);
    }
    endWhenEmpty();
  }

  private void endWhenEmpty() {
    if (closing && links.isEmpty()) {
      network.carry(
          () -> {
            if (network.end()) {
              loop.execute(() -> ended.complete(Optional.empty()));
            }
          });
    }
  }

  @Override
  public int capacity() {
    return options.capacity();
  }

  @Override
  public CompletionStage<Optional<HubException>> ended() {
    return ended;
  }

  @Override
  public void close() {
    loop.assertInLoop();
    closing = true;
    List.copyOf(sessions).forEach(InMemorySession::close);
    endWhenEmpty();
  }
}
