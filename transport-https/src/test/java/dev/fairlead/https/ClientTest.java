package dev.fairlead.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.Proxy;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Secret;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.auth.ClientCertificate;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.auth.Credentials;
import dev.fairlead.https.http.HttpLimits;
import dev.fairlead.https.http.HubHttp;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ServerCertificate;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.net.Dialer;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestProxy;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.Loop;
import dev.fairlead.tck.FakeTime;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.ScriptedOutbox;
import dev.fairlead.tck.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import okhttp3.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The client as an application has it, against the local hub. */
@Timeout(60)
class ClientTest {
  private static final Logger log = LoggerFactory.getLogger(ClientTest.class);
  private static final Duration SOON = Duration.ofSeconds(20);

  private static Endpoint endpoint(LocalHub hub) {
    return new Endpoint("localhost", hub.httpsPort(), Trust.only(List.of(hub.caCertificate())));
  }

  private static DeviceClientBuilder client(LocalHub hub, Device device) {
    return DeviceClient.builder(device.connectionString())
        .endpoint(Protocol.HTTPS, endpoint(hub))
        .policy(TransportPolicy.builder().only(Protocol.HTTPS).build())
        .retry(RetryPolicy.eager());
  }

  private static TelemetryMessage message(int size) {
    return TelemetryMessage.of("x".repeat(size).getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> threadsOf(String deviceId) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.contains(deviceId))
        .toList();
  }

