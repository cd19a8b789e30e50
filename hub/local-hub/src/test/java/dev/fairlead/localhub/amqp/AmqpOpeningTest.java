package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.localhub.UndocumentedAmqpBehavior;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.mqtt.RawPeer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Sasl;
import org.apache.qpid.proton.engine.Sender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AmqpOpeningTest {

  private static final byte[] HEADER = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};

  private final LocalHub hub =
      LocalHub.start(LocalHubOptions.defaults().hostName("hub.example.net"));
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"AMQP\u0002\u0001\u0000\u0000", "AMQP\u0000\u0001\u0000\u0001", "GET / HTTP/1.1"})
  void answersAWrongHeaderWithTheRightOneAndCloses(String first) throws IOException {
    try (AmqpPeer.Wire wire = AmqpPeer.tls(hub, null)) {
      wire.write(first.getBytes(StandardCharsets.ISO_8859_1));
      assertThat(readToEnd(wire)).isEqualTo(HEADER);
    }
  }

  @Test
  void closesAConnectionThatNeverOpens() throws IOException {
    try (LocalHub impatient =
            LocalHub.start(LocalHubOptions.defaults().idleBeforeConnect(Duration.ofMillis(200)));
        AmqpPeer.Wire wire = AmqpPeer.tls(impatient, null)) {
      wire.write(HEADER);
      assertThat(readToEnd(wire)).isEqualTo(HEADER);
    }
  }

  private static byte[] readToEnd(AmqpPeer.Wire wire) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] some = wire.read(); some.length > 0; some = wire.read()) {
      all.writeBytes(some);
    }
    return all.toByteArray();
  }

  @Test
  void introducesItselfAsTheHubDoes() throws IOException {
    try (AmqpPeer peer = AmqpPeer.bare(AmqpPeer.tls(hub, null)).open()) {
      assertThat(peer.connection().getRemoteContainer()).matches("DeviceGateway_[0-9a-f]{32}");
      assertThat(peer.transport().getRemoteIdleTimeout()).isEqualTo(240_000);
      assertThat(peer.transport().getRemoteMaxFrameSize()).isEqualTo(65_536);
    }
  }

  @Test
  void offersTheHubsMechanisms() throws IOException {
    try (AmqpPeer peer = AmqpPeer.sasl(AmqpPeer.tls(hub, null), "ANONYMOUS").open()) {
      assertThat(peer.transport().sasl().getRemoteMechanisms())
          .containsExactly("EXTERNAL", "MSSBCBS", "ANONYMOUS", "PLAIN");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"EXTERNAL", "SCRAM-SHA-256"})
  void refusesMechanismsThatProveNothing(String mechanism) throws IOException {
    try (AmqpPeer peer = AmqpPeer.sasl(AmqpPeer.tls(hub, null), mechanism).open()) {
      expectRefusal(peer);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev-1",
        "dev-1@sas.hub.example.net",
        "dev-1@sas.other",
        "dev-2@sas.hub",
        "@sas.hub",
        "device@sas.root.hub",
        "iothubowner@sas.root.hub"
      })
  void refusesPlainUsersThatAreNotTheTokens(String user) throws IOException {
    String token = AmqpPeer.token(hub, device, Instant.now().plusSeconds(600));
    try (AmqpPeer peer = AmqpPeer.plain(AmqpPeer.tls(hub, null), user, token).open()) {
      expectRefusal(peer);
    }
  }

  @Test
  void refusesAPlainTokenThatHasRunOut() throws IOException {
    String token = AmqpPeer.token(hub, device, Instant.now().minusSeconds(1));
    try (AmqpPeer peer = AmqpPeer.plain(AmqpPeer.tls(hub, null), "dev-1@sas.hub", token).open()) {
      expectRefusal(peer);
    }
  }

  private static void expectRefusal(AmqpPeer peer) {
    assertThat(peer.hasEnded()).isTrue();
    assertThat(peer.transport().sasl().getOutcome()).isEqualTo(Sasl.PN_SASL_AUTH);
    assertThat(peer.connection().getRemoteState()).isEqualTo(EndpointState.UNINITIALIZED);
  }

  @Test
  void takesDevicesModulesAndPoliciesByPlain() throws IOException {
    Device module = device.createModule("m");
    Instant end = Instant.now().plusSeconds(600);
    sendByPlain("dev-1@sas.hub", AmqpPeer.token(hub, device, end), "/devices/dev-1");
    sendByPlain(
        "dev-1/modules/m@sas.hub", AmqpPeer.token(hub, module, end), "/devices/dev-1/modules/m");
    String policy = RawPeer.token("hub.example.net", hub.policyKey("device"), end, "device");
    sendByPlain("device@sas.root.hub", policy, "/devices/dev-1");
    assertThat(hub.telemetry().await(3, Duration.ofSeconds(10)))
        .extracting(TelemetryRecord::moduleId)
        .extracting(id -> id.orElse("-"))
        .containsExactly("-", "m", "-");
  }

  private void sendByPlain(String user, String token, String path) throws IOException {
    try (AmqpPeer peer = AmqpPeer.plain(AmqpPeer.tls(hub, null), user, token).open()) {
      Sender link = peer.sender(path + "/messages/events");
      assertThat(peer.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
    }
  }

  @Test
  void aPlainUserIsNobodyElse() throws IOException {
    hub.createDevice("dev-2");
    String token = AmqpPeer.token(hub, device, Instant.now().plusSeconds(600));
    try (AmqpPeer peer = AmqpPeer.plain(AmqpPeer.tls(hub, null), "dev-1@sas.hub", token).open()) {
      Sender link = peer.sender("/devices/dev-2/messages/events");
      assertThat(peer.detached(link).getCondition().toString())
          .isEqualTo("amqp:unauthorized-access");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bare", "EXTERNAL", "ANONYMOUS"})
  void takesAClientCertificateWithoutToken(String opening) throws IOException {
    ClientIdentity identity = hub.issueClientCertificate("dev-x");
    hub.createDevice("dev-x", DeviceAuth.signedByCa());
    AmqpPeer.Wire wire = AmqpPeer.tls(hub, identity);
    try (AmqpPeer peer =
        (opening.equals("bare") ? AmqpPeer.bare(wire) : AmqpPeer.sasl(wire, opening)).open()) {
      Sender link = peer.sender("/devices/dev-x/messages/events");
      assertThat(peer.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      Sender foreign = peer.sender("/devices/dev-1/messages/events");
      assertThat(peer.detached(foreign).getCondition().toString())
          .isEqualTo("amqp:unauthorized-access");
    }
    assertThat(hub.telemetry().received().get(0).systemProperties().toString()).contains("x509");
  }

  @Test
  void aCertificateSpeaksForOneIdentity() throws IOException {
    ClientIdentity identity = hub.selfSignedClientCertificate("dev-x");
    hub.createDevice("dev-x", DeviceAuth.thumbprintOf(identity.certificate()));
    hub.createDevice("dev-y", DeviceAuth.thumbprintOf(identity.certificate()));
    try (AmqpPeer peer = AmqpPeer.bare(AmqpPeer.tls(hub, identity)).open()) {
      Sender link = peer.sender("/devices/dev-x/messages/events");
      assertThat(peer.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
      Sender second = peer.sender("/devices/dev-y/messages/events");
      assertThat(peer.detached(second).getCondition().toString())
          .isEqualTo("amqp:unauthorized-access");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCertificateCountsOverWebSocketsOnlyIfTheHubIsToldSo(boolean taken) throws IOException {
    UndocumentedBehavior points =
        UndocumentedBehavior.builder()
            .amqp(UndocumentedAmqpBehavior.builder().certificatesOverWebSockets(taken).build())
            .build();
    try (LocalHub other = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
      ClientIdentity identity = other.selfSignedClientCertificate("dev-x");
      other.createDevice("dev-x", DeviceAuth.thumbprintOf(identity.certificate()));
      try (AmqpPeer peer = AmqpPeer.bare(AmqpPeer.webSocket(other, identity)).open()) {
        Sender link = peer.sender("/devices/dev-x/messages/events");
        if (taken) {
          assertThat(peer.send(link, AmqpPeer.message("x"))).isInstanceOf(Accepted.class);
        } else {
          assertThat(peer.detached(link).getCondition().toString())
              .isEqualTo("amqp:unauthorized-access");
        }
      }
    }
  }

  @Test
  void sendsEmptyFramesAndNoticesSilence() throws IOException {
    try (LocalHub strict =
            LocalHub.start(LocalHubOptions.defaults().amqpIdleTimeout(Duration.ofMillis(400)));
        AmqpPeer peer = AmqpPeer.bare(AmqpPeer.tls(strict, null)).idle(300).open()) {
      long before = peer.transport().getFramesInput();
      peer.until(() -> peer.transport().getFramesInput() > before); // An empty frame: a heartbeat.
      assertThat(peer.closed().getCondition().toString()).isEqualTo("amqp:resource-limit-exceeded");
      peer.awaitEnd();
    }
  }
}
