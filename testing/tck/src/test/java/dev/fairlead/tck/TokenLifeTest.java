package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.FileUpload;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UploadResult;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.Credentials;
import dev.fairlead.auth.SasToken;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.UploadContext;
import dev.fairlead.spi.UploadProvider;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** A token is bound to its session, and whatever its source does, the session continues. */
class TokenLifeTest extends MemoryCase {
  private static final Duration HOUR = Duration.ofHours(1);

  private final List<Instant> asked = new CopyOnWriteArrayList<>();

  /** Gets a token from the function, and records the time. */
  private Credentials source(Function<Audience, CompletionStage<Secret>> made) {
    return Credentials.tokens(
        audience -> {
          asked.add(time.now());
          return made.apply(audience);
        });
  }

  private Secret token(Audience audience, Duration life) {
    return SasToken.sign(audience, Optional.empty(), time.now().plus(life), device.key()).text();
  }

  private CompletionStage<Secret> given(Audience audience, Duration life) {
    return CompletableFuture.completedFuture(token(audience, life));
  }

  // ---- the tokens of a source

  @Test
  void aSourceThatKeepsItsTokenUntilItEndsCausesNoNewSession() {
    Secret[] kept = new Secret[1];
    Instant[] end = {Instant.MIN};
    DeviceClient client =
        opened(
            builder(MQTT)
                .credentials(
                    source(
                        audience -> {
                          if (!time.now().isBefore(end[0])) {
                            kept[0] = token(audience, HOUR);
                            end[0] = time.now().plus(HOUR);
                          }
                          return CompletableFuture.completedFuture(kept[0]);
                        })));
    pass(client, HOUR.minusSeconds(1), Duration.ofSeconds(20));
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    assertThat(asked).hasSizeBetween(3, 20);
    for (int i = 1; i < asked.size(); i++) {
      assertThat(Duration.between(asked.get(i - 1), asked.get(i)))
          .isGreaterThanOrEqualTo(Duration.ofSeconds(5));
    }
    tickUntil("the next token's session", () -> device.connectionsSoFar() == 2);
    awaitState(client, Connected.class);
  }

  @Test
  void aShortTokenWhoseFetchFailsOnceIsRenewedInTime() {
    DeviceClient client =
        opened(
            builder(MQTT)
                .credentials(
                    source(
                        audience ->
                            asked.size() == 2
                                ? CompletableFuture.failedFuture(new IllegalStateException())
                                : given(audience, Duration.ofMinutes(2)))));
    Instant end = time.now().plus(Duration.ofMinutes(2));
    pass(client, Duration.ofSeconds(119), Duration.ofSeconds(2));
    assertThat(device.connectionsSoFar()).isEqualTo(2);
    assertThat(asked).hasSizeGreaterThanOrEqualTo(3);
    assertThat(asked.get(2)).isBefore(end);
    assertThat(client.state()).isInstanceOf(Connected.class);
  }

