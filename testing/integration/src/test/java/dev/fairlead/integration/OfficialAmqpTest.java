package dev.fairlead.integration;

import static dev.fairlead.integration.OfficialClientProcess.open;
import static dev.fairlead.integration.OfficialClientProcess.order;
import static dev.fairlead.integration.OfficialClientProcess.withCertificate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.fairlead.Protocol;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.TelemetryRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The official client for Java over AMQP against the local hub: a second opinion on the hub. */
@ParameterizedClass
@EnumSource(names = {"AMQP", "AMQP_WS"})
class OfficialAmqpTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private static OfficialHub hubAtItsPorts;
  private static LocalHub hub;
  private static int devices;

  @Parameter Protocol protocol;

  @TempDir Path directory;
  private OfficialClientProcess official;

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
  }

  @AfterEach
  void stopOfficialClient() {
    official.close();
  }

  private static Device newDevice() {
    return hub.createDevice("amqp-stranger-" + ++devices);
  }

  private void openOfficial(Device device) throws InterruptedException {
    official.obey(open(protocol, device.connectionString(), hub.caPem()));
  }

  private static JsonObject send(String body) {
    JsonObject send = order("send");
    send.addProperty("body", body);
    return send;
  }

  @Test
  void telemetryArrivesWithEverythingItSays() throws Exception {
    Device device = newDevice();
    openOfficial(device);
    JsonObject send = send("{\"t\":21.5}");
    send.addProperty("messageId", "id-1");
    send.addProperty("correlationId", "cor-2");
    send.addProperty("contentType", "application/json");
    send.addProperty("contentEncoding", "utf-8");
    send.addProperty("component", "thermostat1");
    JsonObject properties = new JsonObject();
    properties.addProperty("umlaut", "Größe €");
    properties.addProperty("reserved", "&=/?#");
    send.add("properties", properties);
    official.obey(send);

    List<TelemetryRecord> stored = hub.telemetry().receivedFrom(device.deviceId());
    assertThat(stored).hasSize(1);
    assertThat(stored.get(0).bodyAsText()).isEqualTo("{\"t\":21.5}");
    assertThat(stored.get(0).properties())
        .containsEntry("umlaut", "Größe €")
        .containsEntry("reserved", "&=/?#");
    assertThat(stored.get(0).systemProperties())
        .containsEntry("message-id", "id-1")
        .containsEntry("correlation-id", "cor-2")
        .containsEntry("content-type", "application/json")
        .containsEntry("content-encoding", "utf-8")
        .containsEntry("dt-subject", "thermostat1")
        .containsEntry("iothub-connection-device-id", device.deviceId());
  }

  @Test
  void cloudMessagesEndAsTheClientDecides() throws Exception {
    Device device = newDevice();
    openOfficial(device);
    CloudToDeviceMessage message =
        CloudToDeviceMessage.of("hellö")
            .withMessageId("m-1")
            .withCorrelationId("c-1")
            .withContentType("text/plain")
            .withContentEncoding("utf-8")
            .withAck(CloudToDeviceMessage.Ack.FULL)
            .withProperty("umlaut", "Größe");
    assertThat(device.sendCloudMessage(message).feedback().get(60, TimeUnit.SECONDS))
        .isEqualTo(Feedback.SUCCESS);
    JsonObject seen = official.await("message", any -> true);
    assertThat(seen.get("body").getAsString()).isEqualTo("hellö");
    assertThat(seen.get("messageId").getAsString()).isEqualTo("m-1");
    assertThat(seen.get("correlationId").getAsString()).isEqualTo("c-1");
    assertThat(seen.get("contentType").getAsString()).isEqualTo("text/plain");
    assertThat(seen.getAsJsonObject("properties").get("umlaut").getAsString()).isEqualTo("Größe");

    settle("REJECT");
    assertThat(
            device
                .sendCloudMessage(CloudToDeviceMessage.of("no"))
                .feedback()
                .get(60, TimeUnit.SECONDS))
        .isEqualTo(Feedback.REJECTED);

    settle("ABANDON");
    SentMessage abandoned = device.sendCloudMessage(CloudToDeviceMessage.of("later"));
    assertThat(abandoned.feedback().get(60, TimeUnit.SECONDS))
        .isEqualTo(Feedback.DELIVERY_COUNT_EXCEEDED);
    assertThat(abandoned.deliveryCount()).isEqualTo(10);
  }

  private void settle(String outcome) throws InterruptedException {
    JsonObject settle = order("settle");
    settle.addProperty("outcome", outcome);
    official.obey(settle);
  }

  @Test
  void theTwinIsReadReportedAndFollowed() throws Exception {
    Device device = newDevice();
    device.updateDesired("{\"interval\":5,\"nested\":{\"on\":true}}");
    openOfficial(device);
    official.obey("desired");

    JsonObject report = order("report");
    report.add("patch", JsonParser.parseString("{\"state\":\"up\"}"));
    assertThat(official.obey(report).get("result").getAsLong())
        .isEqualTo(device.twin().reportedVersion());
    assertThat(device.twin().reported()).isEqualTo("{\"state\":\"up\"}");

    JsonObject twin = official.obey("twin").getAsJsonObject("result");
    assertThat(twin.get("desiredVersion").getAsLong()).isEqualTo(device.twin().desiredVersion());
    assertThat(twin.get("desired"))
        .isEqualTo(JsonParser.parseString("{\"interval\":5.0,\"nested\":{\"on\":true}}"));

    long version = device.updateDesired("{\"interval\":6}");
    JsonObject changed = official.await("desired", any -> true);
    assertThat(changed.get("version").getAsLong()).isEqualTo(version);
    assertThat(changed.getAsJsonObject("changed").get("interval").getAsDouble()).isEqualTo(6);
  }

  @Test
  void directMethodsAreAnswered() throws Exception {
    Device device = newDevice();
    openOfficial(device);
    official.obey("methods");
    // Without null, because over AMQP the official client omits such members from its answer.
    for (String payload : List.of("{\"a\":[1,2,{\"b\":false}]}", "\"text\"", "17")) {
      MethodResult result =
          device.invokeMethod("echo", payload, SOON, SOON).get(120, TimeUnit.SECONDS);
      assertThat(result.status()).as(payload).isEqualTo(207);
      assertThat(JsonParser.parseString(result.payload()))
          .as(payload)
          .isEqualTo(JsonParser.parseString(payload));
    }
  }

  /** A new token is put on the open connection. */
  @Test
  void outlivesItsTokenWithoutALoss() throws Exception {
    Device device = newDevice();
    JsonObject open = open(protocol, device.connectionString(), hub.caPem());
    open.addProperty("tokenSeconds", 10);
    official.obey(open);
    Instant over = Instant.now().plusSeconds(21);
    await().atMost(Duration.ofSeconds(60)).until(() -> Instant.now().isAfter(over));
    official.obey(send("after two tokens"));
    assertThat(device.connectionsSoFar()).isEqualTo(1);
    assertThat(hub.telemetry().receivedFrom(device.deviceId())).hasSize(1);
  }

  @Test
  void aCertificateNeedsNoToken() throws Exception {
    Assumptions.assumeTrue(
        protocol == Protocol.AMQP, "the official client has no certificates on AMQPS_WS");
    String id = "amqp-stranger-x509";
    ClientIdentity identity = hub.selfSignedClientCertificate(id);
    Device device = hub.createDevice(id, DeviceAuth.thumbprintOf(identity.certificate()));
    official.obey(
        withCertificate(open(protocol, device.connectionString(), hub.caPem()), identity));
    official.obey(send("by certificate"));
    assertThat(
            hub.telemetry()
                .receivedFrom(id)
                .get(0)
                .systemProperties()
                .get("iothub-connection-auth-method"))
        .contains("x509");
  }

  @Test
  void aHundredDevicesShareAConnection() throws Exception {
    List<Device> fleet = new ArrayList<>();
    JsonArray connectionStrings = new JsonArray();
    for (int i = 0; i < 100; i++) {
      Device device = newDevice();
      fleet.add(device);
      connectionStrings.add(device.connectionString());
    }
    JsonObject open = open(protocol, "", hub.caPem());
    open.addProperty("verb", "fleet");
    open.addProperty("hostName", OfficialHub.HOST);
    open.add("connectionStrings", connectionStrings);
    official.obey(open);
    assertThat(hub.connectionCount()).isEqualTo(1);

    JsonObject all = order("sendAll");
    all.addProperty("body", "from each");
    official.obey(all);
    Set<String> senders = new HashSet<>();
    for (Device device : fleet) {
      for (TelemetryRecord stored : hub.telemetry().receivedFrom(device.deviceId())) {
        senders.add(stored.deviceId());
      }
    }
    assertThat(senders).hasSize(100);

    Map<Device, SentMessage> sent = new java.util.LinkedHashMap<>();
    fleet.forEach(
        device ->
            sent.put(device, device.sendCloudMessage(CloudToDeviceMessage.of(device.deviceId()))));
    for (SentMessage message : sent.values()) {
      assertThat(message.feedback().get(60, TimeUnit.SECONDS)).isEqualTo(Feedback.SUCCESS);
    }
    assertThat(hub.connectionCount()).isEqualTo(1);
  }
}
