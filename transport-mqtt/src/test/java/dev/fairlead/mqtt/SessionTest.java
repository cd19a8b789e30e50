package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.HubException;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.Route;
import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.ServerCertificate;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions against the local hub, over real sockets. */
@Timeout(60)
class SessionTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);

  private LocalHub hub;
  private Device device;
  private TestLoop loop;
  private TestContext context;

  @BeforeEach
  void start() {
    hub = LocalHub.start();
    loop = new TestLoop();
    device = hub.createDevice("dev-1");
    context = contextOf(device);
  }

  @AfterEach
  void stop() {
    hub.close();
    await().until(() -> threadsOf("dev-1").isEmpty());
    await().until(() -> loop.pending() == 0);
    loop.close();
    assertThat(loop.thrown.get()).isNull();
  }

  /** The route that all these tests take. */
  Route route() {
    return new Route(Protocol.MQTT, Carrier.TCP, 8883);
  }

  int port(LocalHub of) {
    return of.mqttPort();
  }

  private TestContext contextOf(Device of) {
    TestContext made =
        new TestContext(loop, of.deviceId(), port(hub), Trust.only(List.of(hub.caCertificate())));
    made.hubHost = hub.hostName();
    made.credential =
        TestContext.token(
            hub.hostName() + "/devices/" + of.deviceId(),
            of.primaryKey(),
            Instant.now().plusSeconds(3600));
    return made;
  }

  static List<String> threadsOf(String id) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("MQTT") && name.contains(id))
        .toList();
  }

  private Opening<TransportSession> opening(MqttOptions options) {
    MqttTransport transport = new MqttTransport(options);
    return transport.open(route(), context);
  }

  private TransportSession open() throws Exception {
    return open(MqttOptions.defaults());
  }

  private TransportSession open(MqttOptions options) throws Exception {
    return done(opening(options).outcome());
  }

  private static <T> T done(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static HubException failure(CompletionStage<?> stage) throws Exception {
    try {
      stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return (HubException) e.getCause();
    }
    throw new AssertionError("It did not fail.");
  }

  private <T> T onLoop(Supplier<CompletionStage<T>> call) throws Exception {
    return done(CompletableFuture.supplyAsync(call, loop).thenCompose(s -> s));
  }

  private <T> HubException failureOnLoop(Supplier<CompletionStage<T>> call)
      throws InterruptedException, TimeoutException {
    try {
      CompletableFuture.supplyAsync(call, loop).thenCompose(s -> s).get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      return (HubException) (cause instanceof CompletionException ? cause.getCause() : cause);
    }
    throw new AssertionError("It did not fail.");
  }

  private void close(TransportSession session) throws Exception {
    loop.execute(session::close);
    assertThat(done(session.ended())).isEmpty();
  }

  // Opening fails.

  @Test
  void isUnauthorizedWithAWrongKey() throws Exception {
    context.credential =
        TestContext.token(
            hub.hostName() + "/devices/dev-1",
            "AAAA" + device.primaryKey().substring(4),
            Instant.now().plusSeconds(60));

    HubException refusal = failure(opening(MqttOptions.defaults()).outcome());

    assertThat(refusal).isInstanceOf(UnauthorizedException.class).hasMessageContaining("CONNACK 5");
    assertThat(refusal.progress()).isEqualTo(Progress.NOT_SENT);
    assertThat(refusal.toString()).doesNotContain("SharedAccessSignature");
  }

  @Test
  void isUnreachableWhenTheHubIsUnavailable() throws Exception {
    hub.faults().add(Fault.refuse(3));
    HubException failure = failure(opening(MqttOptions.defaults()).outcome());
    assertThat(failure)
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.OPEN));
  }

  @Test
  void verifiesTheHostName() throws Exception {
    hub.close();
    hub =
        LocalHub.start(LocalHubOptions.defaults().serverCertificate(ServerCertificate.wrongHost()));
    context = contextOf(hub.createDevice("dev-1"));
    HubException failure = failure(opening(MqttOptions.defaults()).outcome());
    assertThat(failure)
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.TLS))
        .hasMessageContaining("is not who was dialled");
  }

  @Test
  void givesUpOpeningInTime() throws Exception {
    hub.faults().add(Fault.stall().onConnect());
    context.openTimeout = Duration.ofMillis(400);
    HubException failure = failure(opening(MqttOptions.defaults()).outcome());
    assertThat(failure).hasMessageContaining("did not answer CONNECT within 400 ms");
  }

  @Test
  void cannotCarryAWildcardInAnId() throws Exception {
    context.identity = dev.fairlead.DeviceIdentity.device("dev+1");
    assertThat(failure(opening(MqttOptions.defaults()).outcome()))
        .isInstanceOf(UnsupportedException.class);
  }

  @Test
  void abortsAnOpening() throws Exception {
    hub.faults().add(Fault.stall().onConnect());
    Opening<TransportSession> opening = opening(MqttOptions.defaults());
    await().until(() -> hub.connectionCount() > 0);
    opening.abort();
    opening.abort();
    assertThat(failure(opening.outcome())).hasMessageContaining("cut by this client");
    await().until(() -> threadsOf("dev-1").isEmpty());
  }

  @Test
  void abortsAnOpeningThatIsStuckInALookUp() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    Opening<TransportSession> opening =
        opening(
            MqttOptions.builder()
                .dialer(
                    new Dialer()
                        .resolver(
                            host -> {
                              asked.countDown();
                              try {
                                answer.await();
                              } catch (InterruptedException e) {
                                throw new UnknownHostException(host);
                              }
                              return List.of(InetAddress.getLoopbackAddress());
                            }))
                .build());
    asked.await();
    opening.abort();
    assertThat(failure(opening.outcome())).hasMessageContaining("cut by this client");
    assertThat(threadsOf("dev-1")).hasSize(1);
    answer.countDown();
    await().until(() -> threadsOf("dev-1").isEmpty());
    assertThat(hub.connectionCount()).isZero();
  }

  // Telemetry.

  @Test
  void sendsTelemetry() throws Exception {
    TransportSession session = open();
    TelemetryMessage message =
        TelemetryMessage.builder()
            .json("{\"t\":21}")
            .messageId("m-1")
            .correlationId("c-1")
            .property("room", "höhle / 7 & more=+%")
            .property("empty", "")
            .build();

    done(context.outbox.send(message).outcome);

    TelemetryRecord record = hub.telemetry().await(1, SECONDS).get(0);
    assertThat(record.bodyAsText()).isEqualTo("{\"t\":21}");
    assertThat(record.properties())
        .containsEntry("room", "höhle / 7 & more=+%")
        .containsEntry("empty", "");
    assertThat(record.systemProperties())
        .containsEntry("message-id", "m-1")
        .containsEntry("content-type", "application/json");
    close(session);
  }

  @Test
  void sendsInOrderAndKeepsToItsWindow() throws Exception {
    TransportSession session = open(MqttOptions.builder().window(5, 100_000).build());
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      all.add(context.outbox.send("m" + i).outcome);
    }
    for (CompletableFuture<Void> one : all) {
      done(one);
    }
    List<TelemetryRecord> records = hub.telemetry().await(2000, SECONDS);
    for (int i = 0; i < 2000; i++) {
      assertThat(records.get(i).bodyAsText()).isEqualTo("m" + i);
    }
    assertThat(context.outbox.mostTaken()).isLessThanOrEqualTo(5);
    close(session);
  }

  @Test
  void sendsOneAtATimeInStrictOrder() throws Exception {
    context.strictOrder = true;
    TransportSession session = open();
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      all.add(context.outbox.send("m" + i).outcome);
    }
    for (CompletableFuture<Void> one : all) {
      done(one);
    }
    assertThat(context.outbox.mostTaken()).isEqualTo(1);
    close(session);
  }

  @Test
  void sendsTheLargestMessage() throws Exception {
    TransportSession session = open();
    done(context.outbox.send(TelemetryMessage.of(new byte[TelemetryMessage.MAX_BYTES])).outcome);
    close(session);
  }

  @Test
  void refusesOnlyTheMessageWhoseTopicIsTooLong() throws Exception {
    TransportSession session = open();
    TelemetryMessage.Builder builder = TelemetryMessage.builder();
    for (int i = 0; i < 5; i++) {
      builder.property("p" + i, "ü".repeat(3000));
    }
    CompletableFuture<Void> bad = context.outbox.send(builder.build()).outcome;
    CompletableFuture<Void> good = context.outbox.send("fine").outcome;

    assertThat(failure(bad))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("at most 65535");
    done(good);
    close(session);
  }

  @Test
  void sendsAsAModule() throws Exception {
    Device module = device.createModule("mod-a");
    context.identity = dev.fairlead.DeviceIdentity.module("dev-1", "mod-a");
    context.credential =
        TestContext.token(
            hub.hostName() + "/devices/dev-1/modules/mod-a",
            module.primaryKey(),
            Instant.now().plusSeconds(60));
    TransportSession session = open();
    done(context.outbox.send(TelemetryMessage.builder().outputName("out").build()).outcome);
    assertThat(hub.telemetry().await(1, SECONDS).get(0).moduleId()).contains("mod-a");
    close(session);
  }

  @Test
  void opensWithACertificate() throws Exception {
    dev.fairlead.localhub.ClientIdentity client = hub.issueClientCertificate("dev-x");
    hub.createDevice("dev-x", DeviceAuth.signedByCa());
    context.identity = dev.fairlead.DeviceIdentity.device("dev-x");
    context.credential = new Credential.Certificate(client.chain(), client.key());
    TransportSession session = open();
    done(context.outbox.send("x").outcome);
    close(session);
  }

  // Cloud-to-device messages.

  @Test
  void receivesAndCompletesCloudMessages() throws Exception {
    TransportSession session = open();
    SentMessage sent =
        device.sendCloudMessage(
            CloudToDeviceMessage.of("hello")
                .withMessageId("m-1")
                .withProperty("a", "")
                .withProperty("b", "ü&="));
    await().until(() -> context.cloudMessages.size() == 1);
    dev.fairlead.CloudMessage message = context.cloudMessages.get(0);
    assertThat(message.text()).isEqualTo("hello");
    assertThat(message.messageId()).contains("m-1");
    assertThat(message.properties()).containsEntry("a", "").containsEntry("b", "ü&=");
    assertThat(message.systemProperties().get(SystemProperty.TO)).contains("devicebound");

    done(message.complete());

    await().until(() -> sent.state() == DeliveryState.COMPLETED);
    assertThat(failure(message.complete())).isInstanceOf(RejectedException.class);
    close(session);
  }

  @Test
  void receivesWhatCameWhileOffline() throws Exception {
    close(open());
    for (int i = 0; i < 20; i++) {
      device.sendCloudMessage(CloudToDeviceMessage.of("m" + i));
    }
    TransportSession session = open();
    await().until(() -> context.cloudMessages.size() == 20);
    for (int i = 0; i < 20; i++) {
      assertThat(context.cloudMessages.get(i).text()).isEqualTo("m" + i);
      done(context.cloudMessages.get(i).complete());
    }
    await().until(() -> device.queuedCloudMessages() == 0);
    close(session);
  }

  @Test
  void neitherAbandonsNorRejects() throws Exception {
    TransportSession session = open();
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    await().until(() -> context.cloudMessages.size() == 1);
    dev.fairlead.CloudMessage message = context.cloudMessages.get(0);

    assertThat(failure(message.abandon())).isInstanceOf(UnsupportedException.class);
    assertThat(failure(message.reject())).isInstanceOf(UnsupportedException.class);

    assertThat(sent.state()).isEqualTo(DeliveryState.INVISIBLE);
    done(message.complete());
    await().until(() -> sent.state() == DeliveryState.COMPLETED);
    assertThat(new MqttTransport().offer().routes().get(0).capabilities())
        .doesNotContain(Capability.ABANDON, Capability.REJECT);
    close(session);
  }

  @Test
  void acknowledgesInTheOrderOfDelivery() throws Exception {
    TransportSession session = open();
    List<SentMessage> sent = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      sent.add(device.sendCloudMessage(CloudToDeviceMessage.of("m" + i)));
    }
    await().until(() -> context.cloudMessages.size() == 3);

    CompletionStage<Void> third = context.cloudMessages.get(2).complete();
    CompletionStage<Void> second = context.cloudMessages.get(1).complete();
    done(context.outbox.send("a round trip").outcome);
    assertThat(third.toCompletableFuture()).isNotDone();
    assertThat(sent.get(2).state()).isEqualTo(DeliveryState.INVISIBLE);

    done(context.cloudMessages.get(0).complete());
    done(second);
    done(third);
    await().until(() -> device.queuedCloudMessages() == 0);
    close(session);
  }

  @Test
  void asksOnceForANewSessionWhenALockTimeIsOver() throws Exception {
    TransportSession session = open(MqttOptions.builder().lockTime(Duration.ofMillis(300)).build());
    device.sendCloudMessage(CloudToDeviceMessage.of("held"));
    device.sendCloudMessage(CloudToDeviceMessage.of("held too"));
    await().until(() -> context.reopenings.size() == 1);
    await().until(() -> loop.pending() <= 1);

    HubException late = failure(context.cloudMessages.get(0).complete());

    assertThat(late).isInstanceOf(RejectedException.class).hasMessageContaining("lock time");
    assertThat(context.reopenings).hasSize(1);
    close(session);
    assertThat(failure(context.cloudMessages.get(1).complete()))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void unsubscribesWhatNobodyWantsAnyMore() throws Exception {
    close(open());
    context.feeds = Set.of(Feed.DESIRED_PROPERTIES);
    TransportSession session = open();
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("for later"));
    done(context.outbox.send("a round trip").outcome);
    assertThat(context.cloudMessages).isEmpty();
    assertThat(sent.state()).isEqualTo(DeliveryState.ENQUEUED);
    close(session);
  }

  // Methods and twin.

  @Test
  void answersMethods() throws Exception {
    TransportSession session = open();
    CompletableFuture<MethodResult> result =
        device.invokeMethod("reboot", "{\"in\":5}", Duration.ZERO, SECONDS);
    await().until(() -> context.replies.size() == 1);
    assertThat(context.methodCalls.get(0).name()).isEqualTo("reboot");
    assertThat(context.methodCalls.get(0).payload()).isEqualTo("{\"in\":5}");

    done(context.replies.get(0).respond(new MethodResponse(202, "\"soon\"")));

    assertThat(done(result)).isEqualTo(new MethodResult(202, "\"soon\""));
    assertThat(failure(context.replies.get(0).respond(MethodResponse.of(200))))
        .isInstanceOf(RejectedException.class);
    close(session);
    assertThat(failure(context.replies.get(0).respond(MethodResponse.of(200))))
        .isInstanceOf(HubException.class);
  }

  @Test
  void readsAndReportsTheTwin() throws Exception {
    TransportSession session = open();
    long version = onLoop(() -> session.twin().orElseThrow().report("{\"fw\":\"1.2\"}"));
    assertThat(version).isEqualTo(device.twin().reportedVersion());
    assertThat(onLoop(() -> session.twin().orElseThrow().get()))
        .contains("\"fw\":\"1.2\"")
        .contains("desired");

    device.updateDesired("{\"interval\":10}");
    await().until(() -> context.desiredChanges.size() == 1);
    assertThat(context.desiredChanges.get(0)).contains("\"interval\":10").contains("$version");
    close(session);
  }

  @Test
  void saysWhyAReportIsRefused() throws Exception {
    TransportSession session = open();
    HubException refusal =
        failureOnLoop(
            () -> session.twin().orElseThrow().report("{\"a\":\"" + "x".repeat(5000) + "\"}"));
    assertThat(refusal)
        .isInstanceOfSatisfying(RejectedException.class, e -> assertThat(e.code()).isNotEmpty())
        .hasMessageContaining("status 4");
    close(session);
    assertThat(failureOnLoop(() -> session.twin().orElseThrow().get()))
        .isInstanceOf(UnreachableException.class);
  }

  @Test
  void needsANewSessionForANewCredential() throws Exception {
    TransportSession session = open();
    assertThat(onLoop(() -> session.renew(context.credential))).isEqualTo(Renewal.NEEDS_REOPEN);
    close(session);
  }

  // The end.

  @Test
  void saysThatTheHubCutTheLine() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.drop().beforeAck());
    CompletableFuture<Void> message = context.outbox.send("x").outcome;

    Optional<HubException> end = done(session.ended());

    assertThat(end)
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class,
            e -> {
              assertThat(e.stage()).isEqualTo(Stage.CUT_BY_HUB);
              assertThat(e.progress()).isEqualTo(Progress.MAYBE_SENT);
              assertThat(e).hasMessageContaining("took over").hasMessageContaining("too large");
            });
    assertThat(message).isNotDone();
  }

  @Test
  void saysThatTheHubResetTheLine() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.reset().beforeAck());
    context.outbox.send("x");
    assertThat(done(session.ended()))
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.CUT_BY_HUB));
  }

  @Test
  void endsAtAForgedLength() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.hugeLength().beforeAck());
    context.outbox.send("x");
    assertThat(done(session.ended()))
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.SESSION))
        .asString()
        .contains("claims to be");
  }

  @Test
  void noticesADeadLineWhileSomethingWaits() throws Exception {
    TransportSession session =
        open(MqttOptions.builder().ping(Duration.ofMillis(200), Duration.ofMillis(200)).build());
    hub.faults().add(Fault.stall().beforeAck());
    context.outbox.send("x");

    assertThat(done(session.ended()))
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class,
            e -> {
              assertThat(e.stage()).isEqualTo(Stage.SESSION);
              assertThat(e.progress()).isEqualTo(Progress.MAYBE_SENT);
              assertThat(e).hasMessageContaining("not even an answer to a ping");
            });
  }

  @Test
  void staysAliveWithNothingToSay() throws Exception {
    TransportSession session = open(MqttOptions.builder().keepAlive(Duration.ofSeconds(1)).build());
    // The hub ends a connection after one and a half keep-alive times of silence.
    await()
        .pollDelay(Duration.ofSeconds(3))
        .until(() -> !session.ended().toCompletableFuture().isDone());
    done(context.outbox.send("x").outcome);
    close(session);
  }

  @Test
  void waitsForAcknowledgementsWhenItCloses() throws Exception {
    TransportSession session = open();
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      all.add(context.outbox.send("m" + i).outcome);
    }
    loop.execute(session::close);
    loop.execute(session::close);
    assertThat(done(session.ended())).isEmpty();
    long accepted = all.stream().filter(CompletableFuture::isDone).count();
    assertThat(accepted + context.outbox.waiting()).isEqualTo(200);
    assertThat(hub.telemetry().count()).isEqualTo(accepted);
  }

  @Test
  void closesEvenIfTheHubIsSilent() throws Exception {
    TransportSession session =
        open(MqttOptions.builder().closeTimeout(Duration.ofMillis(200)).build());
    hub.faults().add(Fault.stall().beforeAck());
    CompletableFuture<Void> message = context.outbox.send("x").outcome;
    hub.telemetry().await(1, SECONDS);
    loop.execute(session::close);
    assertThat(done(session.ended())).isEmpty();
    assertThat(message).isNotDone();
  }

  @Test
  void abortsAtOnce() throws Exception {
    TransportSession session = open();
    loop.execute(session::abort);
    loop.execute(session::abort);
    assertThat(done(session.ended())).get().asString().contains("cut by this client");
  }

  @Test
  void livesOnThreeThreads() throws Exception {
    TransportSession session = open();
    await().until(() -> threadsOf("dev-1").size() == 3);
    assertThat(
            Thread.getAllStackTraces().keySet().stream()
                .filter(t -> threadsOf("dev-1").contains(t.getName())))
        .allMatch(Thread::isDaemon);
    close(session);
    await().until(() -> threadsOf("dev-1").isEmpty());
  }

  @Test
  void failsTwinRequestsWhenItEnds() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.stall().beforeAck());
    context.outbox.send("now the hub falls silent");
    hub.telemetry().await(1, SECONDS);
    CompletableFuture<String> twin = new CompletableFuture<>();
    loop.execute(
        () -> {
          session
              .twin()
              .orElseThrow()
              .get()
              .whenComplete(
                  (text, failed) -> {
                    if (failed == null) {
                      twin.complete(text);
                    } else {
                      twin.completeExceptionally(failed);
                    }
                  });
          session.abort();
        });
    assertThat(failure(twin)).isInstanceOf(UnreachableException.class);
    assertThat(done(session.ended())).isPresent();
  }

  @Test
  void tellsTheHubWhoItIs() {
    context.modelId = Optional.of("dtmi:com:example;1");
    assertThat(MqttOpening.userName(context))
        .isEqualTo(
            hub.hostName()
                + "/dev-1/?api-version=2021-04-12&DeviceClientType="
                + "fairlead%2Ftest%20%28java%2017%3B%20%C3%BC%29&model-id=dtmi%3Acom%3Aexample%3B1");
  }
}
