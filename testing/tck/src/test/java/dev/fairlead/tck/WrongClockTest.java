package dev.fairlead.tck;

import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Secret;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.Credentials;
import dev.fairlead.auth.SasToken;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import dev.fairlead.tck.memory.InMemoryHub;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The clock of this machine is never mistaken for the hub's clock. */
class WrongClockTest extends MemoryCase {
  private static final Duration HOUR = Duration.ofHours(1);

  private final List<Instant> asked = new CopyOnWriteArrayList<>();

  /** A token that is valid by the hub's clock. */
  private Secret token(Audience audience) {
    return SasToken.sign(audience, Optional.empty(), time.now().plus(HOUR), device.key()).text();
  }

  private Secret token() {
    return token(new Audience(InMemoryHub.HOST, DeviceIdentity.device("dev-1")));
  }

  private Credentials service() {
    return Credentials.tokens(
        audience -> {
          asked.add(time.now());
          return CompletableFuture.completedFuture(token(audience));
        });
  }

  @Test
  void aTokenThatHasEndedByThisClockIsShownToTheHub() {
    FakeTime ahead = new FakeTime(time.now().plus(Duration.ofHours(2)));
    DeviceClient client = opened(builder(MQTT).time(ahead).credentials(service()));
    assertThat(client.state()).isInstanceOf(Connected.class);
    assertThat(asked).hasSize(1);
    closeWith(ahead, client);
  }

  @Test
  void aGivenTokenThatHasEndedByThisClockIsShownToTheHub() {
    FakeTime ahead = new FakeTime(time.now().plus(Duration.ofHours(2)));
    DeviceClient client =
        opened(
            builder(MQTT)
                .time(ahead)
                .retry(RetryPolicy.builder().stopWhenUnauthorized(true).build())
                .credentials(Credentials.fixedToken(token())));
    assertThat(client.state()).isInstanceOf(Connected.class);
    closeWith(ahead, client);
  }

  @Test
  void aRefusalOfATokenThatHasEndedByThisClockNamesTheClock() {
    Secret old = token();
    time.setWallClock(time.now().plus(Duration.ofHours(2)));
    DeviceClient client = started(builder(MQTT).credentials(Credentials.fixedToken(old)));
    ConnectionState.Unauthorized state = awaitState(client, ConnectionState.Unauthorized.class);
    assertThat(state.clockDoubt()).get().asString().contains("The token ended at 2026-01-01T01:00");
    assertThat(hub.attempts()).hasSize(1);
  }

  @Test
  void aClockThatIsPutRightEndsTheWaitAfterARefusal() {
    FakeTime wrong = new FakeTime(Instant.EPOCH);
    DeviceClient client =
        started(
            builder(MQTT).time(wrong).credentials(Credentials.sharedAccessKey(device.key(), HOUR)));
    ConnectionState.Unauthorized refused = awaitState(client, ConnectionState.Unauthorized.class);
    Await.until("the clock is watched", () -> wrong.hasTaskIn(Duration.ofSeconds(15)));
    wrong.setWallClock(time.now());
    wrong.advance(Duration.ofSeconds(15)); // the wait is a minute or more
    assertThat(Duration.between(Instant.EPOCH, refused.next()))
        .isGreaterThan(Duration.ofMinutes(1).minusNanos(1));
    awaitState(client, Connected.class);
    Await.result(client.send(text("m0")));
    closeWith(wrong, client);
  }

  @Test
  void aClockThatIsPutRightEndsTheWaitAfterADoubtAboutIt() {
    hub.faults()
        .add(
            InMemoryFault.fail(
                    Point.TLS, unreachable(Stage.TLS).withClockEvidence("scripted evidence"))
                .always());
    DeviceClient client = started(builder(MQTT).retry(patient()));
    ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
    while (Duration.between(time.now(), state.next()).compareTo(Duration.ofSeconds(20)) < 0) {
      int before = hub.attempts().size();
      advanceToNextTry(client);
      Await.until(
          "tried",
          () ->
              hub.attempts().size() > before && client.state() instanceof ConnectionState.Waiting);
      state = awaitState(client, ConnectionState.Waiting.class);
    }
    hub.faults().clear();
    Await.until("the clock is watched", () -> time.hasTaskIn(Duration.ofSeconds(15)));
    time.setWallClock(time.now().plus(Duration.ofDays(10)));
    time.advance(Duration.ofSeconds(15));
    awaitState(client, Connected.class);
  }

  private static RetryPolicy patient() {
    return RetryPolicy.builder()
        .firstSpread(Duration.ofSeconds(10))
        .base(Duration.ofMinutes(10))
        .cap(Duration.ofMinutes(10))
        .stableAfter(Duration.ofMinutes(1))
        .unauthorizedMin(Duration.ofMinutes(1))
        .unauthorizedMax(Duration.ofMinutes(15))
        .build();
  }

  @Test
  void aClockThatIsSetDoesNotEndAWaitThatHasAnotherReason() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT).retry(patient()));
    ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
    assertThat(untilNextTry(client)).isPositive();
    assertThat(time.pending()).isEqualTo(1); // no clock is watched
    time.setWallClock(time.now().plus(Duration.ofDays(10)));
    assertThat(client.state()).isSameAs(state);
    assertThat(hub.attempts()).hasSize(1);
  }

  private void closeWith(FakeTime clock, DeviceClient client) {
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    Await.until(
        "closed",
        () -> {
          clock.advance(Duration.ofSeconds(1));
          return closed.isDone();
        });
  }
}
