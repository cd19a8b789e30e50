package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.Secret;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.Credentials;
import dev.fairlead.auth.SasToken;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tokens are renewed before they expire, in the way that the transport supports. */
class RenewalTest extends MemoryCase {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration EARLIEST = Duration.ofMinutes(45); // 75 per cent
  private static final Duration DUE = Duration.ofMinutes(51); // 85 per cent

  private final AtomicInteger issued = new AtomicInteger();
  private volatile boolean sourceDown;

  /** A token service that counts its tokens and can be unavailable. */
  private CompletionStage<Secret> fetch(Audience audience) {
    if (sourceDown) {
      return CompletableFuture.failedFuture(new IllegalStateException("scripted: service down"));
    }
    issued.incrementAndGet();
    return CompletableFuture.completedFuture(
        SasToken.sign(audience, Optional.empty(), time.now().plus(HOUR), device.key()).text());
  }

  @Test
  void aNewSessionTakesTheNewTokenBetween75And85PerCent() {
    DeviceClient client = opened(builder(MQTT).credentials(Credentials.tokens(this::fetch)));
    time.advance(EARLIEST.minusSeconds(1));
    Await.result(client.send(text("m0"))); // behind the alarm on the loop
    assertThat(issued).hasValue(1);
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    time.advance(DUE.minus(EARLIEST).plusSeconds(1));
    // No back-off here: time does not move, and the new session is opened nevertheless.
    Await.until("a new session", () -> device.connectionsSoFar() == 2);
    awaitState(client, Connected.class);
    assertThat(issued).hasValue(2);
    Await.result(client.send(text("m1")));
    assertThat(hub.openConnections()).isEqualTo(1);
  }

  @Test
  void anOpenConnectionTakesTheNewTokenWhereTheTransportCan() {
    DeviceClient client =
        opened(builder(like(AMQP).renewingInPlace()).credentials(Credentials.tokens(this::fetch)));
    pass(client, DUE.multipliedBy(10), Duration.ofMinutes(1));
    assertThat(issued).hasValueBetween(11, 14);
    Await.result(client.send(text("m0")));
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    assertThat(client.state()).isInstanceOf(Connected.class);
  }

  @Test
  void aTokenThatCannotBeFetchedIsFetchedLater() {
    DeviceClient client = opened(builder(MQTT).credentials(Credentials.tokens(this::fetch)));
    sourceDown = true;
    time.advance(DUE.plusMinutes(3));
    Await.result(client.send(text("still here")));
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    sourceDown = false;
    tickUntil("a new session", () -> device.connectionsSoFar() == 2);
    awaitState(client, Connected.class);
    assertThat(issued).hasValue(2);
  }

  @Test
  void aRefusedRenewalIsTriedAgainOnTheOpenConnectionWithAnotherToken() {
    DeviceClient client =
        opened(
            builder(like(AMQP).renewingInPlace())
                .credentials(
                    Credentials.tokens(
                        audience ->
                            CompletableFuture.completedFuture(
                                SasToken.sign(
                                        audience,
                                        Optional.empty(),
                                        time.now().plus(HOUR),
                                        hub.device(
                                                issued.incrementAndGet() == 2 ? "other" : "dev-1")
                                            .key())
                                    .text()))));
    time.advance(DUE);
    pass(client, HOUR.minus(DUE), Duration.ofSeconds(5));
    assertThat(issued).hasValueGreaterThanOrEqualTo(3); // another token was sent in time
    pass(client, Duration.ofMinutes(20), Duration.ofSeconds(20));
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    Await.result(client.send(text("m0")));
  }

  @Test
  void aSourceThatIsDownLongerThanTheTokenLivesIsSurvived() {
    DeviceClient client = opened(builder(MQTT).credentials(Credentials.tokens(this::fetch)));
    sourceDown = true;
    CompletableFuture<Void> sent =
        CompletableFuture.supplyAsync(() -> client)
            .thenCompose(
                connected -> {
                  time.advance(HOUR); // the hub cuts the connection with the token
                  return connected.send(text("m0"));
                });
    tickUntil("the loss shows", () -> client.state().cause().isPresent());
    assertThat(sent).isNotCompletedExceptionally();
    sourceDown = false;
    tickUntil("sent", sent::isDone);
    Await.result(sent);
  }

