package dev.fairlead.localhub.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.mqtt.RawPeer.Connect;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MqttConnectTest {

  private final ManualHubTime time = new ManualHubTime();
  private final LocalHub hub =
      LocalHub.start(
          LocalHubOptions.defaults()
              .time(time)
              .undocumented(
                  UndocumentedBehavior.builder().expiryGrace(Duration.ofMinutes(10)).build()));
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  private void expectRefused(Connect connect, int code) throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(connect);
      peer.expectConnack(code);
      peer.expectEnd();
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void welcomesADeviceWithItsOwnKey() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.expectNothingBeforePong();
      assertThat(device.isConnected()).isTrue();
      assertThat(device.connectionsSoFar()).isEqualTo(1);
    }
    await().until(() -> !device.isConnected());
  }

  @Test
  void welcomesTheSecondaryKeyToo() throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      String token =
          RawPeer.token(
              "localhost/devices/dev-1", device.secondaryKey(), Instant.now().plusSeconds(60));
      peer.send(Connect.as(hub, device).password(token));
      peer.expectConnack(0);
    }
  }

  @Test
  void refusesBadCredentialsWithCode5() throws IOException {
    Device other = hub.createDevice("dev-2");
    Instant soon = time.now().plusSeconds(600);
    Connect good = Connect.as(hub, device);
    expectRefused(good.password(null), 5);
    expectRefused(good.password("secret"), 5);
    expectRefused(
        good.password(RawPeer.token("localhost/devices/dev-1", other.primaryKey(), soon)), 5);
    expectRefused(
        good.password(RawPeer.token("localhost/devices/dev-2", device.primaryKey(), soon)), 5);
    expectRefused(
        good.password(RawPeer.token("localhost/devices/dev", device.primaryKey(), soon)), 5);
    expectRefused(
        good.password(RawPeer.token("elsewhere/devices/dev-1", device.primaryKey(), soon)), 5);
    expectRefused(Connect.as(hub, device, time.now().minusSeconds(2)), 5);
    expectRefused(good.userName("elsewhere/dev-1/?api-version=2021-04-12"), 5);
    expectRefused(good.userName("localhost/dev-2/?api-version=2021-04-12"), 5);
    expectRefused(good.userName("localhost/dev-1/?api-version=soon"), 5);
    expectRefused(good.userName(null), 5);
  }

  @Test
  void refusesUnknownAndDisabledDevicesWithCode5() throws IOException {
    Connect connect = Connect.as(hub, device);
    device.setEnabled(false);
    expectRefused(connect, 5);
    device.setEnabled(true);
    hub.deleteDevice("dev-1");
    expectRefused(connect, 5);
  }

  @Test
  void refusesOtherProtocolVersionsWithCode1() throws IOException {
    expectRefused(Connect.as(hub, device).level(5), 1);
    expectRefused(Connect.as(hub, device).level(9), 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost/dev-1/?api-version=2020-09-30&model-id=dtmi%3Aa%3Bb;1&DeviceClientType=x",
        "LOCALHOST/dev-1/?DeviceClientType=x%20y&api-version=2020-10-01-preview",
        "localhost/dev-1/api-version=2016-11-14",
        "localhost/dev-1/",
        "localhost/dev-1"
      })
  void takesEveryFormOfUserName(String userName) throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).userName(userName));
      peer.expectConnack(0);
    }
  }

  @Test
  void aPolicyKeyOpensDevicesIfItMayConnect() throws IOException {
    Instant soon = time.now().plusSeconds(600);
    String token = RawPeer.token("localhost/devices", hub.policyKey("device"), soon, "device");
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).password(token));
      peer.expectConnack(0);
    }
    Connect good = Connect.as(hub, device);
    expectRefused(
        good.password(RawPeer.token("localhost", hub.policyKey("service"), soon, "service")), 5);
    expectRefused(
        good.password(RawPeer.token("localhost", hub.policyKey("service"), soon, "device")), 5);
    expectRefused(
        good.password(RawPeer.token("localhost", hub.policyKey("device"), soon, "nobody")), 5);
  }

  @Test
  void aModuleConnectsWithItsOwnKeyOnly() throws IOException {
    Device module = device.createModule("mod-a");
    try (RawPeer peer = RawPeer.connected(hub, module)) {
      peer.expectNothingBeforePong();
    }
    String token =
        RawPeer.token("localhost/devices/dev-1", device.primaryKey(), time.now().plusSeconds(600));
    expectRefused(Connect.as(hub, module).password(token), 5);
  }

  @Test
  void certificatesAreKnownByThumbprint() throws IOException {
    ClientIdentity identity = hub.selfSignedClientCertificate("anything");
    Device byHash =
        hub.createDevice(
            "x1", DeviceAuth.thumbprints(identity.thumbprintSha1(), identity.thumbprintSha256()));
    try (RawPeer peer = RawPeer.open(hub, identity)) {
      peer.send(Connect.anonymous(hub, byHash.deviceId()));
      peer.expectConnack(0);
    }
    try (RawPeer stranger = RawPeer.open(hub, hub.selfSignedClientCertificate("anything"))) {
      stranger.send(Connect.anonymous(hub, byHash.deviceId()));
      stranger.expectConnack(5);
    }
    try (RawPeer naked = RawPeer.open(hub)) {
      naked.send(Connect.anonymous(hub, byHash.deviceId()));
      naked.expectConnack(5);
    }
  }

  @Test
  void certificatesOfTheCaAreKnownByTheirName() throws IOException {
    hub.createDevice("x2", DeviceAuth.signedByCa());
    try (RawPeer peer = RawPeer.open(hub, hub.issueClientCertificate("x2"))) {
      peer.send(Connect.anonymous(hub, "x2"));
      peer.expectConnack(0);
    }
    for (ClientIdentity wrong :
        new ClientIdentity[] {
          hub.issueClientCertificate("x3"), hub.selfSignedClientCertificate("x2")
        }) {
      try (RawPeer peer = RawPeer.open(hub, wrong)) {
        peer.send(Connect.anonymous(hub, "x2"));
        peer.expectConnack(5);
      }
    }
  }

  @Test
  void aDeviceWithACertificateMayNotShowATokenOrTheReverse() throws IOException {
    hub.createDevice("x2", DeviceAuth.signedByCa());
    String token =
        RawPeer.token("localhost/devices/x2", device.primaryKey(), time.now().plusSeconds(600));
    expectRefused(Connect.anonymous(hub, "x2").password(token), 5);
    try (RawPeer peer = RawPeer.open(hub, hub.issueClientCertificate("dev-1"))) {
      peer.send(Connect.anonymous(hub, "dev-1"));
      peer.expectConnack(5);
    }
  }

  @Test
  void closesWhatIsNotAConnect() throws IOException {
    for (byte[] first :
        new byte[][] {{(byte) 0xc0, 0}, {0x00, 0}, RawPeer.publishPacket("a", new byte[0], 0, 0)}) {
      try (RawPeer peer = RawPeer.open(hub)) {
        peer.send(first);
        peer.expectEnd();
      }
    }
  }

  @Test
  void closesAClientThatSaysNothing() throws IOException {
    LocalHubOptions impatient = LocalHubOptions.defaults().idleBeforeConnect(Duration.ofSeconds(2));
    try (LocalHub other = LocalHub.start(impatient);
        RawPeer peer = RawPeer.open(other)) {
      peer.expectEnd();
      await().until(() -> other.connectionCount() == 0);
    }
  }

  @Test
  void closesOnASecondConnect() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.send(Connect.as(hub, device));
      peer.expectEnd();
    }
  }

  @Test
  void theNewerConnectionOfAnIdentityWins() throws IOException {
    try (RawPeer first = RawPeer.connected(hub, device);
        RawPeer second = RawPeer.connected(hub, device)) {
      first.expectEnd();
      second.expectNothingBeforePong();
      assertThat(device.isConnected()).isTrue();
      assertThat(device.connectionsSoFar()).isEqualTo(2);
    }
  }

  @Test
  void closesWhenTheTokenIsOverAndTheGraceToo() throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device, time.now().plusSeconds(300)));
      peer.expectConnack(0);
      time.advance(Duration.ofSeconds(300 + 595));
      peer.expectNothingBeforePong();
      time.advance(Duration.ofSeconds(6));
      peer.expectEnd();
    }
  }

  @Test
  void closesWhenTheIdentityLosesItsRights() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      device.setEnabled(false);
      peer.expectEnd();
    }
    device.setEnabled(true);
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      String before = device.primaryKey();
      device.regenerateKeys();
      peer.expectEnd();
      assertThat(device.primaryKey()).isNotEqualTo(before);
    }
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      hub.deleteDevice("dev-1");
      peer.expectEnd();
    }
  }

  @Test
  void disablingADeviceCutsItsModules() throws IOException {
    Device module = device.createModule("m");
    try (RawPeer peer = RawPeer.connected(hub, module)) {
      device.setEnabled(false);
      peer.expectEnd();
    }
    expectRefused(Connect.as(hub, module), 5);
  }

  @Test
  void closesWhenKeepAliveIsOverrun() throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).keepAlive(1));
      peer.expectConnack(0);
      peer.expectEnd();
    }
  }

  @Test
  void offlineAndOnlineKeepThePortAndTheState() throws IOException {
    int port = hub.mqttPort();
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      hub.goOffline();
      peer.expectEnd();
    }
    assertThat(hub.connectionCount()).isZero();
    hub.goOnline();
    assertThat(hub.mqttPort()).isEqualTo(port);
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.expectNothingBeforePong();
      hub.dropConnections();
      peer.expectEnd();
    }
  }
}
