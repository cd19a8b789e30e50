package dev.fairlead.https;

import static dev.fairlead.https.http.ScriptedServer.answer;
import static dev.fairlead.https.http.ScriptedServer.noContent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.RejectedException;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.https.http.ScriptedServer;
import dev.fairlead.https.http.ScriptedServer.Asked;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Telemetry of a session against a hub that the test controls. */
class SessionTelemetryTest extends SessionCase {
  @Test
  void aThousandWaitingMessagesTakeAHandfulOfRequests() {
    ScriptedServer hub = hub(request -> noContent());
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      outbox.add(message("m" + i));
      expected.add("m" + i);
    }
    open(hub);
    await().until(() -> outbox.accepted().size() == 1000);
    assertThat(outbox.sendsBatches()).isTrue();
    assertThat(telemetry(hub)).hasSize(2);
    assertThat(telemetry(hub).stream().flatMap(request -> bodies(request).stream()))
        .containsExactlyElementsOf(expected);
    assertThat(hub.accepted()).isEqualTo(1);
  }

  @Test
  void oneMessageGoesAsItIs() {
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
  void aLargeMessageGoesAloneAndInItsTurn() {
    ScriptedServer hub = hub(request -> noContent());
    outbox.add(message("before"));
    outbox.add(message("x".repeat(200 * 1024)));
    outbox.add(message("after"));
    outbox.add(message("and after"));
    open(hub);
    await().until(() -> outbox.accepted().size() == 4);
    assertThat(telemetry(hub).stream().map(SessionCase::bodies).map(List::size).toList())
        .containsExactly(1, 1, 2);
    assertThat(telemetry(hub).get(1).body()).hasSize(200 * 1024);
    assertThat(telemetry(hub)).allMatch(request -> request.body().length <= 256 * 1024);
  }

  /** The batch itself keeps to the hub's limit, base64 and properties counted. */
  @Test
  void aBatchStaysBelowTheLimitAsItIsEncoded() {
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
  void whatHeaderFieldsWouldSpoilGoesInABatch() {
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
  void whatNeitherFormCarriesFailsUnsentAndAlone() {
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
  void oneBadMessageIsFoundInFewRequestsAndTheOthersArriveInOrder(int bad, int status) {
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
  void aRefusalThatIsNotForTheContentBlamesNoMessage() {
    ScriptedServer hub =
        hub(
            request ->
                isProof(request) ? noContent() : error(403, "OperationNotAllowedInCurrentTier"));
    for (int i = 0; i < 100; i++) {
      outbox.add(message("m" + i));
    }
    open(hub);
    await().until(() -> outbox.refusals().size() == 7);
    assertThat(outbox.failures()).isEmpty();
    assertThat(outbox.waiting()).isEqualTo(100);
    assertThat(outbox.refusals().get(0)).hasMessageContaining("OperationNotAllowedInCurrentTier");
  }

  @Test
  void throttledTelemetryWaitsAndEndsTheSessionWithTheTimeToWait() {
    ScriptedServer hub =
        hub(
            request ->
                isProof(request)
                    ? noContent()
                    : answer(
                        429, "iothub-errorcode: ThrottlingException\r\nRetry-After: 17\r\n", ""));
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
  void aRefusedCredentialLaterEndsTheSession() {
    ScriptedServer hub =
        hub(request -> isProof(request) ? noContent() : error(401, "IotHubUnauthorized"));
    TransportSession session = open(hub);
    outbox.add(message("a"));
    assertThat(end(session)).isInstanceOf(UnauthorizedException.class);
    assertThat(outbox.failures()).isEmpty();
  }

  @Test
  void inStrictOrderEachMessageGoesAlone() {
    ScriptedServer hub = hub(request -> noContent());
    for (int i = 0; i < 20; i++) {
      outbox.add(message("m" + i));
    }
    strict = true;
    open(hub);
    await().until(() -> outbox.accepted().size() == 20);
    assertThat(telemetry(hub)).hasSize(20);
    assertThat(outbox.mostUnderWay()).isEqualTo(1);
    assertThat(outbox.sendsBatches()).isFalse();
  }

  @Test
  void aNewTokenIsShownFromTheNextRequestOn() {
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

  /** A middlebox's own limits are no reason to wait a day for the hub. */
  @Test
  void aMiddleboxsThrottleIsAboutTheRoute() {
    ScriptedServer hub =
        hub(request -> isProof(request) ? noContent() : answer(429, "Retry-After: 9999\r\n", ""));
    TransportSession session = open(hub);
    outbox.add(message("a"));
    assertThat(end(session)).isInstanceOf(UnreachableException.class);
    assertThat(outbox.failures()).isEmpty();
  }

  // --- a hub that is late, silent, answers twice or in part ---

  @Test
  void telemetryThatIsNotAnsweredGoesBackAndALateAnswerCountsForNothing() throws Exception {
    CountDownLatch late = new CountDownLatch(1);
    ScriptedServer hub =
        hub(
            request -> {
              if (!isProof(request)) {
                late.await();
              }
              return noContent();
            });
    options = impatient();
    TransportSession session = open(hub);
    outbox.add(message("a"));
    assertThat(end(session))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining("did not answer the telemetry in time");
    late.countDown();
    await().until(() -> hub.open() == 0);
    assertThat(outbox.accepted()).isEmpty();
    assertThat(outbox.failures()).isEmpty();
  }

  @Test
  void halfAnAcceptanceIsNone() {
    ScriptedServer hub =
        hubRunning(
            peer -> {
              peer.readRequest();
              peer.write(noContent());
              peer.readRequest();
              peer.write("HTTP/1.1 204 No Content\r\nContent-Le");
            });
    TransportSession session = open(hub);
    outbox.add(message("a"));
    assertThat(end(session)).isInstanceOf(UnreachableException.class);
    assertThat(outbox.accepted()).isEmpty();
  }

  /** Otherwise a message would count as accepted although it was lost. */
  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 204 X\r\n\r\n", "HTTP/1.1 204 X\r\nX: y\r\n\r\n"})
  void anAcceptanceThatComesTwiceCountsForOneMessage(String acceptance) {
    List<String> taken = new CopyOnWriteArrayList<>();
    AtomicInteger connections = new AtomicInteger();
    ScriptedServer hub =
        hubRunning(
            peer -> {
              boolean twice = connections.incrementAndGet() == 1;
              while (true) {
                Asked request = peer.readRequest();
                if (isProof(request)) {
                  peer.write(noContent());
                } else if (twice) {
                  taken.addAll(bodies(request));
                  peer.write(acceptance + acceptance);
                  peer.awaitEnd();
                } else {
                  taken.addAll(bodies(request));
                  peer.write(acceptance);
                }
              }
            });
    strict = true;
    for (int i = 0; i < 3; i++) {
      outbox.add(message("m" + i));
    }
    open(hub);
    await().until(() -> outbox.accepted().size() == 3);
    assertThat(taken).containsExactly("m0", "m1", "m2");
  }

  @Test
  void aClosingSessionWaitsForAnAnswerAndSetsNoTimer() throws Exception {
    CountDownLatch late = new CountDownLatch(1);
    ScriptedServer hub =
        hub(
            request -> {
              if (!isProof(request)) {
                late.await();
              }
              return noContent();
            });
    TransportSession session = open(hub);
    outbox.add(message("a"));
    await().until(() -> telemetry(hub).size() == 1);
    int timers = context.serialLoop().pending();
    context.onLoop(session::close);
    assertThat(context.serialLoop().pending()).isEqualTo(timers);
    late.countDown();
    assertThat(result(session.ended())).isEmpty();
    assertThat(outbox.accepted()).hasSize(1);
  }
}
