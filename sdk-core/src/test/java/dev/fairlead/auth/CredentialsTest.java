package dev.fairlead.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Progress;
import dev.fairlead.Secret;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialsTest {
  private static final Secret KEY = Secret.of("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
  private static final Instant NOW = Instant.parse("2029-12-31T23:00:00.75Z");
  private static final Instant EXPIRY = Instant.parse("2030-01-01T00:00:00Z");
  private static final Audience DEVICE =
      new Audience("myhub.example.net", DeviceIdentity.device("dev-1"));
  private static final String KNOWN_TOKEN =
      "SharedAccessSignature sr=myhub.example.net%2Fdevices%2Fdev-1"
          + "&sig=US7za4C4bjiTZK3YbXw%2F662QieG2d7IODDJZ0NvX0qA%3D&se=1893456000";

  static Stream<Arguments> brokenTokenSources() {
    return Stream.of(
        broken("returned null instead", audience -> null),
        broken(
            "threw java.lang.IllegalStateException",
            audience -> {
              throw new IllegalStateException("application's text");
            }),
        broken(
            "threw java.lang.IllegalArgumentException",
            audience -> {
              throw new IllegalArgumentException("application's text");
            }),
        broken(
            "threw java.lang.UnsatisfiedLinkError",
            audience -> {
              throw new UnsatisfiedLinkError("application's text");
            }),
        broken(
            "threw dev.fairlead.UnauthorizedException",
            audience -> {
              throw new UnauthorizedException("application's text", Progress.MAYBE_SENT);
            }),
        broken("completed with null", audience -> CompletableFuture.completedFuture(null)),
        broken(
            "failed with java.io.IOException",
            audience -> CompletableFuture.failedFuture(new IOException("application's text"))),
        broken(
            "failed with java.lang.ArithmeticException",
            audience ->
                CompletableFuture.completedFuture(0).thenApply(zero -> Secret.of("" + 1 / zero))),
        broken(
            "failed with java.util.concurrent.CancellationException",
            audience -> {
              CompletableFuture<Secret> cancelled = new CompletableFuture<>();
              cancelled.cancel(true);
              return cancelled;
            }),
        broken("returned nothing usable", CredentialsTest::tokenOfTheWrongType),
        broken("returned nothing usable. This is not a shared access signature", given("canary")),
        broken("is not for", given(KNOWN_TOKEN.replace("dev-1", "dev-2"))),
        broken("is not for", given(KNOWN_TOKEN.replace("myhub", "yourhub"))),
        broken("is not for", given(KNOWN_TOKEN.replace("dev-1", "dev-1%2Fmodules%2Fm"))));
  }

  private static Arguments broken(String message, TokenSource source) {
    return Arguments.of(message, Named.of("source", source));
  }

  private static TokenSource given(String token) {
    return audience -> CompletableFuture.completedFuture(Secret.of(token));
  }

  @SuppressWarnings("unchecked") // what an application in a dynamic language does
  private static CompletionStage<Secret> tokenOfTheWrongType(Audience audience) {
    return (CompletionStage<Secret>) (CompletionStage<?>) CompletableFuture.completedFuture(1);
  }

  @ParameterizedTest
  @MethodSource("brokenTokenSources")
  void aBrokenTokenSourceIsAClearRefusal(String message, TokenSource source) {
    assertThat(refusal(Credentials.tokens(source).issue(DEVICE, NOW)))
        .hasMessageContaining(message)
        .satisfies(
            e -> {
              assertThat(e.getMessage()).doesNotContain("application's text", "canary", "US7za4");
              Canary.assertAbsentFrom(e, "canary", "US7za4");
            });
  }

  static Stream<Arguments> brokenSigners() {
    return Stream.of(
        Arguments.of("returned null instead", Named.<Signer>of("null", data -> null)),
        Arguments.of(
            "threw java.lang.IllegalStateException",
            Named.<Signer>of(
                "throws",
                data -> {
                  throw new IllegalStateException("application's text");
                })),
        Arguments.of(
            "completed with null",
            Named.<Signer>of("null signature", data -> CompletableFuture.completedFuture(null))),
        Arguments.of(
            "this signature 0",
            Named.<Signer>of("empty", data -> CompletableFuture.completedFuture(new byte[0]))),
        Arguments.of(
            "this signature 44",
            Named.<Signer>of(
                "base64 instead", data -> CompletableFuture.completedFuture(new byte[44]))),
        Arguments.of(
            "failed with java.lang.IllegalStateException",
            Named.<Signer>of(
                "fails",
                data ->
                    CompletableFuture.failedFuture(
                        new IllegalStateException("application's text")))));
  }

  @ParameterizedTest
  @MethodSource("brokenSigners")
  void aBrokenSignerIsAClearRefusal(String message, Signer signer) {
    assertThat(refusal(Credentials.signer(signer, Duration.ofMinutes(1)).issue(DEVICE, NOW)))
        .hasMessageContaining("The signer")
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("application's text"));
  }

  @Test
  void afterAFailureTheSourceIsAskedAgain() {
    CompletableFuture<Secret> first = new CompletableFuture<>();
    CompletableFuture<Secret> second = new CompletableFuture<>();
    var answers = new ArrayDeque<>(List.of(first, second));
    Credentials credentials = Credentials.tokens(audience -> answers.remove());

    CompletionStage<Credential> failing = credentials.issue(DEVICE, NOW);
    CompletionStage<Credential> succeeding = credentials.issue(DEVICE, NOW);
    assertThat(failing.toCompletableFuture()).isNotDone();
    first.completeExceptionally(new IllegalStateException());
    second.complete(Secret.of(KNOWN_TOKEN));

    refusal(failing);
    assertThat(token(succeeding).text()).isEqualTo(Secret.of(KNOWN_TOKEN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT59.999S", "PT0S", "PT-1H", "P366D", "P365DT1S"})
  void aLifetimeOutOfRangeIsRefused(Duration lifetime) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Credentials.sharedAccessKey(KEY, lifetime))
        .withMessageContaining("from PT1M to 365 days, not " + lifetime);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Credentials.signer(data -> new CompletableFuture<>(), lifetime));
  }

  @Test
  void aBlankPolicyNameIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Credentials.sharedAccessKey(KEY, Optional.of(" "), Credentials.DEFAULT_LIFETIME))
        .withMessageContaining("policy name is blank");
  }

  @Test
  void aFixedTokenThatIsNoneIsRefusedAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Credentials.fixedToken(Secret.of("canary")))
        .satisfies(e -> Canary.assertAbsentFrom(e, "canary"));
  }

  @Test
  void aFixedTokenIsShownWhateverThisClockSays() {
    Credentials credentials = Credentials.fixedToken(Secret.of(KNOWN_TOKEN));

    assertThat(token(credentials.issue(DEVICE, EXPIRY.plusSeconds(1))).expiry()).isEqualTo(EXPIRY);
    assertThat(
            refusal(
                credentials.issue(
                    new Audience("myhub.example.net", DeviceIdentity.device("dev-2")), NOW)))
        .hasMessageContaining("is not for myhub.example.net/devices/dev-2");
    assertThat(token(credentials.issue(DEVICE, EXPIRY.minusNanos(1))))
        .isEqualTo(new Credential.Token(Secret.of(KNOWN_TOKEN), EXPIRY));
    assertThat(credentials.renewable()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "PT1M,2029-12-31T23:01:00Z",
    "PT1H,2030-01-01T00:00:00Z",
    "P365D,2030-12-31T23:00:00Z"
  })
  void everyTokenOfAKeyIsFresh(Duration lifetime, Instant expiry) {
    Credentials credentials = Credentials.sharedAccessKey(KEY, lifetime);

    assertThat(token(credentials.issue(DEVICE, NOW)).expiry()).isEqualTo(expiry);
    assertThat(token(credentials.issue(DEVICE, NOW.plusSeconds(5))).expiry())
        .isEqualTo(expiry.plusSeconds(5));
    assertThat(credentials.renewable()).isTrue();
    assertThat(credentials.kind()).isEqualTo(CredentialKind.SHARED_ACCESS);
  }

  @Test
  void aKeysTokenLivesAnHourUnlessToldOtherwise() {
    assertThat(token(Credentials.sharedAccessKey(KEY).issue(DEVICE, NOW)).text().reveal())
        .isEqualTo(KNOWN_TOKEN);
  }

  @Test
  void aSignerSeesWhatIsSignedAndItsSignatureIsUsed() {
    SharedAccessKey module = new SharedAccessKey(KEY);
    CompletableFuture<byte[]> seen = new CompletableFuture<>();
    Credentials credentials =
        Credentials.signer(
            data -> {
              seen.complete(data.clone());
              return CompletableFuture.supplyAsync(() -> module.hmac(data));
            },
            Duration.ofHours(1));

    assertThat(token(credentials.issue(DEVICE, NOW)).text().reveal()).isEqualTo(KNOWN_TOKEN);
    assertThat(seen.join())
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("myhub.example.net%2Fdevices%2Fdev-1\n1893456000");
  }

  @Test
  void nothingPrintsASecret() {
    Signer chatty =
        new Signer() {
          @Override
          public CompletionStage<byte[]> sign(byte[] data) {
            return new CompletableFuture<>();
          }

          @Override
          public String toString() {
            return KEY.reveal();
          }
        };
    String printed =
        Stream.of(
                Credentials.sharedAccessKey(KEY),
                Credentials.sharedAccessKey(KEY, Optional.of("p"), Duration.ofHours(1)),
                Credentials.signer(chatty, Duration.ofHours(1)),
                Credentials.fixedToken(Secret.of(KNOWN_TOKEN)),
                Credentials.tokens(given(KNOWN_TOKEN)),
                SasToken.parse(Secret.of(KNOWN_TOKEN)),
                new SharedAccessKey(KEY),
                token(Credentials.sharedAccessKey(KEY).issue(DEVICE, NOW)))
            .map(Object::toString)
            .reduce("", (a, b) -> a + "\n" + b);

    assertThat(printed).doesNotContain("AQIDBAUG", "US7za4");
    assertThat(printed).contains("tokens of PT1H signed by the shared access key of the policy p");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "https://h", "h:8883", "h/devices/x", "h x", ".h"})
  void anAudienceTakesABareHostNameOnly(String host) {
    assertThatThrownBy(() -> new Audience(host, DeviceIdentity.device("d")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("The hub's host name");
  }

  private static Credential.Token token(CompletionStage<Credential> issued) {
    return (Credential.Token) issued.toCompletableFuture().join();
  }

  private static UnauthorizedException refusal(CompletionStage<Credential> issued) {
    try {
      throw new AssertionError("issued " + issued.toCompletableFuture().get());
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(UnauthorizedException.class);
      UnauthorizedException refusal = (UnauthorizedException) e.getCause();
      assertThat(refusal.progress()).isEqualTo(Progress.NOT_SENT);
      return refusal;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
