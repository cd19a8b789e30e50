package dev.fairlead.localhub.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.localhub.mqtt.RawPeer.Connect;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FaultsTest {

  private static final String EVENTS = "devices/dev-1/messages/events/";

  private final ManualHubTime time = new ManualHubTime();
  private final LocalHub hub = LocalHub.start(LocalHubOptions.defaults().time(time));
  private final Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  /**
   * Sends three messages in one write and answers how many were acknowledged before the connection
   * ended.
   */
  private int acknowledgedOfThree() throws IOException {
    int acknowledged = 0;
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      java.io.ByteArrayOutputStream burst = new java.io.ByteArrayOutputStream();
      for (int i = 1; i <= 3; i++) {
        burst.writeBytes(
            RawPeer.publishPacket(EVENTS, ("" + i).getBytes(StandardCharsets.UTF_8), 2, i));
      }
      peer.send(burst.toByteArray());
      for (; acknowledged < 3; acknowledged++) {
        peer.expect(RawPeer.PUBACK);
      }
    } catch (EOFException | SocketException e) {
      return acknowledged;
    }
    return acknowledged;
  }

  @Test
  void beforeAckTheMessageIsStoredAndNotAcknowledged() throws IOException {
    Faults.Armed armed = hub.faults().add(Fault.drop().beforeAck().nth(3));
    assertThat(acknowledgedOfThree()).isEqualTo(2);
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("1", "2", "3");
    assertThat(armed.isSpent()).isTrue();
    assertThat(acknowledgedOfThree()).isEqualTo(3);
  }

  @Test
  void beforeStoreTheMessageIsLost() throws IOException {
    hub.faults().add(Fault.drop().beforeStore().nth(2));
    assertThat(acknowledgedOfThree()).isEqualTo(1);
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("1");
  }

  @Test
  void afterAckTheMessageIsDone() throws IOException {
    hub.faults().add(Fault.reset().afterAck().nth(2));
    assertThat(acknowledgedOfThree()).isBetween(0, 2); // a reset may overtake sent acknowledgements
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("1", "2");
  }

  @Test
  void aFaultKeepsToItsDeviceAndItsNumber() throws IOException {
    Faults.Armed other = hub.faults().add(Fault.drop().beforeStore().device("dev-2").always());
    Faults.Armed twice = hub.faults().add(Fault.drop().beforeStore().device("dev-1").times(2));
    assertThat(acknowledgedOfThree()).isZero();
    assertThat(acknowledgedOfThree()).isZero();
    assertThat(acknowledgedOfThree()).isEqualTo(3);
    assertThat(twice.strikes()).isEqualTo(2);
    assertThat(other.strikes()).isZero();
    other.remove();
  }

  @Test
  void refusesConnectsWithAnyCode() throws IOException {
    hub.faults().add(Fault.refuse(3));
    hub.faults().add(Fault.refuse(200));
    for (int code : new int[] {3, 200}) {
      try (RawPeer peer = RawPeer.open(hub)) {
        peer.send(Connect.as(hub, device));
        peer.expectConnack(code);
        peer.expectEnd();
      }
    }
    RawPeer.connected(hub, device).close();
  }

  @Test
  void cutsBeforeConnack() throws IOException {
    hub.faults().add(Fault.drop().onConnect());
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device));
      peer.expectEnd();
    }
    assertThat(device.connectionsSoFar()).isZero();
  }

  @Test
  void cutsOnAccept() throws IOException {
    hub.faults().add(Fault.reset().onAccept());
    assertThatThrownBy(() -> RawPeer.open(hub)).isInstanceOf(IOException.class);
    hub.faults().add(Fault.garbage().onAccept());
    assertThatThrownBy(() -> RawPeer.open(hub)).isInstanceOf(IOException.class);
    RawPeer.connected(hub, device).close();
  }

  @Test
  void stallsWithoutClosing() throws IOException {
    hub.faults().add(Fault.stall().beforeAck());
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(EVENTS, "x", 1, 1);
      peer.ping();
      hub.telemetry().await(1, Duration.ofSeconds(20));
      peer.timeout(300);
      assertThatThrownBy(peer::read).isInstanceOf(SocketTimeoutException.class);
      assertThat(hub.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void stallsOnAccept() throws IOException {
    hub.faults().add(Fault.stall().onAccept());
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), hub.mqttPort())) {
      socket.getOutputStream().write(22);
      socket.setSoTimeout(300);
      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void breaksOffInTheMiddleOfAPacket() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      hub.faults().add(Fault.drop().midPacket());
      peer.publish(EVENTS, "x", 1, 1);
      byte[] half = peer.rawInput().readAllBytes();
      assertThat(half).containsExactly(0x40, 2);
    }
  }

  @Test
  void corruptsAPacket() throws IOException {
    hub.faults().add(Fault.corrupt().beforeAck());
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(EVENTS, "x", 1, 1);
      assertThat(peer.rawInput().readNBytes(4)).containsExactly(~0x40, ~2, ~0, ~1);
    }
  }

  @Test
  void answersGarbageAndHugeLengths() throws IOException {
    hub.faults().add(Fault.hugeLength().beforeAck());
    hub.faults().add(Fault.garbage().afterAck());
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(EVENTS, "x", 1, 1);
      assertThat(peer.rawInput().readNBytes(5)).containsExactly(0x30, 0xff, 0xff, 0xff, 0x7f);
      peer.rawInput().readNBytes(6);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(1);
      assertThat(peer.rawInput().readNBytes(2)).containsExactly(0, 0xff);
    }
  }

  @Test
  void throttlesAndStillDelivers() throws IOException {
    hub.faults().add(Fault.throttle(4000).onAccept());
    assertThat(acknowledgedOfThree()).isEqualTo(3);
  }

  @Test
  void obeysFaultMessages() throws IOException {
    String killTcp =
        EVENTS + "AzIoTHub_FaultOperationType=KillTcp&AzIoTHub_FaultOperationDelayInSecs=2";
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(killTcp, "", 1, 1);
      peer.expect(RawPeer.PUBACK);
      peer.expectNothingBeforePong();
      time.advance(Duration.ofSeconds(2));
      peer.expectEnd();
    }
    String throttle =
        EVENTS
            + "AzIoTHub_FaultOperationType=InvokeThrottling&AzIoTHub_FaultOperationDelayInSecs=1"
            + "&AzIoTHub_FaultOperationDurationInSecs=5";
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(throttle, "", 1, 1);
      peer.expect(RawPeer.PUBACK);
    }
    time.advance(Duration.ofSeconds(1));
    assertThat(acknowledgedOfThree()).isZero();
    time.advance(Duration.ofSeconds(5));
    assertThat(acknowledgedOfThree()).isEqualTo(3);
  }

  @Test
  void acknowledgesLateAndInOrder() throws IOException {
    hub.faults().add(Fault.acknowledgeLate(Duration.ofMinutes(3)).nth(2));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      for (int i = 1; i <= 3; i++) {
        peer.publish(EVENTS, "" + i, 1, i);
      }
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(1);
      peer.expectNothingBeforePong();
      assertThat(hub.telemetry().received()).hasSize(3);
      time.advance(Duration.ofMinutes(2));
      peer.expectNothingBeforePong();
      time.advance(Duration.ofMinutes(1));
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(2);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(3);
      peer.publish(EVENTS, "4", 1, 4);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(4);
    }
  }

  @Test
  void acknowledgesOutOfOrder() throws IOException {
    hub.faults().add(Fault.acknowledgeOutOfOrder());
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(EVENTS, "1", 1, 1);
      peer.expectNothingBeforePong();
      peer.publish(EVENTS, "2", 1, 2);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(2);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(1);
      peer.expectNothingBeforePong();
    }
  }

  @Test
  void acknowledgesTwice() throws IOException {
    hub.faults().add(Fault.duplicate().nth(2));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      for (int i = 1; i <= 3; i++) {
        peer.publish(EVENTS, "" + i, 1, i);
      }
      for (int id : new int[] {1, 2, 2, 3}) {
        assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(id);
      }
      peer.expectNothingBeforePong();
    }
  }

  @Test
  void withholdsAnAcknowledgement() throws IOException {
    hub.faults().add(Fault.withhold());
    hub.faults().add(Fault.withhold().beforeStore().nth(2));
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      for (int i = 1; i <= 3; i++) {
        peer.publish(EVENTS, "" + i, 1, i);
      }
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(3);
      peer.expectNothingBeforePong();
    }
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::bodyAsText)
        .containsExactly("1", "3");
  }

  @Test
  void answersPingsAndNothingElse() throws IOException {
    hub.faults().add(Fault.pingsOnly().afterAck());
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.publish(EVENTS, "1", 1, 1);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(1);
      peer.publish(EVENTS, "2", 1, 2);
      peer.sendSubscribe("devices/dev-1/messages/devicebound/#", 1);
      peer.expectNothingBeforePong();
      peer.expectNothingBeforePong();
    }
    assertThat(hub.telemetry().received()).hasSize(2);
    assertThat(acknowledgedOfThree()).isEqualTo(3);
  }

  @Test
  void refusesFaultsThatCannotBe() {
    assertThatThrownBy(() -> Fault.refuse(3).beforeAck())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.drop().device("d").onAccept())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.corrupt().onAccept())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.drop().device("d").onUpgrade())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.refuseUpgrade(503).onConnect())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.refuseUpgrade(101)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.refuse(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.acknowledgeLate(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.acknowledgeLate(Duration.ofSeconds(1)).onConnect())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot strike at ON_CONNECT");
    assertThatThrownBy(() -> Fault.duplicate().onAccept())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.drop().nth(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Fault.drop().message("x").afterAck())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot strike at AFTER_ACK");
  }
}
