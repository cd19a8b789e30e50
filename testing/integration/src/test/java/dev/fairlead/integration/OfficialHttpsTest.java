package dev.fairlead.integration;

import static dev.fairlead.integration.OfficialClientProcess.open;
import static dev.fairlead.integration.OfficialClientProcess.order;
import static dev.fairlead.integration.OfficialClientProcess.withCertificate;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.fairlead.Protocol;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.localhub.UploadNotice;
import dev.fairlead.localhub.UploadedBlob;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The official client for Java over HTTPS, and its file upload, against the local hub. */
class OfficialHttpsTest {

  /** The official client polls at the configured rate; its default is a hundred times a second. */
  private static final int POLL_MILLIS = 100;

  private static OfficialHub hubAtItsPorts;
  private static LocalHub hub;
  private static int devices;

  @TempDir Path directory;
  private OfficialClientProcess official;

  @BeforeAll
  static void startHub() {
    // It polls far more often than a hub allows in the long run.
    hubAtItsPorts = OfficialHub.start(ports -> ports.httpsPort(443).cloudReceivesPerMinute(0));
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
    return hub.createDevice("https-stranger-" + ++devices);
  }

  private static JsonObject opening(Device device) {
    JsonObject open = open(Protocol.HTTPS, device.connectionString(), hub.caPem());
    open.addProperty("receiveMillis", POLL_MILLIS);
    return open;
  }

  private static JsonObject message(JsonObject order, String body, String messageId) {
    order.addProperty("body", body);
    order.addProperty("messageId", messageId);
    order.addProperty("correlationId", "c-" + messageId);
    JsonObject properties = new JsonObject();
    properties.addProperty("room", messageId);
    properties.addProperty("mark", "100%");
    order.add("properties", properties);
    return order;
  }

  @Test
  void sendsAMessageWithItsProperties() throws Exception {
    Device device = newDevice();
    official.obey(opening(device));
    JsonObject send = message(order("send"), "{\"t\":21.5}", "m-1");
    send.addProperty("userId", "someone");
    send.addProperty("contentType", "application/json");
    send.addProperty("contentEncoding", "utf-8");
    official.obey(send);
    TelemetryRecord stored = hub.telemetry().receivedFrom(device.deviceId()).get(0);
    assertThat(stored.bodyAsText()).isEqualTo("{\"t\":21.5}");
    assertThat(stored.properties()).containsEntry("room", "m-1").containsEntry("mark", "100%");
    assertThat(stored.systemProperties())
        .containsEntry("message-id", "m-1")
        .containsEntry("correlation-id", "c-m-1")
        .containsEntry("user-id", "someone")
        .containsEntry("content-type", "application/json")
        .containsEntry("content-encoding", "utf-8");
  }

  @Test
  void sendsABatch() throws Exception {
    Device device = newDevice();
    official.obey(opening(device));
    JsonArray batch = new JsonArray();
    for (int i = 0; i < 20; i++) {
      JsonObject one = message(new JsonObject(), "body " + i, "m-" + i);
      batch.add(one);
    }
    JsonObject send = order("sendBatch");
    send.add("batch", batch);
    long before = hub.https().count();
    official.obey(send);
    assertThat(hub.telemetry().receivedFrom(device.deviceId())).hasSize(20);
    for (int i = 0; i < 20; i++) {
      TelemetryRecord stored = hub.telemetry().receivedFrom(device.deviceId()).get(i);
      assertThat(stored.bodyAsText()).isEqualTo("body " + i);
      assertThat(stored.properties()).containsEntry("room", "m-" + i);
      assertThat(stored.systemProperties()).containsEntry("message-id", "m-" + i);
    }
    assertThat(
            hub.https().requests().stream()
                .skip(before)
                .filter(request -> request.method().equals("POST"))
                .filter(request -> request.path().contains(device.deviceId()))
                .count())
        .as("one request for all")
        .isEqualTo(1);
  }

  /**
   * Over HTTPS a message that the official client rejects is completed: it asks for {@code
   * %3Freject} where {@code reject} is documented.
   */
  @ParameterizedTest
  @CsvSource({"COMPLETE,SUCCESS", "REJECT,SUCCESS", "ABANDON,DELIVERY_COUNT_EXCEEDED"})
  void settlesMessages(String outcome, Feedback end) throws Exception {
    Device device = newDevice();
    JsonObject settle = order("settle");
    settle.addProperty("outcome", outcome);
    official.obey(settle);
    SentMessage sent =
        device.sendCloudMessage(
            CloudToDeviceMessage.of("hellö")
                .withMessageId("m-1")
                .withCorrelationId("c-1")
                .withContentType("text/plain")
                .withContentEncoding("utf-8")
                .withAck(CloudToDeviceMessage.Ack.FULL)
                .withProperty("room", "7"));
    official.obey(opening(device));
    JsonObject seen = official.await("message", any -> true);
    assertThat(seen.get("body").getAsString()).isEqualTo("hellö");
    assertThat(seen.get("messageId").getAsString()).isEqualTo("m-1");
    assertThat(seen.get("correlationId").getAsString()).isEqualTo("c-1");
    assertThat(seen.getAsJsonObject("properties").get("room").getAsString()).isEqualTo("7");
    assertThat(sent.feedback().get(60, TimeUnit.SECONDS)).isEqualTo(end);
    assertThat(sent.deliveryCount()).isEqualTo(end == Feedback.DELIVERY_COUNT_EXCEEDED ? 10 : 0);
  }

  @Test
  void authenticatesWithACertificate() throws Exception {
    ClientIdentity identity = hub.selfSignedClientCertificate("https-x509");
    Device device = hub.createDevice("https-x509", DeviceAuth.thumbprintOf(identity.certificate()));
    official.obey(withCertificate(opening(device), identity));
    official.obey(message(order("send"), "by certificate", "m"));
    assertThat(
            hub.telemetry()
                .receivedFrom("https-x509")
                .get(0)
                .systemProperties()
                .get("iothub-connection-auth-method"))
        .contains("x509");
  }

  @Test
  void uploadsAFile() throws Exception {
    Device device = newDevice();
    official.obey(opening(device));
    JsonObject upload = order("upload");
    upload.addProperty("name", "pictures/front-door.txt");
    upload.addProperty("contentType", "text/plain");
    upload.addProperty("body", "a picture");
    upload.addProperty("ca", hub.caPem());
    String correlationId = official.obey(upload).get("result").getAsString();
    String name = device.deviceId() + "/pictures/front-door.txt";
    UploadedBlob blob = hub.uploads().blob(name).orElseThrow();
    assertThat(blob.contentAsText()).isEqualTo("a picture");
    assertThat(blob.contentType()).isEqualTo("text/plain");
    UploadNotice notice = hub.uploads().notices().get(0);
    assertThat(
            Map.of(
                "correlationId", notice.correlationId(),
                "blob", notice.blobName(),
                "success", notice.success(),
                "status", notice.statusCode()))
        .isEqualTo(
            Map.of("correlationId", correlationId, "blob", name, "success", true, "status", 201));
    assertThat(hub.uploads().active(device.deviceId())).isZero();
  }
}
