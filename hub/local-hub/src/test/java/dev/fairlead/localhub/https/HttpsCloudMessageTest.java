package dev.fairlead.localhub.https;

import static dev.fairlead.localhub.https.HttpDevice.VERSION;
import static dev.fairlead.localhub.https.HttpDevice.header;
import static dev.fairlead.localhub.https.HttpDevice.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.DeliveryState;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.UndocumentedHttpsBehavior;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpsCloudMessageTest {

  private final ManualHubTime time = new ManualHubTime(Instant.parse("2030-01-01T00:00:00Z"));
  private final LocalHub hub = LocalHub.start(LocalHubOptions.defaults().time(time));
  private final Device device = hub.createDevice("dev-1");
  private final HttpDevice http =
      HttpDevice.withToken(
          hub,
          "dev-1",
          HttpDevice.token(
              "localhost/devices/dev-1", device.primaryKey(), time.now().plusSeconds(7200), ""));

  @AfterEach
  void stop() {
    hub.close();
  }

  /** Receives a message and answers its lock token. */
  private String receive(String expected) throws IOException {
    HttpResponse<byte[]> response = http.get(http.inbox());
    assertThat(response.statusCode()).as(text(response)).isEqualTo(200);
    assertThat(text(response)).isEqualTo(expected);
    String etag = header(response, "ETag");
    assertThat(etag).matches("\"[0-9a-f-]{36}\"");
    return etag.substring(1, etag.length() - 1);
  }

  private int complete(String lockToken) throws IOException {
    return http.delete(http.locked(lockToken, "?" + VERSION)).statusCode();
  }

  private int abandon(String lockToken) throws IOException {
    return http.post(http.locked(lockToken, "/abandon?" + VERSION), "", Map.of()).statusCode();
  }

  @Test
  void aLockThatIsUnknownOrOverCannotBeSettled() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    HttpResponse<byte[]> unknown = http.delete(http.locked("no-such-lock", "?" + VERSION));
    assertThat(unknown.statusCode()).isEqualTo(412);
    assertThat(header(unknown, "iothub-errorcode")).isEqualTo("DeviceMessageLockLost");
    String first = receive("x");
    time.advance(Duration.ofSeconds(60));
    assertThat(complete(first)).isEqualTo(412);
    assertThat(abandon(first)).isEqualTo(412);
    assertThat(sent.state()).isEqualTo(DeliveryState.ENQUEUED);
    String second = receive("x");
    assertThat(second).isNotEqualTo(first);
    assertThat(complete(second)).isEqualTo(204);
    assertThat(complete(second)).as("once is enough").isEqualTo(412);
    assertThat(sent.feedback()).isCompletedWithValue(Feedback.SUCCESS);
  }

  @Test
  void anotherDeviceCannotSettle() throws IOException {
    device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    String token = receive("x");
    Device other = hub.createDevice("dev-2");
    HttpDevice stranger =
        HttpDevice.withToken(
            hub,
            "dev-2",
            HttpDevice.token(
                "localhost/devices/dev-2", other.primaryKey(), time.now().plusSeconds(60), ""));
    assertThat(stranger.delete(stranger.locked(token, "?" + VERSION)).statusCode()).isEqualTo(412);
    assertThat(stranger.delete(http.locked(token, "?" + VERSION)).statusCode())
        .as("a token for another device")
        .isEqualTo(401);
    assertThat(complete(token)).isEqualTo(204);
  }

  @Test
  void anEmptyQueueIs204() throws IOException {
    HttpResponse<byte[]> response = http.get(http.inbox());
    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(response.headers().map()).doesNotContainKeys("ETag", "iothub-messageid");
  }

  @Test
  void aMessageComesWithAllItsProperties() throws IOException {
    device.sendCloudMessage(
        CloudToDeviceMessage.of("payload")
            .withMessageId("m-1")
            .withCorrelationId("c-1")
            .withUserId("u")
            .withContentType("application/json")
            .withContentEncoding("utf-8")
            .withAck(CloudToDeviceMessage.Ack.FULL)
            .withTimeToLive(Duration.ofMinutes(30))
            .withProperty("Plain", "100%")
            .withProperty("odd name", "zwölf\r\nInjected: yes")
            .withProperty("spaced", " a b "));
    HttpResponse<byte[]> response = http.get(http.inbox());
    assertThat(text(response)).isEqualTo("payload");
    Map.ofEntries(
            Map.entry("iothub-messageid", "m-1"),
            Map.entry("iothub-correlationid", "c-1"),
            Map.entry("iothub-userid", "u"),
            Map.entry("iothub-to", "/devices/dev-1/messages/deviceBound"),
            Map.entry("iothub-ack", "full"),
            Map.entry("iothub-expiry", "2030-01-01T00:30:00.0000000Z"),
            Map.entry("iothub-enqueuedtime", "2030-01-01T00:00:00.0000000Z"),
            Map.entry("iothub-deliverycount", "0"),
            Map.entry("iothub-sequencenumber", "1"),
            Map.entry("iothub-contenttype", "application/json"),
            Map.entry("iothub-contentencoding", "utf-8"),
            Map.entry("iothub-app-Plain", "100%"),
            Map.entry("iothub-app-odd%20name", "zw%C3%B6lf%0D%0AInjected: yes"),
            Map.entry("iothub-app-spaced", "%20a b%20"))
        .forEach((name, value) -> assertThat(header(response, name)).as(name).isEqualTo(value));
    assertThat(header(response, "Injected")).isEmpty();
  }

  @Test
  void anAbandonedMessageComesAgainUntilItsDeliveriesAreUsedUp() throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    device.sendCloudMessage(CloudToDeviceMessage.of("y"));
    for (int i = 0; i < 10; i++) {
      assertThat(sent.deliveryCount()).isEqualTo(i);
      assertThat(abandon(receive("x"))).isEqualTo(204);
    }
    assertThat(sent.feedback()).isCompletedWithValue(Feedback.DELIVERY_COUNT_EXCEEDED);
    assertThat(complete(receive("y"))).isEqualTo(204);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"?reject&" + VERSION, "?" + VERSION + "&reject=true", "?reject=&" + VERSION})
  void rejects(String query) throws IOException {
    SentMessage sent = device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    assertThat(http.delete(http.locked(receive("x"), query)).statusCode()).isEqualTo(204);
    assertThat(sent.feedback()).isCompletedWithValue(Feedback.REJECTED);
  }

  /**
   * A lock lasts a minute, whatever the client requests, unless the hub's options say otherwise.
   */
  @ParameterizedTest
  @CsvSource({"false,60", "true,180"})
  void locksForAMinuteOrAsAsked(boolean obeyed, int seconds) throws IOException {
    UndocumentedBehavior points =
        UndocumentedBehavior.builder()
            .https(UndocumentedHttpsBehavior.builder().lockTimeoutObeyed(obeyed).build())
            .build();
    try (LocalHub other =
        LocalHub.start(LocalHubOptions.defaults().time(time).undocumented(points))) {
      Device device2 = other.createDevice("d");
      SentMessage sent = device2.sendCloudMessage(CloudToDeviceMessage.of("x"));
      HttpDevice asking =
          HttpDevice.withToken(
              other,
              "d",
              HttpDevice.token(
                  "localhost/devices/d", device2.primaryKey(), time.now().plusSeconds(7200), ""));
      HttpResponse<byte[]> response =
          asking.send(
              asking.to(asking.inbox()).header("iothub-messagelocktimeout", "180").GET().build());
      assertThat(response.statusCode()).isEqualTo(200);
      time.advance(Duration.ofSeconds(seconds - 1));
      assertThat(sent.state()).isEqualTo(DeliveryState.INVISIBLE);
      time.advance(Duration.ofSeconds(1));
      assertThat(sent.state()).isEqualTo(DeliveryState.ENQUEUED);
    }
  }

  @Test
  void pathsMayBeInAnyCase() throws IOException {
    device.sendCloudMessage(CloudToDeviceMessage.of("x"));
    HttpResponse<byte[]> response = http.get("/Devices/dev-1/messages/devicebound?" + VERSION);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(http.get("/devices/DEV-1/messages/deviceBound?" + VERSION).statusCode())
        .as("not the id")
        .isEqualTo(404);
  }
}
