package dev.fairlead.integration;

import static dev.fairlead.integration.OfficialClientProcess.open;
import static dev.fairlead.integration.OfficialClientProcess.order;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import dev.fairlead.Protocol;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.TelemetryRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The official client commands a fault, as its own tests do, and recovers. So it handles this hub's
 * faults like those of the cloud.
 */
class OfficialAmqpFaultsTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private static OfficialHub hubAtItsPorts;
  private static LocalHub hub;
  private static int devices;

  @TempDir Path directory;
  private OfficialClientProcess official;
  private Device device;

  @BeforeAll
  static void startHub() {
    hubAtItsPorts = OfficialHub.start(ports -> ports.amqpPort(5671).httpsPort(443));
    hub = hubAtItsPorts.hub();
  }

  @AfterAll
  static void stopHub() {
    if (hub != null) {
      hub.close();
    }
  }

  @BeforeEach
  void startOfficialClient() throws Exception {
    official = OfficialClientProcess.start(directory, OfficialHub.HOST, hubAtItsPorts.address());
    device = hub.createDevice("faulty-stranger-" + ++devices);
  }

  @AfterEach
  void stopOfficialClient() {
    official.close();
  }

  private void openWithAllLinks(Protocol protocol) throws InterruptedException {
    official.obey(open(protocol, device.connectionString(), hub.caPem()));
    official.obey("methods");
    official.obey("desired");
  }

  private static JsonObject send(String body) {
    JsonObject send = order("send");
    send.addProperty("body", body);
    return send;
  }

  private static JsonObject fault(String type) {
    JsonObject send = send("fault");
    JsonObject properties = new JsonObject();
    properties.addProperty("AzIoTHub_FaultOperationType", type);
    properties.addProperty("AzIoTHub_FaultOperationCloseReason", "byebye");
    properties.addProperty("AzIoTHub_FaultOperationDelayInSecs", "1");
    properties.addProperty("AzIoTHub_FaultOperationDurationInSecs", "5");
    send.add("properties", properties);
    return send;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "KillTcp", "KillAmqpConnection", "KillAmqpSession", "KillAmqpCBSLinkReq",
        "KillAmqpCBSLinkResp", "KillAmqpD2CLink", "KillAmqpC2DLink", "KillAmqpTwinLinkReq",
        "KillAmqpTwinLinkResp", "KillAmqpMethodReqLink", "KillAmqpMethodRespLink", "ShutDownAmqp"
      })
  void comesBackAfterALoss(String type) throws Exception {
    openWithAllLinks(Protocol.AMQP);
    official.obey(fault(type));
    official.await("status", event -> is(event, "DISCONNECTED_RETRYING"));
    official.await("status", event -> is(event, "CONNECTED"));
    expectEverything();
  }

  @ParameterizedTest
  @ValueSource(strings = {"KillTcp", "KillAmqpConnection"})
  void comesBackOverWebSockets(String type) throws Exception {
    openWithAllLinks(Protocol.AMQP_WS);
    official.obey(fault(type));
    official.await("status", event -> is(event, "DISCONNECTED_RETRYING"));
    official.await("status", event -> is(event, "CONNECTED"));
    expectEverything();
  }

  private static boolean is(JsonObject event, String status) {
    return event.get("status").getAsString().equals(status);
  }

  /** Telemetry, the twin and methods all work again. */
  private void expectEverything() throws Exception {
    official.obey(send("after"));
    assertThat(hub.telemetry().receivedFrom(device.deviceId()))
        .extracting(TelemetryRecord::bodyAsText)
        .contains("after");
    official.obey("twin");
    MethodResult result = device.invokeMethod("echo", "1", SOON, SOON).get(120, TimeUnit.SECONDS);
    assertThat(result.status()).isEqualTo(207);
  }

  /** A throttled message is sent again by the official client itself. */
  @ParameterizedTest
  @ValueSource(strings = {"InvokeThrottling"})
  void waitsUntilItIsNotThrottled(String type) throws Exception {
    openWithAllLinks(Protocol.AMQP);
    official.obey(fault(type));
    await().atMost(SOON).until(OfficialAmqpFaultsTest::isRejecting);
    official.obey(send("after"));
    assertThat(hub.telemetry().receivedFrom(device.deviceId()))
        .extracting(TelemetryRecord::bodyAsText)
        .contains("after");
    assertThat(device.connectionsSoFar()).isEqualTo(1);
  }

  /** The official client reports these as final. */
  @ParameterizedTest
  @ValueSource(strings = {"InvokeMaxMessageQuota", "InvokeAuthError"})
  void reportsWhatItTakesForFinalAndGoesOn(String type) throws Exception {
    openWithAllLinks(Protocol.AMQP);
    official.obey(fault(type));
    await().atMost(SOON).until(OfficialAmqpFaultsTest::isRejecting);
    assertThatThrownBy(() -> official.obey(send("during"))).isInstanceOf(AssertionError.class);
    await().atMost(SOON).until(() -> !isRejecting());
    official.obey(send("after"));
    assertThat(hub.telemetry().receivedFrom(device.deviceId()))
        .extracting(TelemetryRecord::bodyAsText)
        .contains("after")
        .doesNotContain("during");
  }

  /** Whether a lasting fault is active; such faults are armed while they last. */
  private static boolean isRejecting() {
    return !hub.faults().isIdle();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ShutDownMqtt"})
  void isNotTouchedByFaultsOfOtherProtocols(String type) throws Exception {
    openWithAllLinks(Protocol.AMQP);
    official.obey(fault(type));
    expectEverything();
    assertThat(device.connectionsSoFar()).isEqualTo(1);
  }
}