  @Test
  void aTokenInUseIsUsedAgainWhileItIsFresh() {
    DeviceClient client = opened(builder(MQTT).credentials(Credentials.tokens(this::fetch)));
    for (int i = 2; i <= 6; i++) {
      int connections = i;
      device.cut();
      tickUntil("again", () -> device.connectionsSoFar() == connections);
      awaitState(client, Connected.class);
    }
    assertThat(issued).hasValue(1);
  }

  @Test
  void aClockSetForwardRenewsWithinTheHour() {
    DeviceClient client =
        opened(
            builder(MQTT)
                .credentials(Credentials.sharedAccessKey(device.key(), Duration.ofDays(30))));
    Await.until("connected", () -> client.state() instanceof Connected);
    time.setWallClock(time.now().plus(Duration.ofDays(29)));
    time.advance(Duration.ofHours(1));
    Await.until("a new session", () -> device.connectionsSoFar() == 2);
  }

  @Test
  void aSourceThatNeverAnswersIsAskedAgainAndDoesNotHoldUpClosing() {
    List<CompletableFuture<Secret>> asked = new CopyOnWriteArrayList<>();
    DeviceClient client =
        started(
            builder(MQTT)
                .openTimeout(Duration.ofSeconds(30))
                .credentials(
                    Credentials.tokens(
                        audience -> {
                          CompletableFuture<Secret> never = new CompletableFuture<>();
                          asked.add(never);
                          return never;
                        })));
    for (int i = 1; i <= 3; i++) {
      int count = i;
      Await.until("asked", () -> asked.size() == count && time.hasTaskIn(Duration.ofSeconds(30)));
      time.advance(Duration.ofSeconds(30));
      assertThat(awaitState(client, ConnectionState.Waiting.class).failure().getMessage())
          .isNotBlank();
      advanceToNextTry(client);
    }
    Await.until("asked again", () -> asked.size() == 4);
    closeNow(client);
    assertThat(hub.attempts()).isEmpty();
  }

  @Test
  void aClockPutRightMendsARefusal() {
    FakeTime wrong = new FakeTime(Instant.EPOCH); // no clock chip, no network time yet
    DeviceClient client =
        started(
            builder(MQTT).time(wrong).credentials(Credentials.sharedAccessKey(device.key(), HOUR)));
    ConnectionState.Unauthorized refused = awaitState(client, ConnectionState.Unauthorized.class);
    assertThat(refused.clockDoubt()).get().asString().contains("1970");
    Await.until(
        "the wait is set", () -> wrong.hasTaskIn(Duration.between(wrong.now(), refused.next())));
    Duration wait = Duration.between(wrong.now(), refused.next());
    wrong.setWallClock(time.now());
    wrong.advance(wait);
    awaitState(client, ConnectionState.Connected.class);
    Await.result(client.send(text("m0")));
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    Await.until(
        "closed",
        () -> {
          wrong.advance(Duration.ofSeconds(1));
          return closed.isDone();
        });
  }

  @Test
  void aClockSetBackIsSurvived() {
    FakeTime clock = new FakeTime(time.now());
    DeviceClient client =
        opened(
            builder(MQTT).time(clock).credentials(Credentials.sharedAccessKey(device.key(), HOUR)));
    clock.setWallClock(time.now().minus(Duration.ofMinutes(30)));
    for (int minute = 0; minute < 60; minute++) { // then the token expires on the open connection
      clock.advance(Duration.ofMinutes(1));
      time.advance(Duration.ofMinutes(1));
    }
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.until(
        "sent by a new session",
        () -> {
          clock.advance(Duration.ofSeconds(1));
          time.advance(Duration.ofSeconds(1));
          return sent.isDone();
        });
    Await.result(sent);
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    Await.until(
        "closed",
        () -> {
          clock.advance(Duration.ofSeconds(1));
          return closed.isDone();
        });
  }
}
