package dev.fairlead.localhub.https;

import static dev.fairlead.localhub.https.HttpDevice.header;
import static dev.fairlead.localhub.https.HttpDevice.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.HttpsRequest;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The hub's record of requests, and its limit on them. */
class HttpsTrafficTest {

  private final ManualHubTime time = new ManualHubTime();
  private final LocalHubOptions options = LocalHubOptions.defaults().time(time);

  private static HttpDevice device(LocalHub hub, Device known, Instant expiry) {
    String id = known.deviceId();
    return HttpDevice.withToken(
        hub, id, HttpDevice.token("localhost/devices/" + id, known.primaryKey(), expiry, ""));
  }

  @Test
  void throttlesReceivesOfAllDevicesTogether() throws IOException {
    try (LocalHub hub = LocalHub.start(options.cloudReceivesPerMinute(6))) {
      Instant later = time.now().plusSeconds(3600);
      HttpDevice one = device(hub, hub.createDevice("dev-1"), later);
      HttpDevice two = device(hub, hub.createDevice("dev-2"), later);
      hub.device("dev-1").orElseThrow().sendCloudMessage(CloudToDeviceMessage.of("x"));
      for (int i = 0; i < 6; i++) {
        assertThat(two.get(two.inbox()).statusCode()).isEqualTo(204);
      }
      HttpResponse<byte[]> refused = one.get(one.inbox());
      assertThat(refused.statusCode()).as(text(refused)).isEqualTo(429);
      assertThat(header(refused, "iothub-errorcode")).isEqualTo("ThrottlingException");
      assertThat(header(refused, "Retry-After")).isEqualTo("10");
      assertThat(one.post(one.events(), "x", Map.of()).statusCode())
          .as("only receives are throttled")
          .isEqualTo(204);
      time.advance(Duration.ofSeconds(9));
      assertThat(header(one.get(one.inbox()), "Retry-After")).isEqualTo("1");
      time.advance(Duration.ofSeconds(1));
      assertThat(one.get(one.inbox()).statusCode()).isEqualTo(200);
      assertThat(one.get(one.inbox()).statusCode()).isEqualTo(429);
      time.advance(Duration.ofHours(1).minusSeconds(60));
      for (int i = 0; i < 6; i++) {
        assertThat(one.get(one.inbox()).statusCode()).isNotEqualTo(429);
      }
      assertThat(one.get(one.inbox()).statusCode())
          .as("the unused allowance is bounded")
          .isEqualTo(429);
    }
  }

  @Test
  void throttlesNothingOnRequest() throws IOException {
    try (LocalHub hub = LocalHub.start(options.cloudReceivesPerMinute(0))) {
      HttpDevice http = HttpDevice.of(hub, hub.createDevice("dev-1"));
      for (int i = 0; i < 1100; i++) {
        assertThat(http.get(http.inbox()).statusCode()).isEqualTo(204);
      }
    }
  }

  @Test
  void tellsWhenADeviceHasAskedForMessages() throws IOException {
    try (LocalHub hub = LocalHub.start(options)) {
      Device device = hub.createDevice("dev-1");
      HttpDevice http = device(hub, device, time.now().plusSeconds(7200));
      Instant first = time.now();
      http.get(http.inbox());
      time.advance(Duration.ofMinutes(25));
      http.get(http.inbox());
      http.post(http.events(), "x", Map.of());
      hub.deleteDevice("dev-1");
      time.advance(Duration.ofMinutes(1));
      assertThat(http.get(http.inbox()).statusCode()).isEqualTo(404);
      assertThat(hub.https().cloudMessagePolls("dev-1"))
          .containsExactly(
              first, first.plus(Duration.ofMinutes(25)), first.plus(Duration.ofMinutes(26)));
      assertThat(hub.https().cloudMessagePolls("dev-2")).isEmpty();
      assertThat(hub.https().count()).isEqualTo(4);
      assertThat(hub.https().requests().get(2))
          .isEqualTo(
              new HttpsRequest(
                  first.plus(Duration.ofMinutes(25)),
                  "POST",
                  "/devices/dev-1/messages/events",
                  204));
      http.get("/" + "x".repeat(5000) + "?secret=1");
      assertThat(hub.https().requests().get(4).path()).isEqualTo("/" + "x".repeat(1023));
      hub.https().clear();
      assertThat(hub.https().requests()).isEmpty();
    }
  }
}
