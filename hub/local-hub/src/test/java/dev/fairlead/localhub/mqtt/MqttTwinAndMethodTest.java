package dev.fairlead.localhub.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.mqtt.RawPeer.Connect;
import dev.fairlead.localhub.mqtt.RawPeer.Packet;
import dev.fairlead.localhub.twin.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MqttTwinAndMethodTest {

  private static final String ANSWERS = "$iothub/twin/res/#";
  private static final String DESIRED = "$iothub/twin/PATCH/properties/desired/#";
  private static final String METHODS = "$iothub/methods/POST/#";
  private static final Duration NO = Duration.ZERO;
  private static final Duration LONG = Duration.ofSeconds(30);

  private final ManualHubTime time = new ManualHubTime();
  private LocalHub hub = LocalHub.start(LocalHubOptions.defaults().time(time));
  private Device device = hub.createDevice("dev-1");

  @AfterEach
  void stop() {
    hub.close();
  }

  // --- twin

  @Test
  void readsTheTwin() throws IOException {
    device.updateDesired("{\"a\":{\"b\":1}}");
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(ANSWERS, 0);
      peer.publish("$iothub/twin/GET/?$rid=r%2F1", "", 0, 0);
      Packet answer = peer.expect(RawPeer.PUBLISH);
      assertThat(answer.topic()).isEqualTo("$iothub/twin/res/200/?$rid=r%2F1");
      assertThat(answer.body())
          .isEqualTo(
              "{\"desired\":{\"a\":{\"b\":1},\"$version\":2},\"reported\":{\"$version\":1}}");
      assertThat(answer.qos()).isZero();
    }
  }

  @Test
  void acknowledgesTwinRequestsAtQos1() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(ANSWERS, 1);
      peer.publish("$iothub/twin/GET/?$rid=1", "", 1, 9);
      assertThat(peer.expect(RawPeer.PUBLISH).qos()).isZero();
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(9);
    }
  }

  @Test
  void takesReportsAndCountsVersions() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(ANSWERS, 0);
      peer.publish(
          "$iothub/twin/PATCH/properties/reported/?$rid=7", "{\"t\":21.5,\"gone\":null}", 0, 0);
      Packet answer = peer.expect(RawPeer.PUBLISH);
      assertThat(answer.topic()).isEqualTo("$iothub/twin/res/204/?$rid=7&$version=2");
      assertThat(answer.body()).isEmpty();
      assertThat(device.twin().reported()).isEqualTo("{\"t\":21.5}");
      peer.publish("$iothub/twin/PATCH/properties/reported/?$rid=8&$version=2", "{\"u\":1}", 0, 0);
      assertThat(peer.expect(RawPeer.PUBLISH).topic())
          .isEqualTo("$iothub/twin/res/204/?$rid=8&$version=3");
      peer.publish("$iothub/twin/PATCH/properties/reported/?$rid=9&$version=2", "{\"u\":2}", 0, 0);
      assertThat(peer.expect(RawPeer.PUBLISH).topic()).isEqualTo("$iothub/twin/res/412/?$rid=9");
      assertThat(device.twin().reportedVersion()).isEqualTo(3);
    }
  }

  @Test
  void answersBadReportsWithTheHubsError() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(ANSWERS, 0);
      for (String bad :
          new String[] {"", "[]", "{\"a\":", "{\"a\":1} x", "{\"a.b\":1}", "{\"$version\":1}"}) {
        peer.publish("$iothub/twin/PATCH/properties/reported/?$rid=e", bad, 0, 0);
        Packet answer = peer.expect(RawPeer.PUBLISH);
        assertThat(answer.topic()).as(bad).isEqualTo("$iothub/twin/res/400/?$rid=e");
        JsonNode error = Json.parseObject(answer.body());
        assertThat(error.path("errorCode").asInt()).isEqualTo(400004);
        assertThat(error.path("trackingId").asText())
            .matches("[0-9a-f]{32}-G:\\d+-TimeStamp:\\d\\d/\\d\\d/\\d{4} \\d\\d:\\d\\d:\\d\\d");
        assertThat(error.path("timestampUtc").asText())
            .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{7}Z");
      }
      assertThat(device.twin().reportedVersion()).isEqualTo(1);
    }
  }

  @Test
  void tellsDesiredChangesToSubscribersInOrder() throws IOException {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      device.updateDesired("{\"early\":1}");
      // The hub notifies on the connection's own thread; a ping ensures that it has done so.
      peer.expectNothingBeforePong();
      peer.subscribe(DESIRED, 1);
      peer.expectNothingBeforePong();
      device.updateDesired("{\"a\":1,\"early\":null}");
      device.replaceDesired("{\"b\":{\"c\":2}}");
      Packet first = peer.expect(RawPeer.PUBLISH);
      assertThat(first.topic()).isEqualTo("$iothub/twin/PATCH/properties/desired/?$version=3");
      assertThat(first.body()).isEqualTo("{\"a\":1,\"early\":null,\"$version\":3}");
      Packet second = peer.expect(RawPeer.PUBLISH);
      assertThat(second.topic()).isEqualTo("$iothub/twin/PATCH/properties/desired/?$version=4");
      assertThat(second.body()).isEqualTo("{\"b\":{\"c\":2},\"a\":null,\"$version\":4}");
    }
  }

  @Test
  void canBeToldToUseTheSubscribedQosForTheTwin() throws IOException {
    hub.close();
    hub =
        LocalHub.start(
            LocalHubOptions.defaults()
                .undocumented(UndocumentedBehavior.builder().twinAtSubscribedQos(true).build()));
    device = hub.createDevice("dev-1");
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(DESIRED, 1);
      device.updateDesired("{\"a\":1}");
      assertThat(peer.expect(RawPeer.PUBLISH).qos()).isEqualTo(1);
    }
  }

  @Test
  void aModuleHasATwinOfItsOwn() throws IOException {
    Device module = device.createModule("m");
    device.updateDesired("{\"of\":\"device\"}");
    module.updateDesired("{\"of\":\"module\"}");
    try (RawPeer peer = RawPeer.connected(hub, module)) {
      peer.subscribe(ANSWERS, 0);
      peer.publish("$iothub/twin/GET/?$rid=1", "", 0, 0);
      assertThat(peer.expect(RawPeer.PUBLISH).body())
          .contains("{\"of\":\"module\",\"$version\":2}");
    }
  }

  @Test
  void withoutApiVersionThereIsNoTwinAndNoMethod() throws IOException {
    try (RawPeer peer = RawPeer.open(hub)) {
      peer.send(Connect.as(hub, device).userName("localhost/dev-1"));
      peer.expectConnack(0);
      peer.subscribe(ANSWERS, 0);
      peer.subscribe(METHODS, 0);
      peer.publish("$iothub/twin/PATCH/properties/reported/?$rid=1", "{\"a\":1}", 0, 0);
      assertThat(peer.expect(RawPeer.PUBLISH).topic()).isEqualTo("$iothub/twin/res/400/?$rid=1");
      expectFailure(device.invokeMethod("m", "", NO, LONG), 404103);
    }
  }

  @Test
  void aClientThatAsksAndDoesNotReadIsThrottled() throws IOException {
    String big = "x".repeat(4000);
    device.updateDesired(
        "{\"a\":\""
            + big
            + "\",\"b\":\""
            + big
            + "\",\"c\":\""
            + big
            + "\",\"d\":\""
            + big
            + "\"}");
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(ANSWERS, 0);
      int requests = 3000; // 48 MB of answers, if all were sent
      java.io.ByteArrayOutputStream burst = new java.io.ByteArrayOutputStream();
      for (int i = 0; i < requests; i++) {
        burst.writeBytes(RawPeer.publishPacket("$iothub/twin/GET/?$rid=" + i, new byte[0], 0, 0));
      }
      peer.send(burst.toByteArray());
      int refused = 0;
      for (int i = 0; i < requests; i++) {
        refused += peer.expect(RawPeer.PUBLISH).topic().startsWith("$iothub/twin/res/429/") ? 1 : 0;
      }
      assertThat(refused).isPositive();
    }
  }

  // --- methods

  private static void expectFailure(CompletableFuture<MethodResult> call, int code) {
    assertThatThrownBy(call::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(LocalHubException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void callsAMethodAndHearsTheAnswer() throws Exception {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(METHODS, 0);
      CompletableFuture<MethodResult> call = device.invokeMethod("reboot", "{\"in\":5}", NO, LONG);
      Packet request = peer.expect(RawPeer.PUBLISH);
      assertThat(request.topic()).isEqualTo("$iothub/methods/POST/reboot/?$rid=1");
      assertThat(request.body()).isEqualTo("{\"in\":5}");
      assertThat(request.qos()).isZero();
      peer.publish("$iothub/methods/res/202/?$rid=1", "{\"ok\":true}", 1, 4);
      peer.expect(RawPeer.PUBACK);
      assertThat(call.get()).isEqualTo(new MethodResult(202, "{\"ok\":true}"));
    }
  }

  @Test
  void callsAtQos1WantAcknowledgementsInOrderWithC2d() throws Exception {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(METHODS, 1);
      CompletableFuture<MethodResult> first = device.invokeMethod("a", "", NO, LONG);
      CompletableFuture<MethodResult> second = device.invokeMethod("b", "", NO, LONG);
      int one = peer.expect(RawPeer.PUBLISH).packetId();
      int two = peer.expect(RawPeer.PUBLISH).packetId();
      assertThat(one).isNotEqualTo(two);
      peer.puback(one);
      peer.publish("$iothub/methods/res/200/?$rid=2", "", 0, 0);
      peer.puback(two);
      peer.publish("$iothub/methods/res/-1/?$rid=1", "null", 0, 0);
      assertThat(first.get()).isEqualTo(new MethodResult(-1, "null"));
      assertThat(second.get()).isEqualTo(new MethodResult(200, ""));
    }
  }

  @Test
  void aMethodNeedsASubscriberAtOnceOrWithinTheConnectTimeout() throws Exception {
    expectFailure(device.invokeMethod("m", "", NO, LONG), 404103);
    CompletableFuture<MethodResult> tooLate =
        device.invokeMethod("m", "", Duration.ofSeconds(10), LONG);
    CompletableFuture<MethodResult> inTime =
        device.invokeMethod("m", "", Duration.ofSeconds(20), LONG);
    time.advance(Duration.ofSeconds(10));
    expectFailure(tooLate, 404103);
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.expectNothingBeforePong();
      peer.subscribe(METHODS, 0);
      peer.expect(RawPeer.PUBLISH);
      time.advance(
          Duration.ofSeconds(
              29)); // more than the connect time-out, less than the response time-out
      peer.publish("$iothub/methods/res/200/?$rid=1", "1", 0, 0);
      assertThat(inTime.get().payload()).isEqualTo("1");
    }
  }

  @Test
  void aMethodWithoutAnswerRunsOutOfTimeAndALateAnswerIsDropped() throws Exception {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(METHODS, 0);
      CompletableFuture<MethodResult> call = device.invokeMethod("m", "", NO, LONG);
      peer.expect(RawPeer.PUBLISH);
      time.advance(LONG);
      expectFailure(call, 504101);
      peer.publish("$iothub/methods/res/200/?$rid=1", "1", 1, 5);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(5);
      peer.publish("$iothub/methods/res/200/?$rid=unknown", "1", 1, 6);
      assertThat(peer.expect(RawPeer.PUBACK).packetId()).isEqualTo(6);
    }
  }

  @Test
  void aDeviceThatLeavesIsNotOnline() throws Exception {
    try (RawPeer peer = RawPeer.connected(hub, device)) {
      peer.subscribe(METHODS, 0);
      peer.unsubscribe(METHODS);
      expectFailure(device.invokeMethod("m", "", NO, LONG), 404103);
      peer.subscribe(METHODS, 0);
    }
    await().until(() -> !device.isConnected());
    expectFailure(device.invokeMethod("m", "", NO, LONG), 404103);
  }

  @Test
  void refusesPayloadsThatAreNotJsonOrTooLarge() {
    assertThatThrownBy(() -> device.invokeMethod("m", "{", NO, LONG))
        .hasMessageContaining("400004");
    assertThatThrownBy(
            () -> device.invokeMethod("m", "\"" + "x".repeat(128 * 1024) + "\"", NO, LONG))
        .hasMessageContaining("413001");
  }
}
