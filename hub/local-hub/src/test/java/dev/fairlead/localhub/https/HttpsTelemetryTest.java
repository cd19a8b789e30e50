package dev.fairlead.localhub.https;

import static dev.fairlead.localhub.https.HttpDevice.header;
import static dev.fairlead.localhub.https.HttpDevice.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.UndocumentedHttpsBehavior;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpsTelemetryTest {

  private static final String BATCH = "application/vnd.microsoft.iothub.json";

  private final ManualHubTime time = new ManualHubTime();
  private final LocalHub hub =
      LocalHub.start(LocalHubOptions.defaults().hostName("hub.example.net").time(time));
  private final Device device = hub.createDevice("dev-1");
  private final HttpDevice http = HttpDevice.of(hub, device);

  @AfterEach
  void stop() {
    hub.close();
  }

  private static void assertError(HttpResponse<byte[]> response, int status, String name)
      throws IOException {
    assertThat(response.statusCode()).as(text(response)).isEqualTo(status);
    assertThat(header(response, "iothub-errorcode")).isEqualTo(name);
    assertThat(header(response, "Content-Type")).isEqualTo("application/json; charset=utf-8");
    assertThat(header(response, "x-ms-request-id")).isNotEmpty();
    assertThat(header(response, "Server")).isEqualTo("Microsoft-HTTPAPI/2.0");
    JsonNode body = new ObjectMapper().readTree(response.body());
    assertThat(body.path("Message").asText()).startsWith("ErrorCode:" + name + ";");
    assertThat(body.path("ExceptionMessage").asText())
        .matches(
            "Tracking ID:[0-9a-f]{32}-G:0-TimeStamp:\\d\\d/\\d\\d/\\d{4} \\d\\d:\\d\\d:\\d\\d");
  }

  private HttpResponse<byte[]> batch(String body) throws IOException {
    return http.post(http.events(), body, Map.of("Content-Type", BATCH));
  }

  // --- refused clients

  @Test
  void refusesCredentialsThatAreNotGood() throws IOException {
    String scope = hub.hostName() + "/devices/dev-1";
    String key = device.primaryKey();
    String good = HttpDevice.token(scope, key);
    String policy = hub.policyKey("service");
    for (String bad :
        new String[] {
          "",
          "nonsense",
          "Bearer " + good,
          HttpDevice.token(hub.hostName() + "/devices/dev-2", key),
          HttpDevice.token("other.example.net/devices/dev-1", key),
          HttpDevice.token(
              scope,
              DeviceAuth.randomKeys() instanceof DeviceAuth.SymmetricKeys k ? k.primary() : ""),
          HttpDevice.token(scope, key, time.now().minusSeconds(1), ""),
          HttpDevice.token(scope, policy, time.now().plusSeconds(60), "&skn=service"),
          HttpDevice.token(scope, key, time.now().plusSeconds(60), "&skn=nobody")
        }) {
      HttpDevice stranger = HttpDevice.withToken(hub, "dev-1", bad.isEmpty() ? null : bad);
      assertError(stranger.post(stranger.events(), "x", Map.of()), 401, "IotHubUnauthorizedAccess");
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void refusesAHostThatIsNotThisHub() throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(
          "POST /devices/dev-1/messages/events?api-version=2021-04-12 HTTP/1.1\r\n"
              + "Host: other.example.net\r\nContent-Length: 0\r\n\r\n");
      assertThat(raw.read()).startsWith("HTTP/1.1 401 ").contains("IotHubNotFound");
    }
  }

  @Test
  void refusesATokenAsSoonAsItIsOver() throws IOException {
    HttpDevice shortLived =
        HttpDevice.withToken(
            hub,
            "dev-1",
            HttpDevice.token(
                hub.hostName() + "/devices/dev-1",
                device.primaryKey(),
                Instant.ofEpochSecond(time.now().getEpochSecond() + 10),
                ""));
    assertThat(shortLived.post(shortLived.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    time.advance(Duration.ofSeconds(11));
    assertError(
        shortLived.post(shortLived.events(), "x", Map.of()), 401, "IotHubUnauthorizedAccess");
  }

  @Test
  void refusesIdentitiesThatAreDisabledDeletedOrNobody() throws IOException {
    assertThat(http.post(http.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    device.setEnabled(false);
    assertError(http.post(http.events(), "x", Map.of()), 404, "DeviceNotFound");
    device.setEnabled(true);
    assertThat(http.post(http.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    hub.deleteDevice("dev-1");
    assertError(http.post(http.events(), "x", Map.of()), 404, "DeviceNotFound");
  }

  @ParameterizedTest
  @CsvSource({"401003,401,IotHubUnauthorizedAccess", "403012,403,DeviceDisabled"})
  void tellsADisabledDeviceWhatItIsToldTo(int code, int status, String name) throws IOException {
    UndocumentedBehavior points =
        UndocumentedBehavior.builder()
            .https(UndocumentedHttpsBehavior.builder().disabledCode(code).build())
            .build();
    try (LocalHub other = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
      Device disabled = other.createDevice("d");
      disabled.setEnabled(false);
      HttpDevice barred = HttpDevice.of(other, disabled);
      assertError(barred.post(barred.events(), "x", Map.of()), status, name);
      HttpDevice nobody = HttpDevice.withToken(other, "nobody", null);
      assertError(nobody.post(nobody.events(), "x", Map.of()), 404, "DeviceNotFound");
    }
  }

  @Test
  void namesErrorsAsNewerHubsDo() throws IOException {
    UndocumentedBehavior points =
        UndocumentedBehavior.builder()
            .https(UndocumentedHttpsBehavior.builder().errorsInJson(true).build())
            .build();
    try (LocalHub other = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
      HttpDevice nobody = HttpDevice.withToken(other, "nobody", null);
      HttpResponse<byte[]> response = nobody.post(nobody.events(), "x", Map.of());
      JsonNode body = new ObjectMapper().readTree(response.body());
      JsonNode message = new ObjectMapper().readTree(body.path("Message").asText());
      assertThat(message.path("errorCode").asInt()).isEqualTo(404001);
      assertThat(message.path("timestampUtc").asText()).endsWith("Z");
      assertThat(message.path("trackingId").asText()).isNotEmpty();
    }
  }

  // --- refused messages

  @ParameterizedTest
  @CsvSource({
    "POST,/devices/dev-1/messages/events,400,InvalidProtocolVersion",
    "POST,/devices/dev-1/messages/events?api-version=,400,InvalidProtocolVersion",
    "POST,/devices/dev-1/messages/events?api-version=latest,400,InvalidProtocolVersion",
    "POST,/devices/dev%2/messages/events?api-version=2021-04-12,400,ArgumentInvalid",
    "GET,/devices/dev-1/messages/events?api-version=2021-04-12,405,Generic405000",
    "PUT,/devices/dev-1/messages/events?api-version=2021-04-12,405,Generic405000",
    "GET,/devices/dev-1/messages/eventz?api-version=2021-04-12,404,Generic404000",
    "GET,/devices/dev-1/messages/events/?api-version=2021-04-12,404,Generic404000",
    "GET,/devices/a%20b/messages/events?api-version=2021-04-12,404,Generic404000",
    "GET,/devices/dev-1%2Fmessages/events?api-version=2021-04-12,404,Generic404000",
    "GET,/devices/dev-1/modules/m/messages/deviceBound?api-version=2021-04-12,404,Generic404000",
    "GET,/twins/dev-1?api-version=2021-04-12,404,Generic404000",
    "GET,/,404,Generic404000"
  })
  void namesWhatIsWrongWithARequest(String method, String target, int status, String name)
      throws IOException {
    try (RawHttp raw = RawHttp.dial(hub)) {
      raw.write(
          method
              + " "
              + target
              + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
              + HttpDevice.token(hub.hostName() + "/devices/dev-1", device.primaryKey())
              + "\r\nContent-Length: 1\r\n\r\nx");
      String answer = raw.read();
      assertThat(answer)
          .startsWith("HTTP/1.1 " + status + " ")
          .containsIgnoringCase("iothub-errorcode: " + name);
      if (status == 405) {
        assertThat(answer).containsIgnoringCase("\r\nallow: POST\r\n");
      }
    }
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void refusesMoreThan256Kb() throws IOException {
    byte[] most = new byte[256 * 1024];
    assertThat(http.post(http.events(), most, Map.of()).statusCode()).isEqualTo(204);
    assertError(
        http.post(http.events(), new byte[most.length + 1], Map.of()), 413, "MessageTooLarge");
    assertError(
        http.post(http.events(), most, Map.of("iothub-app-a", "1")), 413, "MessageTooLarge");
    // In chunks, without a declared length.
    assertError(
        http.method(
            "POST",
            http.events(),
            BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(new byte[most.length + 1])),
            Map.of()),
        413,
        "MessageTooLarge");
    assertThat(hub.telemetry().count()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "{}",
        "[]",
        "[1]",
        "[{}]",
        "[{\"body\":1}]",
        "[{\"body\":\"!\"}]",
        "[{\"body\":\"eA==\",\"base64Encoded\":\"yes\"}]",
        "[{\"body\":\"eA==\",\"properties\":[]}]",
        "[{\"body\":\"eA==\",\"properties\":{\"iothub-app-a\":1}}]",
        "[{\"body\":\"eA==\",\"properties\":{\"iothub-app-a b\":\"1\"}}]",
        "[{\"body\":\"eA==\",\"properties\":{\"iothub-app-a\":\"\\u00e4\"}}]",
        "[{\"body\":\"eA==\"},{\"body\":\"!\"}]",
        "[{\"body\":\"eA==\"}] []"
      })
  void takesABatchWholeOrNotAtAll(String body) throws IOException {
    assertError(batch(body), 400, "ArgumentInvalid");
    assertThat(hub.telemetry().count()).isZero();
  }

  @Test
  void boundsABatch() throws IOException {
    String one = "{\"body\":\"\"}";
    assertThat(batch("[" + one + ("," + one).repeat(499) + "]").statusCode()).isEqualTo(204);
    assertThat(hub.telemetry().count()).isEqualTo(500);
    assertError(batch("[" + one + ("," + one).repeat(500) + "]"), 400, "ArgumentInvalid");
    int most = 256 * 1024 - "[{'body':'','base64Encoded':false}]".length();
    String start = "[{\"body\":\"";
    String end = "\",\"base64Encoded\":false}]";
    assertThat(batch(start + "x".repeat(most) + end).statusCode()).isEqualTo(204);
    assertError(batch(start + "x".repeat(most + 1) + end), 413, "MessageTooLarge");
    assertThat(hub.telemetry().count()).isEqualTo(501);
  }

  // --- accepted messages

  @Test
  void takesAMessageWithItsProperties() throws IOException {
    HttpResponse<byte[]> response =
        http.post(
            http.events(),
            "hello",
            Map.ofEntries(
                Map.entry("Content-Type", "application/octet-stream"),
                Map.entry("iothub-to", "/devices/dev-1/messages/events"),
                Map.entry("iothub-app-Temp", "1 2"),
                Map.entry("IoTHub-App-other", ""),
                Map.entry("iothub-messageid", "m-1"),
                Map.entry("iothub-correlationid", "c-1"),
                Map.entry("iothub-userid", "u"),
                Map.entry("iothub-contenttype", "application/json"),
                Map.entry("iothub-contentencoding", "utf-8"),
                Map.entry("iothub-creation-time-utc", "2030-01-01T00:00:00Z"),
                Map.entry("dt-subject", "thermostat"),
                Map.entry("iothub-app-percent", "50%25")));
    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(response.body()).isEmpty();
    assertThat(header(response, "Date"))
        .isEqualTo(
            DateTimeFormatter.RFC_1123_DATE_TIME.format(
                time.now().atOffset(java.time.ZoneOffset.UTC)));
    TelemetryRecord stored = hub.telemetry().received().get(0);
    assertThat(stored.bodyAsText()).isEqualTo("hello");
    assertThat(stored.properties())
        .containsExactlyInAnyOrderEntriesOf(Map.of("Temp", "1 2", "other", "", "percent", "50%25"));
    assertThat(stored.systemProperties())
        .containsEntry("message-id", "m-1")
        .containsEntry("correlation-id", "c-1")
        .containsEntry("user-id", "u")
        .containsEntry("to", "/devices/dev-1/messages/events")
        .containsEntry("content-type", "application/json")
        .containsEntry("content-encoding", "utf-8")
        .containsEntry("iothub-creation-time-utc", "2030-01-01T00:00:00Z")
        .containsEntry("dt-subject", "thermostat")
        .containsEntry("iothub-connection-device-id", "dev-1")
        .containsEntry(
            "iothub-connection-auth-method",
            "{\"scope\":\"device\",\"type\":\"sas\",\"issuer\":\"iothub\",\"acceptingIpFilterRule\":null}");
  }

  @Test
  void takesABatchInItsOrder() throws IOException {
    String encoded = Base64.getEncoder().encodeToString(new byte[] {0, (byte) 0xff});
    HttpResponse<byte[]> response =
        batch(
            "[{\"body\":\""
                + encoded
                + "\",\"base64Encoded\":true,\"properties\":{\"iothub-app-a\":\"1\","
                + "\"iothub-messageid\":\"x\"}},"
                + "{\"body\":\"pl\\u00e4in\",\"base64Encoded\":false},"
                + "{\"body\":\"\",\"unknown\":1,\"properties\":null}]");
    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(hub.telemetry().received())
        .extracting(TelemetryRecord::body)
        .containsExactly(
            new byte[] {0, (byte) 0xff}, "pläin".getBytes(StandardCharsets.UTF_8), new byte[0]);
    TelemetryRecord first = hub.telemetry().received().get(0);
    assertThat(first.properties()).containsExactly(Map.entry("a", "1"));
    assertThat(first.systemProperties()).containsEntry("message-id", "x");
  }

  @Test
  void losesNothingWhenManySendAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Integer>> sending = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        String body = "m" + i;
        sending.add(() -> http.post(http.events(), body, Map.of()).statusCode());
      }
      for (Future<Integer> status : threads.invokeAll(sending)) {
        assertThat(status.get()).isEqualTo(204);
      }
      assertThat(hub.telemetry().received())
          .extracting(TelemetryRecord::bodyAsText)
          .doesNotHaveDuplicates()
          .hasSize(400);
      assertThat(hub.https().count()).isEqualTo(400);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void servesIdsThatNeedEscapes() throws IOException {
    Device odd = hub.createDevice("a#b%c+d");
    HttpDevice oddHttp = HttpDevice.of(hub, odd);
    assertThat(oddHttp.post(oddHttp.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    assertThat(hub.telemetry().receivedFrom("a#b%c+d")).hasSize(1);
  }

  @Test
  void servesModulesAndPolicies() throws IOException {
    Device module = device.createModule("m");
    HttpDevice http2 = HttpDevice.of(hub, module);
    assertThat(http2.post(http2.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    assertThat(hub.telemetry().received().get(0).moduleId()).contains("m");
    HttpDevice byPolicy =
        HttpDevice.withToken(
            hub,
            "dev-1",
            HttpDevice.token(
                hub.hostName(),
                hub.policyKey("device"),
                time.now().plusSeconds(60),
                "&skn=device"));
    assertThat(byPolicy.post(byPolicy.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    device.setEnabled(false);
    assertError(http2.post(http2.events(), "x", Map.of()), 404, "DeviceNotFound");
  }

  @Test
  void servesCertificates() throws IOException {
    ClientIdentity identity = hub.selfSignedClientCertificate("x509");
    hub.createDevice("x509", DeviceAuth.thumbprintOf(identity.certificate()));
    HttpDevice good = HttpDevice.withCertificate(hub, "x509", identity);
    assertThat(good.post(good.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    HttpDevice wrong =
        HttpDevice.withCertificate(hub, "x509", hub.selfSignedClientCertificate("x509"));
    assertError(wrong.post(wrong.events(), "x", Map.of()), 401, "IotHubUnauthorizedAccess");
    HttpDevice none = HttpDevice.withToken(hub, "x509", null);
    assertError(none.post(none.events(), "x", Map.of()), 401, "IotHubUnauthorizedAccess");
    HttpDevice other = HttpDevice.withCertificate(hub, "dev-1", identity);
    assertError(other.post(other.events(), "x", Map.of()), 401, "IotHubUnauthorizedAccess");
  }

  @Test
  void aCertificateThatCountsByItsCaIsTakenOnlyIfTheHubIsToldTo() throws IOException {
    ClientIdentity identity = hub.issueClientCertificate("x509");
    hub.createDevice("x509", DeviceAuth.signedByCa());
    HttpDevice refused = HttpDevice.withCertificate(hub, "x509", identity);
    assertError(refused.post(refused.events(), "x", Map.of()), 401, "IotHubUnauthorizedAccess");
    UndocumentedBehavior points =
        UndocumentedBehavior.builder().caCertificatesOnPort443(true).build();
    try (LocalHub other = LocalHub.start(LocalHubOptions.defaults().undocumented(points))) {
      ClientIdentity known = other.issueClientCertificate("x509");
      other.createDevice("x509", DeviceAuth.signedByCa());
      HttpDevice taken = HttpDevice.withCertificate(other, "x509", known);
      assertThat(taken.post(taken.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    }
  }

  @Test
  void obeysFaultMessagesOnTheRequestItself() throws IOException {
    Map<String, String> asked =
        Map.of("iothub-app-AzIoTHub_FaultOperationType", "InvokeThrottling");
    assertError(http.post(http.events(), "x", asked), 429, "ThrottlingException");
    asked = Map.of("iothub-app-AzIoTHub_FaultOperationType", "InvokeMaxMessageQuota");
    assertError(http.post(http.events(), "x", asked), 403, "IotHubQuotaExceeded");
    asked = Map.of("iothub-app-AzIoTHub_FaultOperationType", "InvokeAuthError");
    assertError(http.post(http.events(), "x", asked), 401, "IotHubUnauthorizedAccess");
    assertThat(http.post(http.events(), "x", Map.of()).statusCode()).isEqualTo(204);
    assertThat(hub.telemetry().count()).isEqualTo(1);
  }
}
