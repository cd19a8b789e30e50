package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.HubException;
import dev.fairlead.MaintenanceWindow;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.Credentials;
import dev.fairlead.auth.SasToken;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Random walks of the client with a transport and a token source that misbehave in every way,
 * including exceptions, and a wall clock that jumps. Afterwards all of them behave correctly: a
 * session must open, all messages are delivered, the client closes, and no alarm is left.
 */
class SupervisorWalkTest {
  private static final int SEEDS = 300;
  private static final int STEPS = 40;

  @Test
  void thereIsAlwaysASessionAgain() {
    for (int seed = 0; seed < SEEDS; seed++) {
      try {
        new Walk(seed).run();
      } catch (Throwable e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static final class Walk {
    final Random random;
    final FakeTime time = new FakeTime();
    final Secret key = Secret.of("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    final Transport transport;
    final AtomicInteger delivered = new AtomicInteger();
    volatile boolean behaves;
    volatile String lastToken = "";

    Walk(long seed) {
      random = new Random(seed);
      transport = new Transport(this);
    }

    synchronized int draw(int bound) {
      return random.nextInt(bound);
    }

    boolean chance(int percent) {
      return !behaves && draw(100) < percent;
    }

    void run() throws Exception {
      boolean sourced = draw(2) == 0;
      RetryPolicy retry = RetryPolicy.defaults();
      DeviceClient client =
          DeviceClient.builder()
              .host(InMemoryHub.HOST)
              .identity(DeviceIdentity.device("dev-1"))
              .credentials(
                  sourced
                      ? Credentials.tokens(this::fetch)
                      : Credentials.sharedAccessKey(key, Duration.ofMinutes(2 + draw(60))))
              .time(time)
              .retry(retry)
              .failBack(
                  new MaintenanceWindow(
                      LocalTime.of(draw(24), 0), Duration.ofHours(1), ZoneOffset.UTC))
              .openTimeout(Duration.ofSeconds(10 + draw(50)))
              .transport(transport)
              .build();
      CompletableFuture<Void> open = client.open();
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        if (draw(3) == 0) {
          sent.add(client.send(TelemetryMessage.of(new byte[] {(byte) step})));
        }
        move();
        settle(client);
      }
      behaves = true;
      for (int i = 0; i < 4000 && !(client.state() instanceof ConnectionState.Connected); i++) {
        transport.behave();
        time.advance(Duration.ofMillis(500 + i));
        settle(client);
      }
      assertThat(client.state())
          .as("connected again")
          .isInstanceOf(ConnectionState.Connected.class);
      for (int i = 0; i < 2000 && !sent.stream().allMatch(CompletableFuture::isDone); i++) {
        transport.behave();
        time.advance(Duration.ofSeconds(1));
        settle(client);
      }
      assertThat(sent).as("delivered").allMatch(CompletableFuture::isDone);
      sent.forEach(Await::result);
      Await.result(open);
      behaves = draw(3) > 0; // Closing is bounded, whatever the transport does.
      CompletableFuture<Void> closed = client.close(Duration.ofSeconds(draw(3)));
      for (int i = 0; i < 60 && !closed.isDone(); i++) {
        settle(client);
        time.advance(Duration.ofSeconds(1));
      }
      Await.result(closed);
      Await.until("no alarm is left", () -> time.pending() == 0);
    }

    private CompletionStage<Secret> fetch(Audience audience) {
      if (chance(10)) {
        throw new IllegalStateException("scripted");
      }
      if (chance(10)) {
        return CompletableFuture.failedFuture(new OutOfMemoryError("scripted"));
      }
      if (chance(10)) {
        return new CompletableFuture<>();
      }
      if (chance(30) && !lastToken.isEmpty()) {
        return CompletableFuture.completedFuture(Secret.of(lastToken));
      }
      Duration life = Duration.ofSeconds(30 + draw(5000));
      Secret text = SasToken.sign(audience, Optional.empty(), time.now().plus(life), key).text();
      lastToken = text.reveal();
      return CompletableFuture.completedFuture(text);
    }

    private void move() {
      switch (draw(12)) {
        case 0 -> time.setWallClock(time.now().plusSeconds(draw(12_000) - 6_000));
        case 1, 2, 3 -> time.advanceToNext();
        case 4 -> time.advance(Duration.ofSeconds(draw(4000)));
        case 5 -> transport.random().ifPresent(one -> one.context.requestReopen("scripted"));
        case 6, 7 -> transport.random().ifPresent(one -> one.end(failure()));
        case 8, 9, 10 -> transport.random().ifPresent(Link::succeed);
        default ->
            transport.random().ifPresent(one -> one.opening.completeExceptionally(failure()));
      }
    }

    /** Waits until the loop, and its tasks on other threads, have finished. */
    private void settle(DeviceClient client) {
      for (int i = 0; i < 3; i++) {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        client.getTwin().whenComplete((twin, failure) -> turn.complete(null));
        Await.result(turn);
      }
    }

    HubException failure() {
      return switch (draw(7)) {
        case 0 -> new UnauthorizedException("scripted", Progress.MAYBE_SENT);
        case 1 -> new ThrottledException("scripted", Progress.MAYBE_SENT, Duration.ofSeconds(9));
        case 2 -> new RejectedException("scripted", Progress.MAYBE_SENT);
        case 3 -> new UnsupportedException("scripted");
        case 4 ->
            new UnreachableException("scripted", Stage.TLS, Progress.NOT_SENT, null)
                .withClockEvidence("scripted");
        default -> new UnreachableException("scripted", Stage.SESSION, Progress.MAYBE_SENT, null);
      };
    }

    /** Throws any exception at random. */
    void maybeThrow() {
      if (chance(10)) {
        throw new IllegalStateException("scripted");
      }
      if (chance(5)) {
        throw new StackOverflowError("scripted");
      }
    }
  }

  private static final class Transport implements TransportProvider {
    private final Walk walk;
    private final List<Link> links = new CopyOnWriteArrayList<>();

    Transport(Walk walk) {
      this.walk = walk;
    }

    @Override
    public TransportOffer offer() {
      return new TransportOffer(
          "walk",
          List.of(
              InMemoryTransport.documented(Protocol.MQTT),
              InMemoryTransport.documented(Protocol.AMQP),
              InMemoryTransport.documented(Protocol.HTTPS)));
    }

    @Override
    @SuppressWarnings("NullAway") // It misbehaves.
    public Opening<TransportSession> open(Route route, SessionContext context) {
      walk.maybeThrow();
      if (walk.chance(3)) {
        return null;
      }
      Link link = new Link(walk, context);
      links.add(link);
      if (walk.behaves || walk.draw(3) == 0) {
        link.succeed();
      }
      return link;
    }

    Optional<Link> random() {
      int recent = Math.min(3, links.size());
      return recent == 0
          ? Optional.empty()
          : Optional.of(links.get(links.size() - 1 - walk.draw(recent)));
    }

    /** Completes the futures that were left incomplete on purpose. */
    void behave() {
      links.forEach(Link::behave);
    }
  }

  private static final class Link implements Opening<TransportSession>, TransportSession {
    final Walk walk;
    final SessionContext context;
    final CompletableFuture<TransportSession> opening = new CompletableFuture<>();
    final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();

    /** Taken, and neither acknowledged nor given back. */
    private final List<Envelope> held = new ArrayList<>();

    Link(Walk walk, SessionContext context) {
      this.walk = walk;
      this.context = context;
    }

    void succeed() {
      if (opening.complete(this)) {
        context
            .loop()
            .execute(
                () -> {
                  context.outbox().whenReadable(() -> context.loop().execute(this::pump));
                  pump();
                });
      }
    }

    private void pump() {
      if (!ended.isDone() && !walk.chance(20)) {
        for (Envelope taken : context.outbox().take(10, Long.MAX_VALUE, TelemetryMessage::size)) {
          if (walk.behaves || walk.draw(2) == 0) {
            taken.accepted();
          } else if (walk.draw(2) == 0) {
            taken.giveBack();
          } else {
            held.add(taken);
          }
        }
      }
    }

    void end(HubException why) {
      if (opening.isDone()) {
        ended.complete(Optional.of(why));
      }
    }

    void behave() {
      context
          .loop()
          .execute(
              () -> {
                held.forEach(Envelope::accepted);
                held.clear();
                pump();
              });
    }

    @Override
    public CompletionStage<TransportSession> outcome() {
      walk.maybeThrow();
      return opening;
    }

    @Override
    public String step() {
      walk.maybeThrow();
      return "the script";
    }

    @Override
    public Optional<TwinLink> twin() {
      return Optional.empty();
    }

    @Override
    @SuppressWarnings("NullAway") // It misbehaves.
    public CompletionStage<Renewal> renew(Credential credential) {
      walk.maybeThrow();
      return switch (walk.behaves ? 0 : walk.draw(5)) {
        case 0 -> CompletableFuture.completedFuture(Renewal.RENEWED);
        case 1 -> CompletableFuture.completedFuture(Renewal.NEEDS_REOPEN);
        case 2 -> CompletableFuture.completedFuture(null);
        case 3 -> CompletableFuture.failedFuture(walk.failure());
        default -> new CompletableFuture<>();
      };
    }

    @Override
    @SuppressWarnings("NullAway") // It misbehaves.
    public CompletionStage<Optional<HubException>> ended() {
      walk.maybeThrow();
      return walk.chance(3) ? CompletableFuture.completedFuture(null) : ended;
    }

    @Override
    public void close() {
      walk.maybeThrow();
      if (!walk.chance(30)) {
        ended.complete(Optional.empty());
      }
    }

    @Override
    public void abort() {
      walk.maybeThrow();
      if (!walk.chance(30)) {
        opening.completeExceptionally(walk.failure());
        ended.complete(walk.chance(50) ? Optional.of(walk.failure()) : Optional.empty());
      }
    }
  }
}
