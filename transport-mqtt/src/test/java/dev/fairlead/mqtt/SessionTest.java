package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ServerCertificate;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import dev.fairlead.tck.Target;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Opening a session, telemetry, and the end. */
class SessionTest extends SessionCase {
  // Opening fails.

  @Test
  void isUnauthorizedWithAWrongKey() throws Exception {
    Target right = target(hub, device, port(hub));
    Secret wrong = Secret.of("AAAA" + device.primaryKey().substring(4));
    context =
        contextOf(new Target(right.hubHost(), right.identity(), wrong, right.endpoint())).build();

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
    start(LocalHubOptions.defaults().serverCertificate(ServerCertificate.wrongHost()));
    HubException failure = failure(opening(MqttOptions.defaults()).outcome());
    assertThat(failure)
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.TLS))
        .hasMessageContaining("is not the host that was dialled");
  }

  @Test
  void cannotCarryAWildcardInAnId() throws Exception {
    Target target = target(hub, device, port(hub));
    context =
        contextOf(
                new Target(
                    target.hubHost(),
                    DeviceIdentity.device("dev+1"),
                    target.key(),
                    target.endpoint()))
            .build();
    assertThat(failure(opening(MqttOptions.defaults()).outcome()))
        .isInstanceOf(UnsupportedException.class);
  }

  /** Paho would write the length modulo 65536, and the rest as the next field. */
  @Test
  void cannotCarryALongUserName() throws Exception {
    context = contextOf(device).modelId("dtmi:" + "x".repeat(65_535) + ";1").build();
    assertThat(failure(opening(MqttOptions.defaults()).outcome()))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContaining("user name")
        .hasMessageContaining("at most 65535");
    assertThat(hub.connectionCount()).isZero();
  }

  @Test
  void cannotCarryALongToken() throws Exception {
    context =
        contextOf(device)
            .credential(new Credential.Token(Secret.of("x".repeat(65_536)), Instant.MAX))
            .build();
    assertThat(failure(opening(MqttOptions.defaults()).outcome()))
        .isInstanceOf(UnsupportedException.class)
        .hasMessageContaining("token takes 65536 bytes");
  }

  /** The largest will arrives whole, and the rest of CONNECT as well. */
  @Test
  void leavesALargeWill() throws Exception {
    byte[] body = new byte[65_535];
    body[65_534] = 7;
    TransportSession session = open(MqttOptions.builder().will(TelemetryMessage.of(body)).build());
    loop.execute(session::abort);
    done(session.ended());
    assertThat(hub.telemetry().await(1, SECONDS).get(0).body()).isEqualTo(body);
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

    done(outbox.add(message).outcome());

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
      all.add(outbox.add("m" + i).outcome());
    }
    for (CompletableFuture<Void> one : all) {
      done(one);
    }
    List<TelemetryRecord> records = hub.telemetry().await(2000, SECONDS);
    for (int i = 0; i < 2000; i++) {
      assertThat(records.get(i).bodyAsText()).isEqualTo("m" + i);
    }
    assertThat(outbox.mostUnderWay()).isLessThanOrEqualTo(5);
    close(session);
  }

  @Test
  void sendsOneAtATimeInStrictOrder() throws Exception {
    context = contextOf(device).strictOrder(true).build();
    TransportSession session = open();
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      all.add(outbox.add("m" + i).outcome());
    }
    for (CompletableFuture<Void> one : all) {
      done(one);
    }
    assertThat(outbox.mostUnderWay()).isEqualTo(1);
    close(session);
  }

  /** What fills the 256 KB of a packet is sent; a byte more would make the cloud cut. */
  @Test
  void sendsTheLargestPacketAndRefusesALargerOne() throws Exception {
    TransportSession session = open();
    int around = 1 + 3 + 2 + "devices/dev-1/messages/events/".length() + 2;
    int largest = TelemetryMessage.MAX_BYTES - around;
    CompletableFuture<Void> fits = outbox.add(TelemetryMessage.of(new byte[largest])).outcome();
    CompletableFuture<Void> over = outbox.add(TelemetryMessage.of(new byte[largest + 1])).outcome();
    CompletableFuture<Void> next = outbox.add("next").outcome();

    done(fits);
    assertThat(failure(over))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("takes 262145 bytes as an MQTT packet");
    done(next);
    close(session);
  }

  @Test
  void refusesOnlyTheMessageWhoseTopicIsTooLong() throws Exception {
    TransportSession session = open();
    TelemetryMessage.Builder builder = TelemetryMessage.builder();
    for (int i = 0; i < 5; i++) {
      builder.property("p" + i, "ü".repeat(3000));
    }
    CompletableFuture<Void> bad = outbox.add(builder.build()).outcome();
    CompletableFuture<Void> good = outbox.add("fine").outcome();

    assertThat(failure(bad))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("at most 65535");
    done(good);
    close(session);
  }

  @Test
  void sendsAsAModule() throws Exception {
    Device module = device.createModule("mod-a");
    context = contextOf(module).build();
    TransportSession session = open();
    done(outbox.add(TelemetryMessage.builder().outputName("out").build()).outcome());
    assertThat(hub.telemetry().await(1, SECONDS).get(0).moduleId()).contains("mod-a");
    close(session);
  }

  @Test
  void opensWithACertificate() throws Exception {
    ClientIdentity shown = hub.selfSignedClientCertificate("dev-x");
    Endpoint endpoint = target(hub, device, port(hub)).endpoint();
    hub.createDevice("dev-x", DeviceAuth.thumbprintOf(shown.certificate()));
    context =
        contextOf(
                new Target(
                    hub.hostName(),
                    DeviceIdentity.device("dev-x"),
                    Secret.of("bm9uZQ=="),
                    endpoint))
            .credential(new Credential.Certificate(shown.chain(), shown.key()))
            .build();
    TransportSession session = open();
    done(outbox.add("x").outcome());
    close(session);
  }

  @Test
  void needsANewSessionForANewCredential() throws Exception {
    TransportSession session = open();
    assertThat(onLoop(() -> session.renew(context.credential()))).isEqualTo(Renewal.NEEDS_REOPEN);
    close(session);
  }

  // The end.

  @Test
  void saysThatTheHubCutTheConnection() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.drop().beforeAck());
    CompletableFuture<Void> message = outbox.add("x").outcome();

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
  void saysThatTheHubResetTheConnection() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.reset().beforeAck());
    outbox.add("x");
    assertThat(done(session.ended()))
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.CUT_BY_HUB));
  }

  @Test
  void endsAtAForgedLength() throws Exception {
    TransportSession session = open();
    hub.faults().add(Fault.hugeLength().beforeAck());
    outbox.add("x");
    assertThat(done(session.ended()))
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class, e -> assertThat(e.stage()).isEqualTo(Stage.SESSION))
        .asString()
        .contains("claims to be");
  }

  @Test
  void noticesADeadConnectionWhileSomethingIsOwed() throws Exception {
    TransportSession session =
        open(MqttOptions.builder().ping(Duration.ofMillis(200), Duration.ofMillis(200)).build());
    hub.faults().add(Fault.stall().beforeAck());
    outbox.add("x");

    assertThat(done(session.ended()))
        .get()
        .isInstanceOfSatisfying(
            UnreachableException.class,
            e -> {
              assertThat(e.stage()).isEqualTo(Stage.NETWORK);
              assertThat(e.progress()).isEqualTo(Progress.MAYBE_SENT);
              assertThat(e)
                  .hasMessageContaining("not even an answer to a ping")
                  .hasMessageContaining("the acknowledgement of 1 message");
            });
  }

  @Test
  void staysAliveWithNothingToSay() throws Exception {
    TransportSession session = open(MqttOptions.builder().keepAlive(Duration.ofSeconds(1)).build());
    // The hub ends a connection after one and a half keep-alive times of silence.
    await()
        .pollDelay(Duration.ofSeconds(3))
        .until(() -> !session.ended().toCompletableFuture().isDone());
    done(outbox.add("x").outcome());
    close(session);
  }

  @Test
  void waitsForAcknowledgementsWhenItCloses() throws Exception {
    TransportSession session = open();
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      all.add(outbox.add("m" + i).outcome());
    }
    loop.execute(session::close);
    loop.execute(session::close);
    assertThat(done(session.ended())).isEmpty();
    long accepted = all.stream().filter(CompletableFuture::isDone).count();
    assertThat(accepted + outbox.waiting()).isEqualTo(200);
    assertThat(hub.telemetry().count()).isEqualTo(accepted);
  }

  /** The client times the closing; without it, a closing session ends as an open one would. */
  @Test
  void aClosingSessionNoticesADeadConnection() throws Exception {
    TransportSession session =
        open(MqttOptions.builder().ping(Duration.ofMillis(200), Duration.ofMillis(200)).build());
    hub.faults().add(Fault.stall().beforeAck());
    CompletableFuture<Void> message = outbox.add("x").outcome();
    hub.telemetry().await(1, SECONDS);
    loop.execute(session::close);
    assertThat(done(session.ended())).get().asString().contains("not even an answer to a ping");
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
  void namesItselfToTheHub() {
    context =
        contextOf(device)
            .modelId("dtmi:com:example;1")
            .userAgent("fairlead/test (java 17; ü)")
            .build();
    assertThat(MqttOpening.userName(context))
        .isEqualTo(
            hub.hostName()
                + "/dev-1/?api-version=2021-04-12&DeviceClientType="
                + "fairlead%2Ftest%20%28java%2017%3B%20%C3%BC%29&model-id=dtmi%3Acom%3Aexample%3B1");
  }
}
