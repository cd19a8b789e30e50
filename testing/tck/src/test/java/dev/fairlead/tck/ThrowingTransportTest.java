package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.HubException;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.auth.Credentials;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a transport throws, including an Error, the client continues and can be closed. */
class ThrowingTransportTest extends MemoryCase {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** A method of the transport. */
  enum Verb {
    OPEN,
    OUTCOME,
    OPENING_ABORT,
    STEP,
    ENDED,
    TWIN,
    RENEW,
    CLOSE,
    ABORT
  }

  /** How a method misbehaves. */
  enum Way {
    RUNTIME_EXCEPTION,
    ERROR,
    CHECKED,
    NULL
  }

  private final Transport transport = new Transport();

  /** Throws in the methods of {@code bad}, and otherwise does nothing by itself. */
  private static final class Transport implements TransportProvider {
    final Set<Verb> bad = EnumSet.noneOf(Verb.class);
    volatile Way way = Way.RUNTIME_EXCEPTION;
    final List<Try> tries = new CopyOnWriteArrayList<>();
    final AtomicInteger renewals = new AtomicInteger();

    synchronized void misbehave(Way how, Verb... verbs) {
      way = how;
      bad.clear();
      bad.addAll(List.of(verbs));
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    synchronized <T> T did(Verb verb, Supplier<T> well) {
      if (!bad.contains(verb)) {
        return well.get();
      }
      return switch (way) {
        case RUNTIME_EXCEPTION -> throw new IllegalStateException("scripted " + verb);
        case ERROR -> throw new OutOfMemoryError("scripted " + verb);
        case CHECKED -> throw unchecked(new java.io.IOException("scripted " + verb));
        case NULL -> null;
      };
    }

    @SuppressWarnings({
      "unchecked",
      "TypeParameterUnusedInFormals"
    }) // as code in other languages can
    private static <E extends Throwable> RuntimeException unchecked(Throwable thrown) throws E {
      throw (E) thrown;
    }

    @Override
    public TransportOffer offer() {
      return new TransportOffer("throwing", List.of(InMemoryTransport.documented(Protocol.MQTT)));
    }

    @Override
    public Opening<TransportSession> open(Route route, SessionContext context) {
      Try begun = new Try(this, context);
      tries.add(begun);
      return did(Verb.OPEN, () -> begun);
    }

    Try attempt(int number) {
      Await.until("opening " + number, () -> tries.size() >= number);
      return tries.get(number - 1);
    }
  }

  private static final class Try implements Opening<TransportSession>, TransportSession {
    final Transport transport;
    final SessionContext context;
    final CompletableFuture<TransportSession> opening = new CompletableFuture<>();
    final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();
    final AtomicInteger aborts = new AtomicInteger();
    final AtomicInteger closes = new AtomicInteger();

    Try(Transport transport, SessionContext context) {
      this.transport = transport;
      this.context = context;
    }

    @Override
    public CompletionStage<TransportSession> outcome() {
      return transport.did(Verb.OUTCOME, () -> opening);
    }

    @Override
    public String step() {
      return transport.did(Verb.STEP, () -> "the script");
    }

    @Override
    public Optional<TwinLink> twin() {
      return transport.did(Verb.TWIN, Optional::empty);
    }

    @Override
    public CompletionStage<Renewal> renew(Credential credential) {
      transport.renewals.incrementAndGet();
      return transport.did(Verb.RENEW, () -> CompletableFuture.completedFuture(Renewal.RENEWED));
    }

    @Override
    public CompletionStage<Optional<HubException>> ended() {
      return transport.did(Verb.ENDED, () -> ended);
    }

    @Override
    public void close() {
      closes.incrementAndGet();
      transport.did(Verb.CLOSE, () -> ended.complete(Optional.empty()));
    }

    @Override
    public void abort() {
      aborts.incrementAndGet();
      transport.did(
          opening.isDone() ? Verb.ABORT : Verb.OPENING_ABORT,
          () -> ended.complete(Optional.empty()));
    }
  }

  private DeviceClientBuilder throwing() {
    return DeviceClient.builder()
        .host(InMemoryHub.HOST)
        .identity(DeviceIdentity.device("dev-1"))
        .credentials(Credentials.sharedAccessKey(device.key(), Duration.ofHours(1)))
        .time(time)
        .openTimeout(LIMIT)
        .transport(transport);
  }

  private DeviceClient connected() {
    DeviceClient client = started(throwing());
    transport.attempt(1).opening.complete(transport.attempt(1));
    awaitState(client, Connected.class);
    return client;
  }

