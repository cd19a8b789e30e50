package dev.fairlead.https.http;

import static dev.fairlead.https.http.ScriptedServer.answer;
import static dev.fairlead.https.http.ScriptedServer.noContent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.UnreachableException;
import dev.fairlead.https.http.ExchangeFailure.Reason;
import dev.fairlead.net.Dialer;
import dev.fairlead.tck.FakeTime;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubHttpTest {
  private static final HttpLimits LIMITS = new HttpLimits(Duration.ofSeconds(20), 1000);

  private final FakeTime time = new FakeTime();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  @AfterEach
  void close() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
    HttpThreads.awaitNone("HTTPS: test");
    assertThat(time.pending()).as("alarms left").isZero();
  }

  private ScriptedServer running(ScriptedServer.Script script) throws IOException {
    ScriptedServer server = ScriptedServer.running(script);
    opened.push(server);
    return server;
  }

  private ScriptedServer answering(ScriptedServer.Answers answers) throws IOException {
    ScriptedServer server = ScriptedServer.answering(answers);
    opened.push(server);
    return server;
  }

  private HubHttp http(Endpoint endpoint) {
    HubHttp http =
        new HubHttp(
            "HTTPS: test",
            new Dialer(),
            endpoint,
            Optional.empty(),
            "hub.example.net",
            Duration.ofMinutes(1),
            time::schedule);
    opened.push(http::abort);
    return http;
  }

  private static Request get(HubHttp http) {
    return new Request.Builder().url(http.url().addPathSegment("x").build()).build();
  }

  private static Request post(HubHttp http, String body) {
    return new Request.Builder()
        .url(http.url().addPathSegment("x").build())
        .post(RequestBody.create(body.getBytes(StandardCharsets.UTF_8), null))
        .build();
  }

  private static HttpAnswer result(CompletionStage<HttpAnswer> stage) {
    return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  private static Throwable failure(CompletionStage<HttpAnswer> stage) {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    stage.whenComplete((answer, thrown) -> failure.complete(thrown));
    Throwable thrown = failure.orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(thrown).isNotNull();
    return thrown instanceof CompletionException && thrown.getCause() != null
        ? thrown.getCause()
        : thrown;
  }

  private static void assertBreak(Throwable failure, Reason reason) {
    assertThat(failure)
        .isInstanceOfSatisfying(
            ExchangeFailure.class, broken -> assertThat(broken.reason()).isEqualTo(reason));
  }

  // --- hostile servers ---

  static Stream<Arguments> garbage() {
    return Stream.of(
        Arguments.of("no HTTP at all", "220 smtp.example.net ESMTP\r\n\r\n"),
        Arguments.of("HTTP/2 without being asked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Arguments.of("an impossible status", "HTTP/1.1 999999 X\r\n\r\n"),
        Arguments.of("a negative length", "HTTP/1.1 200 X\r\nContent-Length: -5\r\n\r\nabc"),
        Arguments.of("a length that is none", "HTTP/1.1 200 X\r\nContent-Length: x\r\n\r\n"),
        Arguments.of("half a head", "HTTP/1.1 200 X\r\nContent-Le"),
        Arguments.of("half a body", "HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\nhalf"),
        Arguments.of(
            "half a chunk", "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nab"),
        Arguments.of(
            "a chunk size that is none",
            "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
        Arguments.of(
            "a body where there must be none", "HTTP/1.1 204 X\r\nContent-Length: 3\r\n\r\nabc"),
        Arguments.of("an end without a word", ""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("garbage")
  void garbageFailsTheExchangeAndNothingElse(String what, String garbage) throws IOException {
    ScriptedServer server =
        running(
            peer -> {
              peer.readRequest();
              peer.write(garbage);
            });
    HubHttp http = http(server.endpoint());
    assertThat(failure(http.send(get(http), LIMITS))).isInstanceOf(IOException.class);
    assertThat(failure(http.send(get(http), LIMITS))).isInstanceOf(IOException.class);
    assertThat(server.accepted()).as("a broken line is not used again").isEqualTo(2);
  }

  @Test
  void aHeadWithoutAnEndIsBounded() throws IOException {
    ScriptedServer server =
        running(
            peer -> {
              peer.readRequest();
              peer.write("HTTP/1.1 200 X\r\n");
              String field = "X-Filler: " + "x".repeat(4000) + "\r\n";
              for (int i = 0; i < 10_000; i++) {
                peer.write(field);
              }
            });
    HubHttp http = http(server.endpoint());
    assertThat(failure(http.send(get(http), LIMITS))).isInstanceOf(IOException.class);
    assertThat(http.bytesReceived()).isLessThan(2_000_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 X\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Length: 999999999999\r\n\r\n",
        "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n"
      })
  void aBodyWithoutAnEndIsBounded(String head) throws IOException {
    ScriptedServer server =
        running(
            peer -> {
              peer.readRequest();
              peer.write(head);
              byte[] some = new byte[8192];
              while (true) {
                peer.write(some);
              }
            });
    HubHttp http = http(server.endpoint());
    assertBreak(failure(http.send(get(http), LIMITS)), Reason.TOO_LARGE);
    await().until(() -> server.open() == 0);
  }

  @Test
  void anAnswerOfExactlyTheLimitIsTaken() throws IOException {
    ScriptedServer server = answering(request -> answer(200, "", "x".repeat(1000)));
    HubHttp http = http(server.endpoint());
    assertThat(result(http.send(get(http), LIMITS)).body()).hasSize(1000);
    assertThat(result(http.send(get(http), LIMITS)).body()).hasSize(1000);
    assertThat(server.accepted()).isEqualTo(1);
    assertBreak(
        failure(http.send(get(http), new HttpLimits(Duration.ofSeconds(20), 999))),
        Reason.TOO_LARGE);
  }

  /** Single bytes do not keep an exchange alive: the limit is for the whole exchange. */
  @Test
  void aDrippingAnswerIsGivenUpWhenTheTimeIsOver() throws IOException {
    CountDownLatch dripping = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    ScriptedServer server =
        running(
            peer -> {
              peer.readRequest();
              peer.write("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n");
              for (int i = 0; i < 10; i++) {
                peer.write("x");
              }
              dripping.countDown();
              leave.await();
            });
    HubHttp http = http(server.endpoint());
    CompletionStage<HttpAnswer> slow = http.send(get(http), LIMITS);
    await().until(() -> dripping.getCount() == 0);
    time.advance(Duration.ofSeconds(19));
    assertThat(slow.toCompletableFuture()).isNotDone();
    time.advance(Duration.ofSeconds(1));
    assertBreak(failure(slow), Reason.SLOW);
    leave.countDown();
  }

  @Test
  void aServerThatNeverAnswersIsGivenUp() throws IOException {
    ScriptedServer server = running(ScriptedServer.Peer::awaitEnd);
    HubHttp http = http(server.endpoint());
    CompletionStage<HttpAnswer> slow = http.send(post(http, "x".repeat(80 * 1024)), LIMITS);
    await().until(() -> server.accepted() == 1 && time.pending() == 1);
    time.advance(Duration.ofSeconds(20));
    assertThat(slow.toCompletableFuture()).as("what is sent prolongs the limit").isNotDone();
    time.advance(Duration.ofSeconds(10));
    assertBreak(failure(slow), Reason.SLOW);
  }

  @Test
  void anEncodingThatNobodyAskedForIsNotDecoded() throws IOException {
    ScriptedServer server =
        answering(request -> answer(200, "Content-Encoding: gzip\r\n", "a bomb, perhaps"));
    HubHttp http = http(server.endpoint());
    assertBreak(failure(http.send(get(http), LIMITS)), Reason.ENCODED);
  }

  @Test
  void aProxysChallengeIsNotAnsweredAndShowsAsSuch() throws IOException {
    ScriptedServer server =
        answering(request -> answer(407, "Proxy-Authenticate: Basic realm=\"x\"\r\n", ""));
    HubHttp http = http(server.endpoint());
    assertBreak(failure(http.send(get(http), LIMITS)), Reason.PROXY_ANSWERED);
    assertThat(server.asked()).hasSize(1);
  }

  // --- features that are off ---

  @ParameterizedTest
  @ValueSource(ints = {300, 301, 302, 303, 307, 308, 401, 408, 421, 503})
  void nothingIsFollowedOrRepeated(int status) throws IOException {
    ScriptedServer server =
        answering(
            request ->
                answer(
                    status,
                    "Location: /elsewhere\r\nRetry-After: 0\r\nSet-Cookie: a=b\r\n"
                        + "WWW-Authenticate: Basic realm=\"x\"\r\nCache-Control: max-age=600\r\n",
                    "body"));
    HubHttp http = http(server.endpoint());
    assertThat(result(http.send(get(http), LIMITS)).status()).isEqualTo(status);
    assertThat(result(http.send(get(http), LIMITS)).text()).isEqualTo("body");
    assertThat(server.asked()).hasSize(2);
    assertThat(server.asked().get(1).field("Cookie")).isEmpty();
  }

  @Test
  void aRequestCarriesNothingButWhatItNeeds() throws IOException {
    ScriptedServer server = answering(request -> noContent());
    HubHttp http = http(server.endpoint());
    result(http.send(post(http, "abc"), LIMITS));
    assertThat(server.asked().get(0).line()).isEqualTo("POST /x HTTP/1.1");
    assertThat(server.asked().get(0).fields())
        .containsExactlyInAnyOrder(
            "Host: hub.example.net", "Content-Length: 3", "User-Agent: okhttp/5.5.1");
    assertThat(server.asked().get(0).text()).isEqualTo("abc");
  }

  // --- the connection ---

  @Test
  void oneConnectionServesManyExchangesInOrder() throws IOException {
    ScriptedServer server = answering(request -> answer(200, "", request.text()));
    HubHttp http = http(server.endpoint());
    List<CompletionStage<HttpAnswer>> answers =
        Stream.iterate(0, i -> i + 1)
            .limit(50)
            .map(i -> http.send(post(http, "m" + i), LIMITS))
            .toList();
    for (int i = 0; i < 50; i++) {
      assertThat(result(answers.get(i)).text()).isEqualTo("m" + i);
      assertThat(server.asked().get(i).text()).isEqualTo("m" + i);
    }
    assertThat(server.accepted()).isEqualTo(1);
    assertThat(http.connections()).isEqualTo(1);
    assertThat(http.bytesSent()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 200 X\r\nConnection: close\r\n", "HTTP/1.0 200 X\r\n"})
  void aServerThatClosesAfterEachAnswerIsConnectedAnew(String head) throws IOException {
    ScriptedServer server =
        running(
            peer -> {
              peer.readRequest();
              peer.write(head + "Content-Length: 2\r\n\r\nok");
            });
    HubHttp http = http(server.endpoint());
    for (int i = 0; i < 3; i++) {
      assertThat(result(http.send(post(http, "x"), LIMITS)).text()).isEqualTo("ok");
    }
    assertThat(server.accepted()).isEqualTo(3);
  }

  @Test
  void anIdleLineThatTheServerHasClosedIsNotUsed() throws IOException {
    ScriptedServer server = answering(request -> noContent());
    HubHttp http = http(server.endpoint());
    for (int i = 1; i <= 3; i++) {
      assertThat(result(http.send(post(http, "x"), LIMITS)).status()).isEqualTo(204);
      server.cut();
      await().until(() -> server.open() == 0);
      long quiet = System.nanoTime();
      await().until(() -> System.nanoTime() - quiet > HubHttp.CHECK_AFTER_NANOS);
      assertThat(server.accepted()).isEqualTo(i);
    }
  }

  @Test
  void aLineThatSpeaksUnaskedIsNotUsed() throws IOException {
    CountDownLatch spoken = new CountDownLatch(1);
    ScriptedServer server =
        running(
            peer -> {
              peer.readRequest();
              peer.write(noContent());
              peer.write("HTTP/1.1 200 X\r\nContent-Length: 6\r\n\r\nforged");
              spoken.countDown();
              peer.awaitEnd();
            });
    HubHttp http = http(server.endpoint());
    result(http.send(post(http, "x"), LIMITS));
    await().until(() -> spoken.getCount() == 0);
    long quiet = System.nanoTime();
    await().until(() -> System.nanoTime() - quiet > HubHttp.CHECK_AFTER_NANOS);
    assertThat(result(http.send(post(http, "x"), LIMITS)).status()).isEqualTo(204);
    assertThat(server.accepted()).isEqualTo(2);
  }

  @Test
  void nobodyListeningIsNamedByNet() throws Exception {
    ScriptedServer server = answering(request -> noContent());
    server.close();
    HubHttp http = http(server.endpoint());
    assertThat(failure(http.send(get(http), LIMITS)))
        .isInstanceOfSatisfying(
            UnreachableException.class,
            failure -> assertThat(failure.stage()).isEqualTo(UnreachableException.Stage.CONNECT));
  }

  @Test
  void aPreconditionIsAskedWhenTheLineStandsAndStopsTheRequest() throws IOException {
    ScriptedServer server = answering(request -> noContent());
    HubHttp http = http(server.endpoint());
    Request unwanted =
        get(http).newBuilder().tag(Precondition.class, () -> server.accepted() == 0).build();
    assertBreak(failure(http.send(unwanted, LIMITS)), Reason.NOT_WANTED);
    assertThat(server.asked()).isEmpty();
    Request wanted = get(http).newBuilder().tag(Precondition.class, () -> true).build();
    assertThat(result(http.send(wanted, LIMITS)).status()).isEqualTo(204);
  }

  @Test
  void abortingFailsWhatIsUnderWayAndWhatWaits() throws IOException {
    ScriptedServer server = running(ScriptedServer.Peer::awaitEnd);
    HubHttp http = http(server.endpoint());
    CompletionStage<HttpAnswer> first = http.send(get(http), LIMITS);
    CompletionStage<HttpAnswer> second = http.send(get(http), LIMITS);
    await().until(() -> server.open() == 1);
    http.abort();
    http.abort();
    assertBreak(failure(first), Reason.ABORTED);
    assertBreak(failure(second), Reason.ABORTED);
    assertBreak(failure(http.send(get(http), LIMITS)), Reason.ABORTED);
    await().until(() -> server.open() == 0);
  }

  /** The continuation of a failed exchange runs while everything ends. */
  @Test
  void whatIsAskedForWhileEverythingEndsFailsToo() throws IOException {
    ScriptedServer server = running(ScriptedServer.Peer::awaitEnd);
    HubHttp http = http(server.endpoint());
    CompletableFuture<HttpAnswer> during = new CompletableFuture<>();
    http.send(get(http), LIMITS)
        .whenComplete(
            (answer, failure) ->
                http.send(get(http), LIMITS)
                    .whenComplete((none, thrown) -> during.completeExceptionally(thrown)));
    await().until(() -> server.open() == 1);
    http.abort();
    assertBreak(failure(during), Reason.ABORTED);
  }

  @Test
  void aProtocolErrorIsOne() throws IOException {
    ScriptedServer server =
        running(
            peer -> {
              peer.readRequest();
              peer.write("220 smtp.example.net ESMTP\r\n\r\n");
            });
    HubHttp http = http(server.endpoint());
    assertThat(failure(http.send(get(http), LIMITS))).isInstanceOf(ProtocolException.class);
  }
}
