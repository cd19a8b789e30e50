package dev.fairlead.tck;

import dev.fairlead.HubException;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A transport that does nothing by itself: the test controls it, correctly or not. */
final class ScriptedTransport implements TransportProvider {
  final List<Attempt> attempts = new CopyOnWriteArrayList<>();

  @Override
  public TransportOffer offer() {
    return new TransportOffer("scripted", List.of(InMemoryTransport.documented(Protocol.MQTT)));
  }

  @Override
  public Opening<TransportSession> open(Route route, SessionContext context) {
    Attempt attempt = new Attempt(context);
    attempts.add(attempt);
    return attempt;
  }

  /** Waits for the n-th opening, counted from 1. */
  Attempt attempt(int number) {
    Await.until("opening " + number, () -> attempts.size() >= number);
    return attempts.get(number - 1);
  }

  /** An opening and its session in one. */
  static final class Attempt implements Opening<TransportSession>, TransportSession {
    final SessionContext context;
    final CompletableFuture<TransportSession> opening = new CompletableFuture<>();
    final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
    final AtomicInteger closed = new AtomicInteger();
    final AtomicInteger aborted = new AtomicInteger();

    Attempt(SessionContext context) {
      this.context = context;
    }

    void succeed() {
      opening.complete(this);
    }

    void end() {
      ended.complete(Optional.empty());
    }

    void end(HubException reason) {
      ended.complete(Optional.of(reason));
    }

    /** Runs an action on the loop, like a session, and waits for it. */
    void onLoop(Runnable action) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      context
          .loop()
          .execute(
              () -> {
                action.run();
                done.complete(null);
              });
      Await.result(done);
    }

    @Override
    public CompletionStage<TransportSession> outcome() {
      return opening;
    }

    @Override
    public Optional<TwinLink> twin() {
      return Optional.empty();
    }

    @Override
    public CompletionStage<Renewal> renew(Credential credential) {
      return CompletableFuture.completedFuture(Renewal.NEEDS_REOPEN);
    }

    @Override
    public CompletionStage<Optional<HubException>> ended() {
      return ended;
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }

    @Override
    public void abort() {
      aborted.incrementAndGet();
    }

    @Override
    public String step() {
      return "the script";
    }
  }
}
