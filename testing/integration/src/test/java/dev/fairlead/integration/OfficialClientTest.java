package dev.fairlead.integration;

import static dev.fairlead.integration.OfficialClientProcess.open;
import static dev.fairlead.integration.OfficialClientProcess.order;
import static dev.fairlead.integration.OfficialClientProcess.withCertificate;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.policy.TransportPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/**
 * The official client for Java, as published, against the local hub. It checks the hub and, where
 * Fairlead does the same in parallel, Fairlead.
 */
@ParameterizedClass
@EnumSource(names = {"MQTT", "MQTT_WS"})
class OfficialClientTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private static @Nullable OfficialHub hubAtItsPorts;
  private static @Nullable TestAbortedException unavailable;
  private static int devices;

  @Parameter Protocol protocol;

  @TempDir Path directory;
  private OfficialClientProcess official;

  @BeforeAll
  static void startHub() {
    try {
      hubAtItsPorts = OfficialHub.start(ports -> ports.mqttPort(8883).httpsPort(443));
    } catch (TestAbortedException e) {
      unavailable = e;
    }
  }

  @AfterAll
  static void stopHub() {
    if (hubAtItsPorts != null) {
      hubAtItsPorts.hub().close();
    }
  }

  /**
   * Skips here, because a report contains the reason of a skipped test, but not of a skipped class.
   */
  @BeforeEach
  void startOfficialClient() throws Exception {
    if (unavailable != null) {
      throw unavailable;
    }
    official = OfficialClientProcess.start(directory, OfficialHub.HOST, hubAtItsPorts().address());
  }

  @AfterEach
  void stopOfficialClient() {
    if (official != null) {
      official.close();
    }
  }

  private static OfficialHub hubAtItsPorts() {
    return Objects.requireNonNull(hubAtItsPorts, "a hub at the documented ports");
  }

  private static LocalHub hub() {
    return hubAtItsPorts().hub();
  }

  private static Device newDevice() {
    return hub().createDevice("stranger-" + ++devices);
  }

  private void openOfficial(Device device) throws InterruptedException {
    official.obey(open(protocol, device.connectionString(), hub().caPem()));
  }

  private DeviceClientBuilder fairlead(Device device) {
    return DeviceClient.builder(device.connectionString())
        .policy(TransportPolicy.builder().only(protocol).build())
        .endpoint(protocol, hubAtItsPorts().endpoint(protocol));
  }

  /** The messages that both clients send, with difficult characters. */
  private static final Map<String, String> PROPERTIES =
      Map.of(
          "plain", "value",
          "spaces", "a b  c",
          "reserved", "&=/?#+%$~\"'<>",
          "umlaut", "Größe €",
          "emoji", "\uD83D\uDE80");

  @Test
  void telemetryOfBothClientsIsTheSameToTheHub() throws Exception {
    Device one = newDevice();
    Device other = newDevice();
    Instant created = Instant.parse("2026-02-03T04:05:06.789Z");
    String body = "{\"t\":21.5,\"unit\":\"°C\"}";

    openOfficial(one);
    JsonObject send = order("send");
    send.addProperty("body", body);
    send.addProperty("messageId", "id-1:a");
    send.addProperty("correlationId", "cor.2");
    send.addProperty("userId", "someone");
    send.addProperty("contentType", "application/json");
    send.addProperty("contentEncoding", "utf-8");
    send.addProperty("component", "thermostat1");
    send.addProperty("creationTime", created.toEpochMilli());
    JsonObject properties = new JsonObject();
    PROPERTIES.forEach(properties::addProperty);
    send.add("properties", properties);
    official.obey(send);

    TelemetryMessage.Builder message =
        TelemetryMessage.builder()
            .json(body)
            .messageId("id-1:a")
            .correlationId("cor.2")
            .userId("someone")
            .component("thermostat1")
            .creationTime(created);
    PROPERTIES.forEach(message::property);
    try (DeviceClient client = fairlead(other).build()) {
      client.blocking(SOON).open();
      client.blocking(SOON).send(message.build());
    }

    TelemetryRecord theirs = onlyRecordOf(one);
    TelemetryRecord ours = onlyRecordOf(other);
    assertThat(ours.body()).isEqualTo(theirs.body());
    assertThat(ours.properties()).containsExactlyInAnyOrderEntriesOf(PROPERTIES);
    // The official client also sends the sender's name ($.cdid), which only the hub may set.
    Map<String, String> theirProperties = new TreeMap<>(theirs.properties());
    theirProperties.remove("$.cdid");
    assertThat(theirProperties).containsExactlyInAnyOrderEntriesOf(PROPERTIES);
    assertThat(systemProperties(ours)).isEqualTo(systemProperties(theirs));
    assertThat(Instant.parse(ours.systemProperties().get("iothub-creation-time-utc")))
        .isEqualTo(created);
  }

  private static TelemetryRecord onlyRecordOf(Device device) {
    assertThat(hub().telemetry().receivedFrom(device.deviceId())).hasSize(1);
    return hub().telemetry().receivedFrom(device.deviceId()).get(0);
  }

  /**
   * All properties except those that must differ between devices. The official client writes
   * milliseconds as if they were units of 100 ns (.789 s becomes .0000789 s), so times are compared
   * by the second.
   */
  private static Map<String, String> systemProperties(TelemetryRecord record) {
    Map<String, String> system = new TreeMap<>(record.systemProperties());
    system.remove("iothub-connection-device-id");
    system.remove("iothub-connection-auth-generation-id");
    system.computeIfPresent(
        "iothub-creation-time-utc",
        (name, time) -> Instant.parse(time).truncatedTo(ChronoUnit.SECONDS).toString());
    return system;
  }

  @Test
  void aMessageWithoutAnyPropertyGetsIdsOfTheOfficialClientOnly() throws Exception {
    Device one = newDevice();
    Device other = newDevice();
    openOfficial(one);
    JsonObject send = order("send");
    send.addProperty("body", "x");
    official.obey(send);
    try (DeviceClient client = fairlead(other).build()) {
      client.blocking(SOON).open();
      client.blocking(SOON).send(TelemetryMessage.of(new byte[] {'x'}));
    }
    Map<String, String> theirs = systemProperties(onlyRecordOf(one));
    assertThat(theirs).containsKeys("message-id", "correlation-id");
    theirs.keySet().removeAll(List.of("message-id", "correlation-id"));
    assertThat(systemProperties(onlyRecordOf(other))).isEqualTo(theirs);
  }

  @Test
  void cloudMessagesReachTheOfficialClientAndAreCompleted() throws Exception {
    Device device = newDevice();
    openOfficial(device);
    CloudToDeviceMessage message =
        CloudToDeviceMessage.of("hellö")
            .withMessageId("m-1")
            .withCorrelationId("c-1")
            .withContentType("text/plain; charset=utf-8")
            .withContentEncoding("utf-8")
            .withAck(CloudToDeviceMessage.Ack.FULL)
            .withProperty("room", "7 & 8")
            .withProperty("umlaut", "Größe");
    assertThat(device.sendCloudMessage(message).feedback().get(60, TimeUnit.SECONDS))
        .isEqualTo(Feedback.SUCCESS);
    JsonObject seen = official.await("message", any -> true);
    assertThat(seen.get("body").getAsString()).isEqualTo("hellö");
    assertThat(seen.get("messageId").getAsString()).isEqualTo("m-1");
    assertThat(seen.get("correlationId").getAsString()).isEqualTo("c-1");
    assertThat(seen.get("contentType").getAsString()).isEqualTo("text/plain; charset=utf-8");
    assertThat(seen.get("contentEncoding").getAsString()).isEqualTo("utf-8");
    JsonObject properties = seen.getAsJsonObject("properties");
    assertThat(properties.get("room").getAsString()).isEqualTo("7 & 8");
    assertThat(properties.get("umlaut").getAsString()).isEqualTo("Größe");
  }

  /** An empty value makes the official client drop its connection; see the last assertion. */
  @Test
  void aPropertyWithAnEmptyValueIsAMessageLikeAnyOtherToFairlead() throws Exception {
    Device device = newDevice();
    CloudToDeviceMessage message =
        CloudToDeviceMessage.of("b").withProperty("a", "1").withProperty("empty", "");
    BlockingQueue<Map<String, String>> seen = new LinkedBlockingQueue<>();
    try (DeviceClient client =
        fairlead(device)
            .onCloudMessage(
                received -> {
                  seen.add(received.properties());
                  received.complete();
                })
            .build()) {
      client.blocking(SOON).open();
      assertThat(device.sendCloudMessage(message).feedback().get(60, TimeUnit.SECONDS))
          .isEqualTo(Feedback.SUCCESS);
      assertThat(seen).containsExactly(Map.of("a", "1", "empty", ""));
      assertThat(device.connectionsSoFar()).isEqualTo(1);
    }

    Device theirs = newDevice();
    openOfficial(theirs);
    theirs.sendCloudMessage(message);
    official.await("status", event -> event.get("status").getAsString().startsWith("DISCONNECTED"));
  }

  @Test
  void bothClientsAnswerDirectMethodsAlike() throws Exception {
    Device one = newDevice();
    Device other = newDevice();
    openOfficial(one);
    official.obey("methods");
    try (DeviceClient client =
        fairlead(other)
            .onMethod("echo", request -> new MethodResponse(207, request.payload()))
            .build()) {
      client.blocking(SOON).open();
      for (String payload : List.of("{\"a\":[1,2,{\"b\":null}]}", "\"text\"", "17", "null")) {
        MethodResult theirs = call(one, payload);
        MethodResult ours = call(other, payload);
        assertThat(theirs.status()).as(payload).isEqualTo(207);
        assertThat(ours.status()).as(payload).isEqualTo(207);
        assertThat(JsonParser.parseString(ours.payload()))
            .as(payload)
            .isEqualTo(JsonParser.parseString(payload));
      }
    }
    JsonObject seen = official.await("method", any -> true);
    assertThat(seen.get("name").getAsString()).isEqualTo("echo");
    assertThat(seen.get("payload")).isEqualTo(JsonParser.parseString("{\"a\":[1,2,{\"b\":null}]}"));
  }

  private static MethodResult call(Device device, String payload) throws Exception {
    return device.invokeMethod("echo", payload, SOON, SOON).get(120, TimeUnit.SECONDS);
  }

  @Test
  void theOfficialClientReadsReportsAndFollowsTheTwin() throws Exception {
    Device device = newDevice();
    device.updateDesired("{\"interval\":5,\"nested\":{\"on\":true}}");
    openOfficial(device);
    official.obey("desired");

    JsonObject report = order("report");
    report.add("patch", JsonParser.parseString("{\"state\":\"up\",\"deep\":{\"er\":2}}"));
    assertThat(official.obey(report).get("result").getAsLong())
        .isEqualTo(device.twin().reportedVersion());
    assertThat(JsonParser.parseString(device.twin().reported()))
        .isEqualTo(JsonParser.parseString("{\"state\":\"up\",\"deep\":{\"er\":2}}"));

    JsonObject twin = official.obey("twin").getAsJsonObject("result");
    assertThat(twin.get("desiredVersion").getAsLong()).isEqualTo(device.twin().desiredVersion());
    assertThat(twin.get("reportedVersion").getAsLong()).isEqualTo(device.twin().reportedVersion());
    assertThat(twin.get("desired"))
        .isEqualTo(JsonParser.parseString("{\"interval\":5.0,\"nested\":{\"on\":true}}"));

    long version = device.updateDesired("{\"interval\":6,\"nested\":null}");
    JsonObject changed = official.await("desired", any -> true);
    assertThat(changed.get("version").getAsLong()).isEqualTo(version);
    assertThat(changed.getAsJsonObject("changed").get("interval").getAsDouble()).isEqualTo(6);
  }

  /**
   * The hub cuts the connection when the token ends; the official client reconnects with a new one.
   */
  @Test
  void theOfficialClientComesBackWithANewTokenWhenItsOwnHasEnded() throws Exception {
    Device device = newDevice();
    JsonObject open = open(protocol, device.connectionString(), hub().caPem());
    open.addProperty("tokenSeconds", 4);
    official.obey(open);
    official.await("status", event -> is(event, "DISCONNECTED_RETRYING"));
    official.await("status", event -> is(event, "CONNECTED"));
    JsonObject send = order("send");
    send.addProperty("body", "after");
    official.obey(send);
    assertThat(device.connectionsSoFar()).isGreaterThan(1);
    assertThat(hub().telemetry().receivedFrom(device.deviceId())).hasSize(1);
  }

  private static boolean is(JsonObject event, String status) {
    return event.get("status").getAsString().equals(status);
  }

  @Test
  void theOfficialClientConnectsWithACertificate() throws Exception {
    String id = "stranger-x509-" + protocol;
    ClientIdentity identity = hub().selfSignedClientCertificate(id);
    Device device = hub().createDevice(id, DeviceAuth.thumbprintOf(identity.certificate()));
    official.obey(
        withCertificate(open(protocol, device.connectionString(), hub().caPem()), identity));
    JsonObject send = order("send");
    send.addProperty("body", "by certificate");
    official.obey(send);
    assertThat(onlyRecordOf(device).systemProperties().get("iothub-connection-auth-method"))
        .contains("x509");
  }
}