  @Test
  void aFleetDoesNotRenewInStep() {
    List<DeviceClient> fleet = new ArrayList<>();
    List<Instant> renewed = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 20; i++) {
      String id = "dev-" + i;
      boolean[] first = {true};
      fleet.add(
          opened(
              builder(like(AMQP).renewingInPlace())
                  .identity(DeviceIdentity.device(id))
                  .credentials(
                      Credentials.tokens(
                          audience -> {
                            if (!first[0]) {
                              renewed.add(time.now());
                            }
                            first[0] = false;
                            return CompletableFuture.completedFuture(
                                SasToken.sign(
                                        audience,
                                        Optional.empty(),
                                        time.now().plus(HOUR),
                                        hub.device(id).key())
                                    .text());
                          }))));
    }
    Instant start = time.now();
    while (time.now().isBefore(start.plus(Duration.ofMinutes(52)))) {
      time.advance(Duration.ofSeconds(20));
      fleet.forEach(MemoryCase::atRest);
    }
    assertThat(renewed).hasSize(20);
    assertThat(renewed)
        .allMatch(
            at ->
                !at.isBefore(start.plus(Duration.ofMinutes(45)))
                    && !at.isAfter(start.plus(Duration.ofSeconds(51 * 60 + 20))));
    // Eighteen slots of 20 s: 20 draws practically never all fall into three of them.
    assertThat(renewed.stream().distinct().count()).isGreaterThan(3);
  }

  // ---- one call, with a limit

  @Test
  void aRenewalWhoseAnswerIsLostIsAskedForAgain() {
    DeviceClient client =
        opened(
            builder(like(AMQP).renewingInPlace())
                .openTimeout(Duration.ofSeconds(30))
                .credentials(
                    source(
                        audience ->
                            asked.size() == 2
                                ? new CompletableFuture<>()
                                : given(audience, HOUR))));
    pass(client, HOUR.plusMinutes(10), Duration.ofSeconds(20));
    assertThat(asked).hasSizeGreaterThanOrEqualTo(3);
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    assertThat(client.state()).isInstanceOf(Connected.class);
  }

  @Test
  void uploadsWaitForOneCallAndNotForEver() {
    CompletableFuture<Secret> never = new CompletableFuture<>();
    List<UploadContext> contexts = new CopyOnWriteArrayList<>();
    DeviceClient client =
        opened(
            builder(MQTT)
                .openTimeout(Duration.ofSeconds(30))
                .uploads(uploads(contexts))
                .credentials(
                    source(audience -> asked.size() == 1 ? given(audience, HOUR) : never)));
    List<CompletionStage<?>> got = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      assertThat(client.uploadFile(file())).isNotNull();
    }
    Await.until("they have begun", () -> contexts.size() == 5);
    contexts.get(0).credentialRefused();
    contexts.forEach(each -> got.add(each.credential()));
    Await.until("asked", () -> asked.size() == 2);
    atRest(client);
    assertThat(asked).hasSize(2);
    tickUntil("the limit is reached", () -> got.get(4).toCompletableFuture().isDone());
    assertThat(got)
        .allSatisfy(
            each ->
                assertThat(Await.failure(each))
                    .isInstanceOf(UnreachableException.class)
                    .hasMessageContaining("did not answer within 30 s"));
  }

  private static FileUpload file() {
    return FileUpload.of("name", () -> new ByteArrayInputStream(new byte[1]));
  }

  private static UploadProvider uploads(List<UploadContext> contexts) {
    return new UploadProvider() {
      @Override
      public Route route() {
        return MemoryCase.route(Protocol.HTTPS);
      }

      @Override
      public Opening<UploadResult> begin(FileUpload upload, UploadContext context) {
        contexts.add(context);
        CompletableFuture<UploadResult> outcome = new CompletableFuture<>();
        return new Opening<>() {
          @Override
          public CompletionStage<UploadResult> outcome() {
            return outcome;
          }

          @Override
          public void abort() {
            outcome.completeExceptionally(
                new UnreachableException("aborted", Stage.OPEN, Progress.NOT_SENT, null));
          }

          @Override
          public String step() {
            return "the script";
          }
        };
      }
    };
  }

  // ---- a token is bound to its session

  @Test
  void anUploadsNewTokenDoesNotPutOffTheSessionsRenewal() {
    List<UploadContext> contexts = new CopyOnWriteArrayList<>();
    DeviceClient client =
        opened(
            builder(like(AMQP).renewingInPlace())
                .uploads(uploads(contexts))
                .credentials(source(audience -> given(audience, HOUR))));
    pass(client, Duration.ofMinutes(30), Duration.ofSeconds(20));
    assertThat(client.uploadFile(file())).isNotNull();
    Await.until("it has begun", () -> contexts.size() == 1);
    contexts.get(0).credentialRefused();
    Await.result(contexts.get(0).credential());
    assertThat(asked).hasSize(2);
    pass(
        client,
        Duration.ofMinutes(45),
        Duration.ofSeconds(20)); // the session's own token has expired
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    assertThat(client.state()).isInstanceOf(Connected.class);
  }

  // ---- one limit

  @Test
  void oneLimitCountsForCredentialAndTransportTogetherAndQuotesTheStep() {
    CompletableFuture<Secret> slow = new CompletableFuture<>();
    Audience[] whose = new Audience[1];
    hub.faults().add(InMemoryFault.silence(Point.TLS).on(route(MQTT)));
    DeviceClient client =
        started(
            builder(MQTT)
                .openTimeout(Duration.ofSeconds(30))
                .credentials(
                    source(
                        audience -> {
                          whose[0] = audience;
                          return slow;
                        })));
    Await.until("asked", () -> asked.size() == 1 && time.hasTaskIn(Duration.ofSeconds(30)));
    time.advance(Duration.ofSeconds(29));
    slow.complete(token(whose[0], HOUR));
    Await.until("dialled", () -> hub.openConnections() == 1);
    time.advance(Duration.ofSeconds(1));
    assertThat(awaitState(client, ConnectionState.Waiting.class).failure())
        .hasMessageContaining("was not open within 30 s; it waited for the TLS handshake with the")
        .hasMessageContaining("openTimeout");
  }

  @Test
  void anOpeningWithoutACredentialSaysSoAndIsNoRefusal() {
    DeviceClient client =
        started(
            builder(MQTT, AMQP)
                .retry(RetryPolicy.builder().stopWhenUnauthorized(true).build())
                .openTimeout(Duration.ofSeconds(30))
                .credentials(source(audience -> new CompletableFuture<>())));
    Await.until("asked", () -> time.hasTaskIn(Duration.ofSeconds(30)));
    time.advance(Duration.ofSeconds(30));
    ConnectionState.Waiting state = awaitState(client, ConnectionState.Waiting.class);
    assertThat(state.failure())
        .isInstanceOfSatisfying(
            UnreachableException.class, it -> assertThat(it.stage()).isEqualTo(Stage.CREDENTIAL));
    assertThat(state.failure().getMessage()).contains("30 s").contains("did not answer");
    assertThat(hub.attempts()).isEmpty();
  }

  @Test
  void aSourceThatFailsIsNoRefusal() {
    DeviceClient client =
        started(
            builder(MQTT)
                .retry(RetryPolicy.builder().stopWhenUnauthorized(true).build())
                .credentials(
                    source(audience -> CompletableFuture.failedFuture(new OutOfMemoryError("x")))));
    for (int i = 1; i <= 5; i++) {
      int attempt = i;
      Await.until(
          "waiting",
          () ->
              client.state() instanceof ConnectionState.Waiting waiting
                  && waiting.attempt() == attempt);
      assertThat(client.state().cause().orElseThrow()).isInstanceOf(UnreachableException.class);
      advanceToNextTry(client);
    }
  }

  @Test
  void noAlarmOutlivesAnOpeningThatWaitsForItsCredential() {
    DeviceClient client =
        started(
            builder(MQTT)
                .openTimeout(Duration.ofSeconds(30))
                .credentials(source(audience -> new CompletableFuture<>())));
    Await.until("asked", () -> time.hasTaskIn(Duration.ofSeconds(30)));
    Await.result(client.close(Duration.ZERO));
    assertThat(time.pending()).isZero();
  }

  // ---- refusals are forgotten

  @Test
  void aRefusalIsForgottenWhenSessionsWereGoodInBetween() {
    DeviceClientBuilder builder =
        builder(MQTT).credentials(source(audience -> given(audience, Duration.ofMinutes(1))));
    hub.faults().add(refusal());
    DeviceClient client = opened(builder);
    assertThat(hub.attempts()).hasSize(2);
    pass(client, Duration.ofMinutes(20), Duration.ofSeconds(2)); // no session lasts a minute
    awaitState(client, Connected.class);
    long before = device.connectionsSoFar();
    hub.faults().clear();
    hub.faults()
        .add(
            InMemoryFault.fail(
                Point.BEFORE_STORE, new UnauthorizedException("scripted", Progress.MAYBE_SENT)));
    Await.result(client.send(text("m0"))); // without time moving: a new credential immediately
    assertThat(device.connectionsSoFar()).isEqualTo(before + 1);
  }

  private static InMemoryFault refusal() {
    return InMemoryFault.fail(Point.OPEN, new UnauthorizedException("scripted", Progress.NOT_SENT));
  }
}