  /** The transport behaves correctly again: a session opens, and the client closes. */
  private void assertGoesOn(DeviceClient client) {
    transport.misbehave(Way.NULL);
    tickUntil(
        "connected",
        () -> {
          transport.tries.forEach(each -> each.opening.complete(each));
          return client.state() instanceof Connected;
        });
    closeNow(client);
    assertThat(client.state()).isInstanceOf(ConnectionState.Closed.class);
    tickUntil("no alarm is left", () -> time.pending() == 0);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void anOpeningThatThrowsIsAFailedOpening(Way way) {
    transport.misbehave(way, Verb.OPEN, Verb.OPENING_ABORT);
    DeviceClient client = started(throwing());
    assertThat(awaitState(client, ConnectionState.Waiting.class).attempt()).isEqualTo(1);
    assertGoesOn(client);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void anOpeningWithoutAnOutcomeIsAFailedOpening(Way way) {
    transport.misbehave(way, Verb.OUTCOME, Verb.OPENING_ABORT, Verb.STEP);
    DeviceClient client = started(throwing());
    assertThat(awaitState(client, ConnectionState.Waiting.class).attempt()).isEqualTo(1);
    assertGoesOn(client);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void anOpeningWhoseAbortThrowsIsLeftBehindAtItsLimit(Way way) {
    transport.misbehave(way, Verb.OPENING_ABORT, Verb.STEP);
    DeviceClient client = started(throwing());
    transport.attempt(1);
    tickUntil("the limit is reached", () -> client.state() instanceof ConnectionState.Waiting);
    assertThat(transport.attempt(1).aborts).hasValue(1);
    assertGoesOn(client);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aSessionWithoutAnEndIsCutAndReplaced(Way way) {
    transport.misbehave(way, Verb.ENDED, Verb.ABORT);
    DeviceClient client = started(throwing());
    transport.attempt(1).opening.complete(transport.attempt(1));
    awaitState(client, ConnectionState.Waiting.class);
    assertThat(transport.attempt(1).aborts).hasValue(1);
    assertGoesOn(client);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aSessionWhoseTwinThrowsIsOpenAllTheSame(Way way) {
    transport.misbehave(way, Verb.TWIN);
    DeviceClient client = started(throwing().onDesiredProperties(change -> {}));
    transport.attempt(1).opening.complete(transport.attempt(1));
    awaitState(client, Connected.class);
    assertGoesOn(client);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aRenewalThatThrowsIsTriedAgain(Way way) {
    DeviceClient client = connected();
    transport.misbehave(way, Verb.RENEW);
    time.advance(Duration.ofMinutes(51));
    Await.until("tried", () -> transport.renewals.get() > 0);
    int tried = transport.renewals.get();
    transport.misbehave(Way.NULL);
    tickUntil("tried again", () -> transport.renewals.get() > tried);
    assertThat(client.state()).isInstanceOf(Connected.class);
    assertGoesOn(client);
  }

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"RUNTIME_EXCEPTION", "ERROR", "CHECKED"})
  void aSessionWhoseCloseAndAbortThrowIsForgottenAndTheClientCloses(Way way) {
    DeviceClient client = connected();
    CompletableFuture<Void> sent = client.send(text("m0"));
    transport.misbehave(way, Verb.CLOSE, Verb.ABORT);
    closeNow(client);
    assertThat(client.state()).isInstanceOf(ConnectionState.Closed.class);
    assertThat(Await.failure(sent)).isNotNull();
    tickUntil("no alarm is left", () -> time.pending() == 0);
  }

  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"RUNTIME_EXCEPTION", "ERROR", "CHECKED"})
  void aSessionWhoseCloseThrowsIsReplacedOnRequest(Way way) {
    DeviceClient client = connected();
    transport.misbehave(way, Verb.CLOSE, Verb.ABORT);
    transport.attempt(1).context.requestReopen("scripted");
    tickUntil("a new session is being opened", () -> transport.tries.size() == 2);
    assertGoesOn(client);
  }

  @Test
  void anEndThatComesTwiceIsOneEnd() {
    DeviceClient client = started(throwing());
    Try first = transport.attempt(1);
    CompletableFuture<Runnable> again = new CompletableFuture<>();
    TransportSession twice = endsTwice(first, again);
    first.opening.complete(twice);
    awaitState(client, Connected.class);
    first.ended.complete(Optional.of(cutByHub()));
    awaitState(client, ConnectionState.Waiting.class);
    advanceToNextTry(client);
    Try second = transport.attempt(2);
    second.opening.complete(second);
    awaitState(client, Connected.class);
    Await.result(again).run();
    Await.result(settled(second));
    assertThat(client.state()).isInstanceOf(Connected.class);
    assertThat(transport.tries).hasSize(2);
  }

  /** Its end calls its dependents more than once. */
  private static TransportSession endsTwice(Try session, CompletableFuture<Runnable> again) {
    CompletableFuture<Optional<HubException>> stage =
        new CompletableFuture<>() {
          @Override
          public CompletableFuture<Optional<HubException>> whenComplete(
              BiConsumer<? super Optional<HubException>, ? super Throwable> action) {
            again.complete(() -> session.ended.whenComplete(action));
            session.ended.whenComplete(action);
            return this;
          }
        };
    return new TransportSession() {
      @Override
      public Optional<TwinLink> twin() {
        return Optional.empty();
      }

      @Override
      public CompletionStage<Renewal> renew(Credential credential) {
        return session.renew(credential);
      }

      @Override
      public CompletionStage<Optional<HubException>> ended() {
        return stage;
      }

      @Override
      public void close() {
        session.close();
      }

      @Override
      public void abort() {
        session.abort();
      }
    };
  }

  private static CompletableFuture<Void> settled(Try session) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    session.context.loop().execute(() -> done.complete(null));
    return done;
  }
}
