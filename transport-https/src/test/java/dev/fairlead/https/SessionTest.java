package dev.fairlead.https;

import static dev.fairlead.https.http.ScriptedServer.answer;
import static dev.fairlead.https.http.ScriptedServer.noContent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Carrier;
import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.HubException;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.https.http.ScriptedServer;
import dev.fairlead.https.http.ScriptedServer.Asked;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.json.Json;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session against a hub that does what the test says. */
class SessionTest {
  private static final Route ROUTE = new Route(Protocol.HTTPS, Carrier.HTTP, 443);
  private static final String EVENTS = "/devices/dev-1/messages/events?api-version=2021-04-12";
  private static final String QUEUE = "/devices/dev-1/messages/deviceBound";
  private static final String VERSION = "?api-version=2021-04-12";

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ScriptedOutbox outbox = new ScriptedOutbox();

  /** What a test lets through, when it lets a poll through. */
  private final AtomicReference<Runnable> asked = new AtomicReference<>();

  private volatile boolean inTime = true;
  private String deviceId = "dev-1";
  private boolean strict;
  private RecordingContext context;

  @AfterEach
  void close() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
    if (context != null) {
      assertThat(context.serialLoop().thrown()).isEmpty();
      assertThat(context.inbox().misuse()).isEmpty();
    }
    await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("HTTPS: ")));
  }

  private ScriptedServer hub(ScriptedServer.Answers answers) throws IOException {
    ScriptedServer server = ScriptedServer.answering(answers);
    opened.push(server);
    return server;
  }

  /** A hub that takes all telemetry and does with the rest what a test says. */
  private ScriptedServer queue(ScriptedServer.Answers answers) throws IOException {
    return hub(request -> isEvent(request) ? noContent() : answers.to(request));
  }

  private static boolean isEvent(Asked request) {
    return request.line().contains("/messages/events");
  }

  private static boolean isProof(Asked request) {
    return isEvent(request) && request.text().equals("[]");
  }

  private static String error(int status, String name) {
    return answer(status, "iothub-errorcode: " + name + "\r\n", "");
  }

  private CompletableFuture<TransportSession> opening(ScriptedServer server, Feed... feeds) {
    Target target =
        new Target(
            "hub.example.net",
            DeviceIdentity.device(deviceId),
            Secret.of(Base64.getEncoder().encodeToString(new byte[32])),
            server.endpoint());
    context = new RecordingContext(target, Set.of(feeds), outbox, strict);
    opened.push(context);
    HttpsTransport transport =
        new HttpsTransport(HttpsOptions.defaults(), (host, identity, loop) -> new TestLimiter());
    var opening = transport.open(ROUTE, context);
    opened.push(opening::abort);
    return context.follow(opening);
  }

  private TransportSession open(ScriptedServer server, Feed... feeds) {
    return result(opening(server, feeds));
  }

  private final class TestLimiter implements PollLimiter {
    @Override
    public void whenAllowed(Runnable pollNow) {
      assertThat(asked.getAndSet(pollNow)).isNull();
    }

    @Override
    public boolean stillAllowed() {
      return inTime;
    }

    @Override
    public void close() {
      asked.set(null);
    }
  }

  private void poll() {
    await().until(() -> asked.get() != null);
    Runnable allowed = asked.getAndSet(null);
    context.onLoop(allowed);
  }

  private void pollAndWait() {
    poll();
    await().until(() -> asked.get() != null);
  }

  private static <T> T result(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  private static Throwable failure(CompletionStage<?> stage) {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    stage.whenComplete((value, thrown) -> failure.complete(thrown));
    Throwable thrown = failure.orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(thrown).isNotNull();
    return thrown instanceof CompletionException && thrown.getCause() != null
        ? thrown.getCause()
        : thrown;
  }

  private HubException end(TransportSession session) {
    return result(session.ended()).orElseThrow();
  }

  private static TelemetryMessage message(String text) {
    return TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The messages in a request, whichever form it has. */
  private static List<String> bodies(Asked request) {
    if (!request.field("Content-Type").equals("application/vnd.microsoft.iothub.json")) {
      return List.of(request.text());
    }
    List<String> bodies = new ArrayList<>();
    Object all = Json.readObject("{\"all\":" + request.text() + "}").get("all");
    for (Object each : (List<?>) all) {
      String body = String.valueOf(((Map<?, ?>) each).get("body"));
      bodies.add(new String(Base64.getDecoder().decode(body), StandardCharsets.UTF_8));
    }
    return bodies;
  }

  private static List<Asked> telemetry(ScriptedServer server) {
    return server.asked().stream()
        .filter(request -> isEvent(request) && !isProof(request))
        .toList();
  }

  // --- opening ---

  @ParameterizedTest
  @ValueSource(strings = {"", "IotHubFormatError", "ArgumentInvalid", "SomethingNew"})
  void theProofIsTakenOrItsContentRefused(String refusal) throws IOException {
    ScriptedServer hub = hub(request -> refusal.isEmpty() ? noContent() : error(400, refusal));
    open(hub);
    assertThat(hub.asked()).hasSize(1);
    Asked proof = hub.asked().get(0);
    assertThat(proof.line()).isEqualTo("POST " + EVENTS + " HTTP/1.1");
    assertThat(proof.text()).isEqualTo("[]");
    assertThat(proof.field("Host")).isEqualTo("hub.example.net");
    assertThat(proof.field("Authorization")).startsWith("SharedAccessSignature sr=");
  }

  @ParameterizedTest
  @CsvSource({
    "401, IotHubUnauthorizedAccess, UnauthorizedException",
    "403, DeviceDisabled, UnauthorizedException",
    "404, DeviceNotFound, UnauthorizedException",
    "429, ThrottlingException, ThrottledException",
    "403, IotHubQuotaExceeded, ThrottledException",
    "400, InvalidProtocolVersion, UnreachableException",
    "503, ServerBusy, UnreachableException",
    "500, ServerError, UnreachableException"
  })
  void aRefusedProofIsNoSession(int status, String name, String type) throws IOException {
    ScriptedServer hub = hub(request -> error(status, name));
    Throwable failure = failure(opening(hub, Feed.CLOUD_MESSAGES));
    assertThat(failure.getClass().getSimpleName()).isEqualTo(type);
    assertThat(hub.asked()).hasSize(1);
    assertThat(asked.get()).as("no poll was asked for").isNull();
  }

  /** A page of a captive portal, or another server, is no hub that let the device in. */
  @ParameterizedTest
  @ValueSource(ints = {200, 201, 302, 400, 404})
  void aStrangerIsNoHub(int status) throws IOException {
    ScriptedServer stranger =
        hub(request -> answer(status, "Content-Type: text/plain\r\n", "hello"));
    assertThat(failure(opening(stranger))).isInstanceOf(UnreachableException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "..", "%2e", "%2E.", "%2e%2E"})
  void anIdThatAPathCannotNameIsRefusedWithoutAConnection(String id) throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    deviceId = id;
    assertThat(failure(opening(hub))).isInstanceOf(UnsupportedException.class);
    assertThat(hub.accepted()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "a#b| /devices/a%23b/",
        "a?b| /devices/a%3Fb/",
        "a%b| /devices/a%25b/",
        "a%2fb| /devices/a%252fb/",
        "a+b:c;d=e@f$g| /devices/a+b:c;d=e@f$g/",
        "...| /devices/.../"
      },
      delimiter = '|')
  void anOddIdStaysOneSegment(String id, String path) throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    deviceId = id;
    open(hub);
    assertThat(hub.asked().get(0).line()).startsWith("POST " + path.strip() + "messages/events?");
  }

  // --- telemetry ---

  @Test
  void aThousandWaitingMessagesTakeAHandfulOfRequests() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      outbox.add(message("m" + i));
      expected.add("m" + i);
    }
    open(hub);
    await().until(() -> outbox.accepted().size() == 1000);
    assertThat(telemetry(hub)).hasSize(2);
    assertThat(telemetry(hub).stream().flatMap(request -> bodies(request).stream()))
        .containsExactlyElementsOf(expected);
    assertThat(hub.accepted()).isEqualTo(1);
  }

  @Test
  void oneMessageGoesAsItIs() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    open(hub);
    outbox.add(
        TelemetryMessage.builder()
            .json("{\"t\":1}")
            .messageId("id-1")
            .component("engine")
            .property("Alert", "yes & no")
            .build());
    await().until(() -> outbox.accepted().size() == 1);
    Asked event = telemetry(hub).get(0);
    assertThat(event.text()).isEqualTo("{\"t\":1}");
    assertThat(event.field("iothub-messageid")).isEqualTo("id-1");
    assertThat(event.field("iothub-contenttype")).isEqualTo("application/json");
    assertThat(event.field("iothub-contentencoding")).isEqualTo("utf-8");
    assertThat(event.field("dt-subject")).isEqualTo("engine");
    assertThat(event.fields()).contains("iothub-app-Alert: yes & no");
  }

  @Test
  void aLargeMessageGoesAloneAndInItsTurn() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    outbox.add(message("before"));
    outbox.add(message("x".repeat(200 * 1024)));
    outbox.add(message("after"));
    outbox.add(message("and after"));
    open(hub);
    await().until(() -> outbox.accepted().size() == 4);
    assertThat(telemetry(hub).stream().map(SessionTest::bodies).map(List::size).toList())
        .containsExactly(1, 1, 2);
    assertThat(telemetry(hub).get(1).body()).hasSize(200 * 1024);
    assertThat(telemetry(hub)).allMatch(request -> request.body().length <= 256 * 1024);
  }

  /** The batch itself keeps to the hub's limit, base64 and properties counted. */
  @Test
  void aBatchStaysBelowTheLimitAsItIsEncoded() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    for (int i = 0; i < 300; i++) {
      outbox.add(
          TelemetryMessage.builder()
              .body(new byte[1500 + i])
              .property("quoted", "\"".repeat(i % 50) + "\\")
              .build());
    }
    open(hub);
    await().until(() -> outbox.accepted().size() == 300);
    assertThat(telemetry(hub)).allMatch(request -> request.body().length <= 255 * 1024 - 1);
    assertThat(telemetry(hub)).hasSizeLessThanOrEqualTo(4);
  }

  @Test
  void whatHeaderFieldsWouldSpoilGoesInABatch() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    open(hub);
    List<TelemetryMessage> odd =
        List.of(
            TelemetryMessage.builder().property("a", " begins").build(),
            TelemetryMessage.builder().property("a", "ends ").build(),
            TelemetryMessage.builder().property("a", "1").property("A", "2").build(),
            TelemetryMessage.builder().property("a", "x".repeat(9000)).build());
    for (int i = 0; i < odd.size(); i++) {
      outbox.add(odd.get(i));
      int sent = i + 1;
      await().until(() -> outbox.accepted().size() == sent);
    }
    assertThat(telemetry(hub))
        .allMatch(
            request ->
                request.field("Content-Type").equals("application/vnd.microsoft.iothub.json"));
    assertThat(telemetry(hub).get(2).text())
        .contains("\"iothub-app-a\":\"1\",\"iothub-app-A\":\"2\"");
  }

  @Test
  void whatNeitherFormCarriesFailsUnsentAndAlone() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    outbox.add(message("before"));
    outbox.add(TelemetryMessage.builder().property("a", "Grüße").build());
    outbox.add(
        TelemetryMessage.builder().body(new byte[230 * 1024]).property("a", " blank").build());
    outbox.add(message("after"));
    open(hub);
    await().until(() -> outbox.accepted().size() == 2 && outbox.failures().size() == 2);
    assertThat(outbox.failures()).allMatch(RejectedException.class::isInstance);
    assertThat(telemetry(hub).stream().flatMap(request -> bodies(request).stream()))
        .containsExactly("before", "after");
  }

  @ParameterizedTest
  @CsvSource({"0, 400", "1, 400", "250, 400", "498, 400", "499, 400", "333, 413"})
  void oneBadMessageIsFoundInFewRequestsAndTheOthersArriveInOrder(int bad, int status)
      throws IOException {
    List<String> stored = new CopyOnWriteArrayList<>();
    ScriptedServer hub =
        hub(
            request -> {
              if (isProof(request)) {
                return noContent();
              }
              List<String> bodies = bodies(request);
              if (bodies.contains("bad")) {
                return error(status, status == 400 ? "ArgumentInvalid" : "MessageTooLarge");
              }
              stored.addAll(bodies);
              return noContent();
            });
    List<String> good = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      outbox.add(message(i == bad ? "bad" : "m" + i));
      if (i != bad) {
        good.add("m" + i);
      }
    }
    open(hub);
    await().until(() -> outbox.accepted().size() == 499 && outbox.failures().size() == 1);
    assertThat(stored).containsExactlyElementsOf(good);
    assertThat(outbox.failures().get(0)).isInstanceOf(RejectedException.class);
    assertThat(outbox.accepted()).isSorted();
    assertThat(telemetry(hub)).hasSizeLessThanOrEqualTo(20);
  }

  @Test
  void aRefusalThatIsNotForTheContentIsNotAskedForAgain() throws IOException {
    ScriptedServer hub =
        hub(
            request ->
                isProof(request) ? noContent() : error(403, "OperationNotAllowedInCurrentTier"));
    for (int i = 0; i < 100; i++) {
      outbox.add(message("m" + i));
    }
    open(hub);
    await().until(() -> outbox.failures().size() == 100);
    assertThat(telemetry(hub)).hasSize(1);
  }

  @Test
  void throttledTelemetryWaitsAndEndsTheSessionWithTheTimeToWait() throws IOException {
    ScriptedServer hub =
        hub(request -> isProof(request) ? noContent() : answer(429, "Retry-After: 17\r\n", ""));
    outbox.add(message("a"));
    outbox.add(message("b"));
    TransportSession session = open(hub);
    assertThat(end(session))
        .isInstanceOfSatisfying(
            ThrottledException.class,
            throttled -> assertThat(throttled.retryAfter()).hasValue(Duration.ofSeconds(17)));
    assertThat(outbox.accepted()).isEmpty();
    assertThat(outbox.failures()).isEmpty();
  }

  @Test
  void aRefusedCredentialLaterEndsTheSession() throws IOException {
    ScriptedServer hub =
        hub(request -> isProof(request) ? noContent() : error(401, "IotHubUnauthorized"));
    TransportSession session = open(hub);
    outbox.add(message("a"));
    assertThat(end(session)).isInstanceOf(UnauthorizedException.class);
    assertThat(outbox.failures()).isEmpty();
  }

  @Test
  void inStrictOrderEachMessageGoesAlone() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    for (int i = 0; i < 20; i++) {
      outbox.add(message("m" + i));
    }
    strict = true;
    open(hub);
    await().until(() -> outbox.accepted().size() == 20);
    assertThat(telemetry(hub)).hasSize(20);
    assertThat(outbox.mostUnderWay()).isEqualTo(1);
  }

  @Test
  void aNewTokenIsShownFromTheNextRequestOn() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    TransportSession session = open(hub);
    AtomicReference<CompletionStage<Renewal>> renewal = new AtomicReference<>();
    context.onLoop(
        () ->
            renewal.set(
                session.renew(
                    new dev.fairlead.spi.Credential.Token(
                        Secret.of("SharedAccessSignature fresh"), java.time.Instant.MAX))));
    assertThat(result(renewal.get())).isEqualTo(Renewal.RENEWED);
    outbox.add(message("a"));
    await().until(() -> outbox.accepted().size() == 1);
    assertThat(telemetry(hub).get(0).field("Authorization"))
        .isEqualTo("SharedAccessSignature fresh");
    assertThat(hub.accepted()).isEqualTo(1);
  }

  // --- messages from the cloud ---

  private static String cloudMessage(int number, String fields) {
    return answer(
        200,
        "ETag: \"lock-" + number + "\"\r\niothub-sequencenumber: " + number + "\r\n" + fields,
        "m" + number);
  }

  @Test
  void withoutAHandlerThereIsNoPoll() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    open(hub);
    outbox.add(message("a"));
    await().until(() -> outbox.accepted().size() == 1);
    assertThat(asked.get()).isNull();
    assertThat(hub.asked()).hasSize(2);
  }

  @Test
  void onePollDrainsTheQueueAndAsksForTheNext() throws IOException {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request -> {
              if (!request.line().startsWith("GET")) {
                return noContent();
              }
              int next = number.incrementAndGet();
              return next % 4 == 0
                  ? noContent()
                  : cloudMessage(
                      next,
                      "iothub-messageid: id\r\nIoTHub-App-Color: r e d\r\niothub-app-empty:\r\n"
                          + "iothub-ack: full\r\niothub-to: /devices/dev-1/messages/deviceBound\r\n"
                          + "iothub-expiry: 2026-01-01T00:00:00Z\r\niothub-correlationid: c\r\n"
                          + "iothub-userid: u\r\niothub-enqueuedtime: 2026-01-01T00:00:00Z\r\n"
                          + "iothub-deliverycount: 1\r\niothub-contenttype: text/plain\r\n"
                          + "iothub-contentencoding: utf-8\r\nX-Other: 1\r\n");
            });
    open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    List<CloudMessage> got = context.inbox().cloudMessages();
    assertThat(got.stream().map(CloudMessage::text)).containsExactly("m1", "m2", "m3");
    assertThat(got.get(0).properties()).isEqualTo(Map.of("Color", "r e d", "empty", ""));
    assertThat(got.get(0).systemProperties())
        .containsOnlyKeys(
            SystemProperty.MESSAGE_ID,
            SystemProperty.CORRELATION_ID,
            SystemProperty.USER_ID,
            SystemProperty.TO,
            SystemProperty.EXPIRY,
            SystemProperty.ACK,
            SystemProperty.CONTENT_TYPE,
            SystemProperty.CONTENT_ENCODING,
            SystemProperty.ENQUEUED_TIME,
            SystemProperty.DELIVERY_COUNT,
            SystemProperty.SEQUENCE_NUMBER);
    pollAndWait();
    assertThat(context.inbox().cloudMessages()).hasSize(6);
  }

  @Test
  void eachOutcomeHasItsRequest() throws IOException {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                request.line().startsWith("GET") && number.incrementAndGet() <= 3
                    ? cloudMessage(number.get(), "")
                    : noContent());
    open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    List<CloudMessage> got = context.inbox().cloudMessages();
    result(got.get(0).complete());
    result(got.get(1).reject());
    result(got.get(2).abandon());
    assertThat(hub.asked().stream().map(Asked::line).skip(5))
        .containsExactly(
            "DELETE " + QUEUE + "/lock-1" + VERSION + " HTTP/1.1",
            "DELETE " + QUEUE + "/lock-2" + VERSION + "&reject HTTP/1.1",
            "POST " + QUEUE + "/lock-3/abandon" + VERSION + " HTTP/1.1");
    assertThat(failure(got.get(0).complete())).isInstanceOf(RejectedException.class);
    assertThat(failure(got.get(0).abandon())).isInstanceOf(RejectedException.class);
  }

  @Test
  void whatIsAbandonedDuringAPollGoesBackWhenThePollHasEnded() throws IOException {
    CountDownLatch abandoned = new CountDownLatch(1);
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request -> {
              if (!request.line().startsWith("GET")) {
                return noContent();
              }
              int next = number.incrementAndGet();
              if (next == 2) {
                abandoned.await();
              }
              return next <= 3 ? cloudMessage(next, "") : noContent();
            });
    open(hub, Feed.CLOUD_MESSAGES);
    poll();
    await().until(() -> context.inbox().cloudMessages().size() == 1);
    CompletionStage<Void> first = context.inbox().cloudMessages().get(0).abandon();
    context.onLoop(() -> {}); // it was heard
    abandoned.countDown();
    result(first);
    assertThat(hub.asked().stream().map(Asked::line).map(line -> line.split(" ")[0]).toList())
        .containsExactly("POST", "GET", "GET", "GET", "GET", "POST");
  }

  @Test
  void aMessageThatComesTwiceEndsThePoll() throws IOException {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                request.line().startsWith("GET")
                    ? cloudMessage(number.incrementAndGet() % 3, "")
                    : noContent());
    open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    assertThat(context.inbox().cloudMessages().stream().map(CloudMessage::text))
        .containsExactly("m1", "m2", "m0", "m1");
  }

  /** Else the last of many would have lost its lock when the handler comes to it. */
  @Test
  void aPollPausesWhileTheApplicationHoldsManyMessages() throws IOException {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                request.line().startsWith("GET") && number.incrementAndGet() <= 25
                    ? cloudMessage(number.get(), "")
                    : noContent());
    open(hub, Feed.CLOUD_MESSAGES);
    poll();
    List<CloudMessage> settled = new ArrayList<>();
    while (asked.get() == null) {
      await()
          .until(
              () -> context.inbox().cloudMessages().size() > settled.size() || asked.get() != null);
      List<CloudMessage> got = context.inbox().cloudMessages();
      assertThat(got.size() - settled.size()).isLessThanOrEqualTo(CloudMessagePolls.MOST_HELD);
      if (got.size() > settled.size()) {
        CloudMessage next = got.get(settled.size());
        settled.add(next);
        result(next.complete());
      }
    }
    assertThat(context.inbox().cloudMessages()).hasSize(25);
  }

  @Test
  void aLostLockIsToldAndNothingElseHappens() throws IOException {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                !request.line().startsWith("GET")
                    ? error(412, "DeviceMessageLockLost")
                    : number.incrementAndGet() == 1 ? cloudMessage(1, "") : noContent());
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    assertThat(failure(context.inbox().cloudMessages().get(0).complete()))
        .isInstanceOfSatisfying(
            RejectedException.class, lost -> assertThat(lost.code()).hasValue(412002));
    assertThat(session.ended().toCompletableFuture()).isNotDone();
  }

  @ParameterizedTest
  @CsvSource({"429, ThrottlingException", "403, IotHubQuotaExceeded", "400, InvalidOperation"})
  void aRefusedPollLeavesTheSessionAlone(int status, String name) throws IOException {
    ScriptedServer hub = queue(request -> error(status, name));
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    outbox.add(message("a"));
    await().until(() -> outbox.accepted().size() == 1);
    assertThat(session.ended().toCompletableFuture()).isNotDone();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ETag: \r\n",
        "ETag: \"..\"\r\n",
        "ETag: \"a/b\"\r\n",
        "ETag: \"a?reject\"\r\n",
        "Content-Type: text/html\r\n"
      })
  void anAnswerWithoutALockIsNotTheHubs(String fields) throws IOException {
    ScriptedServer hub = queue(request -> answer(200, fields, "{\"Message\":\"hello\"}"));
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    poll();
    assertThat(end(session)).isInstanceOf(UnreachableException.class);
    assertThat(context.inbox().cloudMessages()).isEmpty();
  }

  @Test
  void aPollThatCameTooLateIsNotSent() throws IOException {
    ScriptedServer hub = hub(request -> noContent());
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    inTime = false;
    pollAndWait();
    assertThat(hub.asked()).hasSize(1);
    assertThat(session.ended().toCompletableFuture()).isNotDone();
    inTime = true;
    pollAndWait();
    assertThat(hub.asked()).hasSize(2);
  }

  @Test
  void whatIsHeldWhenTheSessionEndsFailsToSettle() throws IOException {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                request.line().startsWith("GET") && number.incrementAndGet() == 1
                    ? cloudMessage(1, "")
                    : noContent());
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    context.onLoop(session::close);
    assertThat(result(session.ended())).isEqualTo(Optional.empty());
    assertThat(failure(context.inbox().cloudMessages().get(0).complete()))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void aMessageThatComesWhileClosingGoesBackAtOnce() throws IOException {
    CountDownLatch closing = new CountDownLatch(1);
    ScriptedServer hub =
        queue(
            request -> {
              if (!request.line().startsWith("GET")) {
                return noContent();
              }
              closing.await();
              return cloudMessage(1, "");
            });
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    poll();
    await().until(() -> hub.asked().size() == 2);
    context.onLoop(session::close);
    closing.countDown();
    assertThat(result(session.ended())).isEqualTo(Optional.empty());
    assertThat(hub.asked().get(2).line()).contains("/lock-1/abandon?");
    assertThat(context.inbox().cloudMessages()).isEmpty();
  }
}