  /** As the service loader finds it. */
  @Test
  void worksThroughCutsAndLeavesNothing() throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("dev-c");
      DeviceClient client = client(hub, device).build();
      client.open().get(20, TimeUnit.SECONDS);
      hub.faults().add(Fault.drop().beforeAck().nth(2).times(1));
      hub.faults().add(Fault.reset().beforeStore().nth(3).times(1));
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 75; i++) {
          byte[] body = Integer.toString(all.size()).getBytes(StandardCharsets.UTF_8);
          all.add(client.send(TelemetryMessage.of(body)));
        }
        all.get(all.size() - 1).get(30, TimeUnit.SECONDS);
      }
      for (CompletableFuture<Void> one : all) {
        one.get(30, TimeUnit.SECONDS);
      }
      List<String> firsts =
          hub.telemetry().received().stream().map(TelemetryRecord::bodyAsText).distinct().toList();
      assertThat(firsts).hasSize(300);
      assertThat(firsts)
          .isSortedAccordingTo((a, b) -> Integer.compare(Integer.parseInt(a), Integer.parseInt(b)));
      client.close();
      await().until(() -> threadsOf("dev-c").isEmpty());
    }
  }

  @Test
  void aCertificateStandsInPlaceOfAToken() throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      ClientIdentity identity = hub.selfSignedClientCertificate("dev-x");
      Device device = hub.createDevice("dev-x", DeviceAuth.thumbprintOf(identity.certificate()));
      DeviceClient client =
          DeviceClient.builder()
              .host(hub.hostName())
              .identity(DeviceIdentity.device("dev-x"))
              .credentials(
                  Credentials.certificate(
                      ClientCertificate.of(
                          CredentialKind.X509_THUMBPRINT, identity.chain(), identity.key())))
              .endpoint(Protocol.HTTPS, endpoint(hub))
              .policy(TransportPolicy.builder().only(Protocol.HTTPS).build())
              .build();
      client.blocking(SOON).open();
      client.blocking(SOON).send(message(10));
      assertThat(hub.telemetry().receivedFrom(device.deviceId())).hasSize(1);
      client.close();
    }
  }

  // --- the peer ---

  static Stream<Arguments> flawed() {
    return Stream.of(
        Arguments.of(ServerCertificate.wrongHost(), "is not the host that was dialled"),
        Arguments.of(ServerCertificate.expired(), "has expired"),
        Arguments.of(ServerCertificate.notYetValid(), "is not valid yet"),
        Arguments.of(ServerCertificate.selfSigned(), "is self-signed"),
        Arguments.of(ServerCertificate.unknownCa(), "is unknown to the trust in use"));
  }

  @ParameterizedTest
  @MethodSource("flawed")
  void aServerThatCannotProveWhoItIsGetsNothing(ServerCertificate flawed, String words)
      throws Exception {
    try (LocalHub hub = LocalHub.start(LocalHubOptions.defaults().serverCertificate(flawed))) {
      Device device = hub.createDevice("dev-f");
      DeviceClient client = client(hub, device).build();
      CompletableFuture<Void> opening = client.open();
      ConnectionState failed = await().until(client::state, state -> state.cause().isPresent());
      assertThat(failed.cause())
          .get()
          .isInstanceOfSatisfying(
              UnreachableException.class,
              failure -> {
                assertThat(failure.stage()).isEqualTo(UnreachableException.Stage.TLS);
                assertThat(failure).hasMessageContaining(words);
              });
      assertThat(hub.https().count()).isZero();
      client.close();
      assertThat(opening).isCompletedExceptionally();
    }
  }

  @Test
  void aProxysRefusalIsAboutTheRoute() throws Exception {
    try (LocalHub hub = LocalHub.start();
        ScriptedPeer proxy =
            TestProxy.saying(
                "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n")) {
      Device device = hub.createDevice("dev-p");
      DeviceClient client =
          client(hub, device).proxy(Proxy.http("localhost", proxy.port())).build();
      CompletableFuture<Void> opening = client.open();
      ConnectionState failed = await().until(client::state, state -> state.cause().isPresent());
      assertThat(failed.cause())
          .get()
          .isInstanceOfSatisfying(
              UnreachableException.class,
              failure -> {
                assertThat(failure.stage()).isEqualTo(UnreachableException.Stage.PROXY);
                assertThat(failure).hasMessageContaining("407");
              });
      client.close();
      assertThat(opening).isCompletedExceptionally();
    }
  }

  @Test
  void throughAProxyThatWantsToKnowWhoAsks() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    try (LocalHub hub = LocalHub.start();
        ScriptedPeer proxy = TestProxy.http(hub.httpsPort(), asked, TestProxy.basic())) {
      Device device = hub.createDevice("dev-q");
      DeviceClient client =
          client(hub, device)
              .proxy(
                  Proxy.http("localhost", proxy.port())
                      .withCredentials(TestProxy.USER, Secret.of(TestProxy.PASSWORD)))
              .build();
      client.blocking(SOON).open();
      client.blocking(SOON).send(message(10));
      assertThat(asked).allMatch(head -> head.startsWith("CONNECT localhost:"));
      client.close();
    }
  }

  // --- clocks ---

  @Test
  void aWrongClockIsNamedByTheHubsDate() throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("dev-t");
      FakeTime time = new FakeTime(Instant.now().minus(Duration.ofDays(365)));
      DeviceClient client = client(hub, device).time(time).build();
      CompletableFuture<Void> opening = client.open();
      ConnectionState refused =
          await()
              .until(
                  () -> {
                    time.advance(Duration.ofSeconds(1));
                    return client.state();
                  },
                  ConnectionState.Unauthorized.class::isInstance);
      assertThat(refused.clockDoubt()).get().asString().contains("The hub's clock says 20");
      client.close();
      assertThat(opening).isNotNull();
    }
  }

  // --- what idling costs ---

  /** Polls at a fixed distance, and needs one alarm for it, as the real limiter does. */
  private record Every(Duration interval, Loop loop) implements PollLimiter {
    @Override
    public void whenAllowed(Runnable pollNow) {
      assertThat(loop.schedule(interval, pollNow)).isNotNull();
    }

    @Override
    public boolean stillAllowed() {
      return true;
    }

    @Override
    public void close() {
      // The test ends before the next poll.
    }
  }

  @Test
  void anIdleClientPollsOnceIn25MinutesAndDoesNothingElse() throws Exception {
    Duration interval = PollSchedule.MINIMUM;
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("dev-i");
      device.sendCloudMessage(CloudToDeviceMessage.of("hello"));
      FakeTime time = new FakeTime(Instant.now());
      List<CloudMessage> got = new CopyOnWriteArrayList<>();
      DeviceClient client =
          client(hub, device)
              .time(time)
              // A long-lived token: its renewal is another matter.
              .credentials(
                  Credentials.sharedAccessKey(Secret.of(device.primaryKey()), Duration.ofDays(1)))
              .transport(
                  new HttpsTransport(
                      HttpsOptions.defaults(), (host, identity, loop) -> new Every(interval, loop)))
              .onCloudMessage(
                  message -> {
                    got.add(message);
                    message.complete();
                  })
              .build();
      client.blocking(SOON).open();
      time.advance(Duration.ofMinutes(2)); // the client itself looks whether the session is stable
      assertThat(hub.https().requests()).hasSize(1);
      assertThat(time.untilNext()).hasValue(interval.minus(Duration.ofMinutes(2)));

      time.advance(interval.minus(Duration.ofMinutes(2)));
      await().until(() -> device.queuedCloudMessages() == 0);
      await().until(() -> hub.https().requests().size() == 4); // a proof, two GETs, one DELETE
      await().until(() -> time.untilNext().equals(Optional.of(interval)));
      assertThat(got).hasSize(1);

      time.advance(interval);
      await().until(() -> hub.https().requests().size() == 5); // nothing there: one GET
      await().until(() -> time.hasTaskIn(interval));
      assertThat(hub.https().cloudMessagePolls("dev-i")).hasSize(3);

      await().until(() -> threadsOf("dev-i").stream().noneMatch(name -> name.startsWith("HTTPS:")));
      log.info("Threads of an idle client: {}", threadsOf("dev-i"));
      assertThat(threadsOf("dev-i"))
          .as("the client's own")
          .allMatch(name -> name.startsWith("fairlead-"));
      client.close();
    }
  }

  // --- the bytes of a message on the wire, including TLS ---

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 100, 500})
  void bytesOfAMessageOfAHundredBytes(int together) throws Exception {
    try (LocalHub hub = LocalHub.start()) {
      Device device = hub.createDevice("dev-b");
      ScriptedOutbox outbox = new ScriptedOutbox();
      RecordingContext context =
          new RecordingContext(
              new Target(
                  hub.hostName(),
                  DeviceIdentity.device("dev-b"),
                  Secret.of(device.primaryKey()),
                  endpoint(hub)),
              Set.of(),
              outbox,
              false);
      HubHttp http =
          new HubHttp(
              "HTTPS: dev-b",
              new Dialer(),
              endpoint(hub),
              Optional.empty(),
              hub.hostName(),
              Duration.ofMinutes(1),
              context.loop()::schedule);
      try {
        DeviceRequests requests = new DeviceRequests(http.url(), context);
        HttpLimits limits = new HttpLimits(SOON, 1000);
        for (int i = 0; i < together; i++) {
          outbox.add(message(100));
        }
        List<DeviceEvent> events =
            context.outbox().take(together, 1 << 20, TelemetryBatch::size).stream()
                .map(DeviceEvent::of)
                .toList();
        http.send(requests.proof(), limits).toCompletableFuture().get(20, TimeUnit.SECONDS);
        long sent = http.bytesSent();
        long received = http.bytesReceived();
        Request request = together == 1 ? requests.event(events.get(0)) : requests.batch(events);
        assertThat(
                http.send(request, limits).toCompletableFuture().get(20, TimeUnit.SECONDS).status())
            .isEqualTo(204);
        double out = (http.bytesSent() - sent) / (double) together;
        double in = (http.bytesReceived() - received) / (double) together;
        log.info(
            "A message of 100 bytes, {} at once: {} bytes out and {} in for each; the connection and"
                + " its first request took {} and {}",
            together,
            out,
            in,
            sent,
            received);
        // A token alone is 180 bytes; more than a few lines in addition must not be added.
        assertThat(out).isLessThan(together == 1 ? 700 : 185 + 600.0 / together);
        assertThat(http.connections()).isEqualTo(1);
      } finally {
        http.abort();
        context.close();
      }
    }
  }
}
