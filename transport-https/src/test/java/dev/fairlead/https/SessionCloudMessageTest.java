package dev.fairlead.https;

import static dev.fairlead.https.http.ScriptedServer.answer;
import static dev.fairlead.https.http.ScriptedServer.noContent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.RejectedException;
import dev.fairlead.SystemProperty;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.https.http.ScriptedServer;
import dev.fairlead.https.http.ScriptedServer.Asked;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportSession;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cloud-to-device messages of a session against a hub that the test controls. */
class SessionCloudMessageTest extends SessionCase {
  private static String cloudMessage(int number, String fields) {
    return answer(
        200,
        "ETag: \"lock-" + number + "\"\r\niothub-sequencenumber: " + number + "\r\n" + fields,
        "m" + number);
  }

  @Test
  void withoutAHandlerThereIsNoPoll() {
    ScriptedServer hub = hub(request -> noContent());
    open(hub);
    outbox.add(message("a"));
    await().until(() -> outbox.accepted().size() == 1);
    assertThat(asked.get()).isNull();
    assertThat(hub.asked()).hasSize(2);
  }

  @Test
  void onePollDrainsTheQueueAndAsksForTheNext() {
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
  void eachOutcomeHasItsRequest() {
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
  }

  @Test
  void whatIsAbandonedDuringAPollGoesBackWhenThePollHasEnded() {
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
    context.onLoop(() -> {}); // it was received
    abandoned.countDown();
    result(first);
    assertThat(hub.asked().stream().map(Asked::line).map(line -> line.split(" ")[0]).toList())
        .containsExactly("POST", "GET", "GET", "GET", "GET", "POST");
  }

  @Test
  void aMessageThatComesTwiceEndsThePoll() {
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

  /** Otherwise the last of many would have lost its lock when the handler receives it. */
  @Test
  void aPollTakesNoMoreThanTheHandlerHasRoomForAndGoesOnWhenThereIsMore() {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                request.line().startsWith("GET") && number.incrementAndGet() <= 5
                    ? cloudMessage(number.get(), "")
                    : noContent());
    open(hub, Feed.CLOUD_MESSAGES);
    context.inbox().setRoom(0);
    poll();
    for (int i = 1; i <= 5; i++) {
      // Room for one: the test takes it away when the message has come.
      assertThat(context.inbox().cloudMessages()).hasSize(i - 1);
      int expected = i;
      roomForOne();
      await().until(() -> context.inbox().cloudMessages().size() == expected);
      context.onLoop(() -> {});
      assertThat(hub.asked()).as("the proof and what there was room for").hasSize(1 + i);
    }
    assertThat(asked.get()).as("the poll goes on").isNull();
    context.inbox().setRoom(10);
    await().until(() -> asked.get() != null);
    assertThat(hub.asked()).hasSize(7);
  }

  /** Wakes the session with room for one, which is gone again in the same task. */
  private void roomForOne() {
    context.onLoop(
        () -> {
          context.inbox().setRoom(1);
          context.loop().execute(() -> context.inbox().setRoom(0));
        });
  }

  @Test
  void whatIsSettledWhileAPollPausesIsSentAtOnce() {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                request.line().startsWith("GET")
                    ? cloudMessage(number.incrementAndGet(), "")
                    : noContent());
    open(hub, Feed.CLOUD_MESSAGES);
    context.inbox().setRoom(0);
    poll();
    roomForOne();
    await().until(() -> context.inbox().cloudMessages().size() == 1);
    result(context.inbox().cloudMessages().get(0).complete());
    assertThat(number).hasValue(1);
    assertThat(asked.get()).isNull();
  }

  @Test
  void aLostLockFailsTheSettlementAndNothingElse() {
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
  void aRefusedPollLeavesTheSessionAlone(int status, String name) {
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
  void anAnswerWithoutALockIsNotTheHubs(String fields) {
    ScriptedServer hub = queue(request -> answer(200, fields, "{\"Message\":\"hello\"}"));
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    poll();
    assertThat(end(session)).isInstanceOf(UnreachableException.class);
    assertThat(context.inbox().cloudMessages()).isEmpty();
  }

  @Test
  void aPollThatCameTooLateIsNotSent() {
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

  // --- a hub that is late, silent, answers twice or in part ---

  @Test
  void aSettlementThatIsNotAnsweredFailsAndEndsTheSession() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request -> {
              if (!request.line().startsWith("GET")) {
                never.await();
              }
              return number.incrementAndGet() == 1 ? cloudMessage(1, "") : noContent();
            });
    options = impatient();
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    assertThat(failure(context.inbox().cloudMessages().get(0).complete()))
        .isInstanceOf(UnreachableException.class);
    assertThat(end(session)).isInstanceOf(UnreachableException.class);
    never.countDown();
  }

  @Test
  void whatIsAbandonedDuringAPollThatFailsFailsToo() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request -> {
              if (number.incrementAndGet() == 2) {
                never.await();
              }
              return cloudMessage(1, "");
            });
    options = impatient();
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    poll();
    await().until(() -> context.inbox().cloudMessages().size() == 1);
    assertThat(failure(context.inbox().cloudMessages().get(0).abandon()))
        .isInstanceOf(UnreachableException.class);
    assertThat(end(session)).isInstanceOf(UnreachableException.class);
    never.countDown();
  }

  @Test
  void halfAMessageIsNone() {
    ScriptedServer hub =
        hubRunning(
            peer -> {
              peer.readRequest();
              peer.write(noContent());
              peer.readRequest();
              String whole = cloudMessage(1, "");
              peer.write(whole.substring(0, whole.length() - 1));
            });
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    poll();
    assertThat(end(session)).isInstanceOf(UnreachableException.class);
    assertThat(context.inbox().cloudMessages()).isEmpty();
  }

  /** The second of two answers would be taken for another message. */
  @Test
  void aMessageAnsweredTwiceAtOnceIsOneMessage() {
    AtomicInteger connections = new AtomicInteger();
    ScriptedServer hub =
        hubRunning(
            peer -> {
              boolean first = connections.incrementAndGet() == 1;
              while (true) {
                Asked request = peer.readRequest();
                boolean poll = first && request.line().startsWith("GET");
                peer.write(poll ? cloudMessage(1, "") + cloudMessage(1, "") : noContent());
              }
            });
    open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    assertThat(context.inbox().cloudMessages()).hasSize(1);
    assertThat(hub.accepted()).isEqualTo(2);
  }

  @Test
  void aThrottledSettlementFailsAndTheSessionGoesOn() {
    AtomicInteger number = new AtomicInteger();
    ScriptedServer hub =
        queue(
            request ->
                !request.line().startsWith("GET")
                    ? error(429, "ThrottlingException")
                    : number.incrementAndGet() == 1 ? cloudMessage(1, "") : noContent());
    TransportSession session = open(hub, Feed.CLOUD_MESSAGES);
    pollAndWait();
    assertThat(failure(context.inbox().cloudMessages().get(0).complete()))
        .isInstanceOf(ThrottledException.class);
    assertThat(session.ended().toCompletableFuture()).isNotDone();
  }

  @Test
  void aMessageThatComesWhileClosingGoesBackAtOnce() {
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
