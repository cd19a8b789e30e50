package dev.fairlead.tck;

import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ClientClosedException;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.HubException;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The outcome of messages under faults worse than a cut connection. */
class DeliveryTest extends MemoryCase {
  private static void assertRejected(CompletableFuture<Void> sent, Progress progress) {
    assertThat(Await.failure(sent))
        .isInstanceOfSatisfying(
            RejectedException.class,
            failure -> {
              assertThat(failure.progress()).isEqualTo(progress);
              assertThat(failure.getMessage()).isNotBlank();
            });
  }

  // --- messages for which the hub cuts the connection ---

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 19})
  void aMessageThatTheHubAlwaysCutsForFailsAndTheOthersArrive(int place) {
    DeviceClient client = opened(builder(MQTT));
    hub.faults().add(InMemoryFault.fail(Point.BEFORE_STORE, cutByHub()).at("m" + place).always());
    Instant begin = time.now();
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 20);
    CompletableFuture<Void> oneMore = client.send(text("m20"));
    tickUntil("all are done", () -> sent.stream().allMatch(CompletableFuture::isDone));
    assertRejected(sent.get(place), Progress.MAYBE_SENT);
    assertThat(Duration.between(begin, time.now())).isGreaterThan(Duration.ofMinutes(10));
    tickUntil("the last too", oneMore::isDone);
    List<String> others = new ArrayList<>(texts(0, 21));
    others.remove(place);
    assertThat(new LinkedHashSet<>(received())).containsExactlyInAnyOrderElementsOf(others);
    assertThat(client.outbox().accepted()).isEqualTo(20);
  }

  @Test
  void whileAMessageIsOnTrialTheStateSaysSo() {
    DeviceClient client = opened(builder(MQTT));
    hub.faults().add(InMemoryFault.fail(Point.BEFORE_STORE, cutByHub()).at("m1").always());
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 5);
    tickUntil(
        "a remark",
        () ->
            client.state() instanceof ConnectionState.Connected now
                && now.remarks().stream().anyMatch(each -> each.contains("sent alone")));
    tickUntil("all are done", () -> sent.stream().allMatch(CompletableFuture::isDone));
    tickUntil(
        "no remark",
        () ->
            client.state() instanceof ConnectionState.Connected now
                && now.remarks().stream().noneMatch(each -> each.contains("sent alone")));
  }

  @Test
  void anHourOfCutsCondemnsNoMessage() {
    DeviceClient client = opened(builder(MQTT));
    hub.faults().add(InMemoryFault.fail(Point.BEFORE_STORE, cutByHub()).always());
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 20);
    Instant end = time.now().plus(Duration.ofHours(1));
    tickUntil("the hour is over", () -> time.now().isAfter(end));
    assertThat(sent).noneMatch(CompletableFuture::isDone);
    hub.faults().clear();
    tickUntil("all are done", () -> sent.stream().allMatch(CompletableFuture::isDone));
    sent.forEach(Await::result);
    assertThat(received()).containsExactlyInAnyOrderElementsOf(texts(0, 20));
  }

  @Test
  void connectionsThatBreakByThemselvesDoNotCondemnAMessage() {
    DeviceClient client = opened(builder(MQTT));
    hub.faults().add(InMemoryFault.cut(Point.BEFORE_STORE).times(12));
    CompletableFuture<Void> sent = client.send(text("m0"));
    tickUntil("it is done", sent::isDone);
    Await.result(sent);
    assertThat(hub.attempts()).hasSize(13);
  }

  @Test
  void aMessageThatTheHubRefusesFailsAlone() {
    DeviceClient client = opened(builder(MQTT));
    hub.faults()
        .add(
            InMemoryFault.fail(
                    Point.BEFORE_STORE,
                    new RejectedException("scripted: too large", Progress.MAYBE_SENT, 413))
                .nth(3));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 6);
    assertRejected(sent.remove(2), Progress.MAYBE_SENT);
    sent.forEach(Await::result);
    assertThat(received()).containsExactly("m0", "m1", "m3", "m4", "m5");
    assertThat(hub.attempts()).hasSize(1);
    assertThat(client.outbox().failed()).isEqualTo(1);
  }

  // --- no room ---

  @Test
  void aFullOutboxRefusesTheNewest() {
    DeviceClient client =
        built(builder(MQTT).outbox(OutboxLimits.builder().maxMessages(3).build()));
    List<CompletableFuture<Void>> kept = sendAll(client, 0, 3);
    assertRejected(client.send(text("m3")), Progress.NOT_SENT);
    Await.result(client.open());
    kept.forEach(Await::result);
    assertThat(received()).containsExactlyElementsOf(texts(0, 3));
    Await.result(client.send(text("m4")));
  }

  @Test
  void aFullOutboxMayDropTheOldest() {
    DeviceClient client =
        built(
            builder(MQTT)
                .outbox(
                    OutboxLimits.builder()
                        .maxMessages(3)
                        .overflow(OverflowPolicy.DROP_OLDEST)
                        .build()));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 7);
    for (int i = 0; i < 4; i++) {
      assertRejected(sent.get(i), Progress.NOT_SENT);
    }
    Await.result(client.open());
    for (int i = 4; i < 7; i++) {
      Await.result(sent.get(i));
    }
    assertThat(received()).containsExactlyElementsOf(texts(4, 7));
    assertThat(client.outbox().failed()).isEqualTo(4);
  }

  @Test
  void bytesAreBoundedAsWell() {
    DeviceClient client =
        built(builder(MQTT).outbox(OutboxLimits.builder().maxBytes(300_000).build()));
    CompletableFuture<Void> large = client.send(TelemetryMessage.of(new byte[200_000]));
    int left = 300_000 - 200_000 - 2 * 600;
    assertRejected(client.send(TelemetryMessage.of(new byte[left + 1])), Progress.NOT_SENT);
    CompletableFuture<Void> fits = client.send(TelemetryMessage.of(new byte[left]));
    assertThat(client.outbox().bytes()).isEqualTo(300_000);
    Await.result(client.open());
    Await.result(large);
    Await.result(fits);
    assertThat(client.outbox().bytes()).isZero();
  }

  @Test
  void aSenderMayWaitForRoom() {
    DeviceClient client =
        built(
            builder(MQTT)
                .outbox(
                    OutboxLimits.builder().maxMessages(2).overflow(OverflowPolicy.BLOCK).build()));
    sendAll(client, 0, 2);
    CompletableFuture<Void> third = new CompletableFuture<>();
    Thread sender =
        new Thread(
            () -> client.send(text("m2")).whenComplete((v, e) -> third.complete(v)), "tck-s");
    sender.start();
    Await.until("the sender waits", () -> sender.getState() == Thread.State.WAITING);
    assertThat(client.outbox().waiting()).isEqualTo(2);
    Await.result(client.open());
    Await.result(third);
    assertThat(received()).containsExactlyElementsOf(texts(0, 3));
  }

  @Test
  void closingFreesASenderThatWaitsForRoom() {
    DeviceClient client =
        built(
            builder(MQTT)
                .outbox(
                    OutboxLimits.builder().maxMessages(1).overflow(OverflowPolicy.BLOCK).build()));
    sendAll(client, 0, 1);
    CompletableFuture<Throwable> blocked = new CompletableFuture<>();
    Thread sender =
        new Thread(() -> blocked.complete(Await.failure(client.send(text("m1")))), "tck-s");
    sender.start();
    Await.until("the sender waits", () -> sender.getState() == Thread.State.WAITING);
    closeNow(client);
    assertThat(Await.result(blocked)).isInstanceOf(ClientClosedException.class);
  }

  @Test
  void waitingForRoomInAContinuationFailsInsteadOfHanging() {
    DeviceClient client =
        built(
            builder(MQTT)
                .outbox(
                    OutboxLimits.builder().maxMessages(1).overflow(OverflowPolicy.BLOCK).build()));
    hub.faults().add(InMemoryFault.silence(Point.BEFORE_STORE).nth(2));
    CompletableFuture<CompletableFuture<Void>> second = new CompletableFuture<>();
    CompletableFuture<Void> chain =
        client
            .send(text("m0"))
            .thenRun(
                () -> {
                  sendAll(client, 1, 2); // never acknowledged, so the outbox stays full
                  second.complete(client.send(text("m2")));
                });
    Await.result(client.open());
    Await.result(chain);
    assertRejected(Await.result(second), Progress.NOT_SENT);
  }

  @Test
  void aBlockingHandlerOnASingleThreadDoesNotHoldUpTheOutbox() {
    ExecutorService single = Executors.newSingleThreadExecutor(task -> new Thread(task, "tck-1"));
    try {
      CountDownLatch leave = new CountDownLatch(1);
      CountDownLatch inside = new CountDownLatch(1);
      DeviceClient client =
          opened(
              builder(MQTT)
                  .executor(single)
                  .onCloudMessage(
                      message -> {
                        inside.countDown();
                        leave.await();
                        message.complete();
                      }));
      SentCloudMessage stuck = device.sendCloudMessage("stuck", java.util.Map.of());
      Await.until("the handler hangs", () -> inside.getCount() == 0);
      sendAll(client, 0, 100).forEach(Await::result);
      assertThat(Await.result(client.getTwin())).isNotNull();
      leave.countDown();
      Await.until("completed", () -> stuck.state() == SentCloudMessage.State.COMPLETED);
    } finally {
      single.shutdown();
    }
  }

  // --- no time ---

  @Test
  void aMessageExpiresWhileItWaits() {
    hub.setReachable(false);
    DeviceClient client =
        started(
            builder(MQTT)
                .outbox(OutboxLimits.builder().timeToLive(Duration.ofMinutes(10)).build()));
    CompletableFuture<Void> brief =
        client.send(
            TelemetryMessage.builder()
                .body(new byte[] {1})
                .timeToLive(Duration.ofMinutes(1))
                .build());
    CompletableFuture<Void> usual = client.send(text("m1"));
    CompletableFuture<Void> patient =
        client.send(
            TelemetryMessage.builder()
                .body(new byte[] {'m', '2'})
                .timeToLive(Duration.ofHours(1))
                .build());
    time.advance(Duration.ofMinutes(1).minusNanos(1));
    assertThat(brief).isNotDone();
    time.advance(Duration.ofNanos(1));
    assertRejected(brief, Progress.NOT_SENT);
    assertThat(usual).isNotDone();
    time.advance(Duration.ofMinutes(9));
    assertRejected(usual, Progress.NOT_SENT);
    hub.setReachable(true);
    tickUntil("the rest is done", patient::isDone);
    Await.result(patient);
    assertThat(received()).containsExactly("m2");
  }

  @Test
  void aMessageUnderWayDoesNotExpire() {
    DeviceClient client =
        opened(
            builder(MQTT).outbox(OutboxLimits.builder().timeToLive(Duration.ofMinutes(1)).build()));
    hub.faults().add(InMemoryFault.silence(Point.BEFORE_ACK));
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.until("the hub has it", () -> received().size() == 1);
    time.advance(Duration.ofHours(1));
    assertThat(sent).isNotDone();
    assertThat(client.outbox().underWay()).isEqualTo(1);
    device.cut(); // now it is queued again, and has expired
    assertRejected(sent, Progress.MAYBE_SENT);
  }

  // --- closing ---

  @Test
  void closingSendsWhatWaits() {
    DeviceClient client = opened(builder(like(MQTT).withWindow(1)));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 500);
    Await.result(client.close(Duration.ofMinutes(1)));
    sent.forEach(Await::result);
    assertThat(received()).containsExactlyElementsOf(texts(0, 500));
    assertThat(client.state()).isInstanceOf(ConnectionState.Closed.class);
  }

  @Test
  void closingOfflineWaitsForTheDrainTimeAndNoLonger() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 3);
    awaitState(client, ConnectionState.Waiting.class);
    Instant begin = time.now();
    CompletableFuture<Void> closed = client.close(Duration.ofMinutes(3));
    Await.until(
        "no more messages are accepted",
        () -> client.send(text("late")).isCompletedExceptionally());
    tickUntil("closed", closed::isDone);
    assertThat(Duration.between(begin, time.now())).isGreaterThanOrEqualTo(Duration.ofMinutes(3));
    assertThat(hub.attempts().size()).isGreaterThan(1);
    for (CompletableFuture<Void> each : sent) {
      assertThat(Await.failure(each))
          .isInstanceOfSatisfying(
              ClientClosedException.class,
              failure -> assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT));
    }
  }

  @Test
  void aReconnectDuringTheDrainStillSends() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    List<CompletableFuture<Void>> sent = sendAll(client, 0, 3);
    awaitState(client, ConnectionState.Waiting.class);
    CompletableFuture<Void> closed = client.close(Duration.ofMinutes(30));
    hub.setReachable(true);
    tickUntil("closed", closed::isDone);
    sent.forEach(Await::result);
    assertThat(received()).containsExactlyElementsOf(texts(0, 3));
  }

  @Test
  void whatWasUnderWayAtTheEndMayHaveBeenSent() {
    DeviceClient client = opened(builder(MQTT));
    hub.faults().add(InMemoryFault.silence(Point.BEFORE_ACK));
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.until("the hub has it", () -> received().size() == 1);
    CompletableFuture<Void> closed = client.close(Duration.ZERO);
    tickUntil("closed", closed::isDone);
    assertThat(Await.failure(sent))
        .isInstanceOfSatisfying(
            ClientClosedException.class,
            failure -> assertThat(failure.progress()).isEqualTo(Progress.MAYBE_SENT));
  }

  @Test
  void aClosedClientRefusesEverything() throws Exception {
    DeviceClient client = opened(builder(MQTT));
    closeNow(client);
    client.awaitClosed();
    assertThat(Await.failure(client.getTwin())).isInstanceOf(HubException.class);
    assertThat(Await.failure(client.updateReportedProperties("{\"a\":1}")))
        .isInstanceOf(HubException.class);
    closeNow(client);
    client.close();
  }

  @Test
  void aClientThatWasNeverOpenedCloses() {
    DeviceClient client = built(builder(MQTT));
    CompletableFuture<Void> sent = client.send(text("m0"));
    Await.result(client.close(Duration.ofMinutes(1)));
    assertThat(Await.failure(sent)).isInstanceOf(ClientClosedException.class);
    assertThat(Await.failure(client.open())).isInstanceOf(ClientClosedException.class);
    assertThat(hub.attempts()).isEmpty();
  }

  @Test
  void aHandlerMayCloseTheClient() throws Exception {
    CompletableFuture<DeviceClient> client = new CompletableFuture<>();
    CompletableFuture<Boolean> closedInside = new CompletableFuture<>();
    client.complete(
        opened(
            builder(MQTT)
                .onCloudMessage(
                    message -> {
                      client.get(30, TimeUnit.SECONDS).close();
                      closedInside.complete(true);
                    })));
    device.sendCloudMessage("shut down", java.util.Map.of());
    assertThat(Await.result(closedInside)).isTrue();
    client.get(30, TimeUnit.SECONDS).awaitClosed();
  }

  @Test
  void aContinuationMayCloseTheClient() throws Exception {
    DeviceClient client = opened(builder(MQTT));
    Await.result(client.send(text("m0")).thenRun(client::close));
    client.awaitClosed();
    assertThat(client.state()).isInstanceOf(ConnectionState.Closed.class);
  }

  @Test
  void awaitingTheEndEndsWithIt() {
    DeviceClient client = opened(builder(MQTT));
    CompletableFuture<Boolean> awaited = new CompletableFuture<>();
    Thread main =
        new Thread(
            () -> {
              try {
                client.awaitClosed();
                awaited.complete(true);
              } catch (InterruptedException e) {
                awaited.completeExceptionally(e);
              }
            },
            "tck-main");
    main.start();
    Await.until("main waits", () -> main.getState() == Thread.State.WAITING);
    closeNow(client);
    assertThat(Await.result(awaited)).isTrue();
  }

  @Test
  void sendingAfterTheEndFailsInsteadOfHanging() throws Exception {
    DeviceClient client = opened(builder(MQTT));
    closeNow(client);
    client.awaitClosed();
    Await.until(
        "the client's threads have ended",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("fairlead-dev-1")));
    assertThat(Await.failure(client.send(text("m1")))).isInstanceOf(ClientClosedException.class);
  }

  @Test
  void nothingIsDroppedForAMessageThatFindsNoRoomAllTheSame() {
    DeviceClient client =
        opened(
            builder(like(MQTT).withWindow(1))
                .outbox(
                    OutboxLimits.builder()
                        .maxBytes(300_000)
                        .overflow(OverflowPolicy.DROP_OLDEST)
                        .build()));
    hub.faults().add(InMemoryFault.silence(Point.BEFORE_STORE));
    CompletableFuture<Void> underWay = client.send(TelemetryMessage.of(new byte[200_000]));
    Await.until("it is in flight", () -> client.outbox().underWay() == 1);
    List<CompletableFuture<Void>> waiting = sendAll(client, 0, 10);
    assertRejected(client.send(TelemetryMessage.of(new byte[200_000])), Progress.NOT_SENT);
    assertThat(waiting).noneMatch(CompletableFuture::isDone);
    assertThat(underWay).isNotDone();
  }

  @Test
  void aClosedClientLeavesNoAlarm() {
    DeviceClient client = opened(builder(MQTT));
    Await.result(client.send(text("m0")));
    CompletableFuture<Void> closed = client.close(Duration.ofHours(1));
    tickUntil("closed", closed::isDone);
    Await.until("no alarm is set", () -> time.pending() == 0);
  }
}
