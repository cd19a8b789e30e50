package dev.fairlead.https;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.https.http.Precondition;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.SessionContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;

/**
 * The requests of one identity. IoT Hub REST reference: "Device - Send Device Event", "Receive
 * Device Bound Notification", "Complete", "Abandon". Confined to the loop.
 */
final class DeviceRequests {
  /** IoT Hub's current version. */
  private static final String API_VERSION = "2021-04-12";

  private static final String BATCH = "application/vnd.microsoft.iothub.json";
  private static final byte[] EMPTY_BATCH = "[]".getBytes(StandardCharsets.US_ASCII);

  private final HttpUrl events;
  private final HttpUrl deviceBound;
  private final String userAgent;
  private Credential credential;

  DeviceRequests(HttpUrl.Builder base, SessionContext context) {
    DeviceIdentity identity = context.identity();
    base.addPathSegment("devices").addPathSegment(identity.deviceId());
    identity.moduleId().ifPresent(id -> base.addPathSegment("modules").addPathSegment(id));
    HttpUrl messages = base.addPathSegment("messages").build();
    events = versioned(messages.newBuilder().addPathSegment("events"));
    deviceBound = versioned(messages.newBuilder().addPathSegment("deviceBound"));
    userAgent = printable(context.userAgent());
    credential = context.credential();
  }

  /** Whether a path can name it: a dot or two would be taken for the way up. RFC 3986, 5.2.4. */
  static boolean carries(DeviceIdentity identity) {
    return !dots(identity.deviceId()) && identity.moduleId().filter(DeviceRequests::dots).isEmpty();
  }

  /** An escaped dot counts as a dot. */
  private static boolean dots(String id) {
    return id.replaceAll("%2[eE]", ".").matches("\\.{1,2}");
  }

  private static HttpUrl versioned(HttpUrl.Builder url) {
    return url.addQueryParameter("api-version", API_VERSION).build();
  }

  private static String printable(String text) {
    StringBuilder kept = new StringBuilder();
    text.codePoints().forEach(c -> kept.append(c < ' ' || c >= 0x7f ? '?' : (char) c));
    return kept.toString();
  }

  /** From now on, this one is shown. */
  void use(Credential fresh) {
    credential = fresh;
  }

  private Request.Builder to(HttpUrl url) {
    Request.Builder request = new Request.Builder().url(url).header("User-Agent", userAgent);
    if (credential instanceof Credential.Token token) {
      request.header("Authorization", token.text().reveal());
    }
    return request;
  }

  /** Proves the credential and moves nothing: a batch without messages. */
  Request proof() {
    return to(events)
        .header("Content-Type", BATCH)
        .post(RequestBody.create(EMPTY_BATCH, null))
        .build();
  }

  /** One message as it is. */
  Request event(TelemetryMessage message) {
    Request.Builder request =
        to(events)
            .header("Content-Type", "application/octet-stream")
            .post(RequestBody.create(message.body(), null));
    MessageFields.of(message).forEach(request::header);
    return request.build();
  }

  /** Several messages; taken whole or not at all. */
  Request batch(List<TelemetryMessage> messages) {
    return to(events)
        .header("Content-Type", BATCH)
        .post(RequestBody.create(EventBatch.encode(messages), null))
        .build();
  }

  /** Asks for the oldest message in the queue. */
  Request receive(Precondition precondition) {
    return to(deviceBound).tag(Precondition.class, precondition).get().build();
  }

  Request complete(String lockToken) {
    return to(deviceBound.newBuilder().addPathSegment(lockToken).build()).delete(null).build();
  }

  Request reject(String lockToken) {
    HttpUrl url =
        deviceBound
            .newBuilder()
            .addPathSegment(lockToken)
            .addQueryParameter("reject", null)
            .build();
    return to(url).delete(null).build();
  }

  Request abandon(String lockToken) {
    HttpUrl url =
        deviceBound.newBuilder().addPathSegment(lockToken).addPathSegment("abandon").build();
    return to(url).post(RequestBody.create(new byte[0], null)).build();
  }
}
