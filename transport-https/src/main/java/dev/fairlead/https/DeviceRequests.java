package dev.fairlead.https;

import dev.fairlead.https.http.Ascii;
import dev.fairlead.https.http.DevicePath;
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
  private static final String BATCH = "application/vnd.microsoft.iothub.json";
  private static final byte[] EMPTY_BATCH = "[]".getBytes(StandardCharsets.US_ASCII);

  private final HttpUrl events;
  private final HttpUrl deviceBound;
  private final String userAgent;
  private Credential credential;

  DeviceRequests(HttpUrl.Builder root, SessionContext context) {
    HttpUrl messages =
        DevicePath.of(root, context.identity()).newBuilder().addPathSegment("messages").build();
    events = DevicePath.versioned(messages.newBuilder().addPathSegment("events"));
    deviceBound = DevicePath.versioned(messages.newBuilder().addPathSegment("deviceBound"));
    userAgent = Ascii.printable(context.userAgent());
    credential = context.credential();
  }

  /** The credential to show from now on. */
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

  /** Checks the credential without sending data: a batch without messages. */
  Request proof() {
    return to(events)
        .header("Content-Type", BATCH)
        .post(RequestBody.create(EMPTY_BATCH, null))
        .build();
  }

  /** One message as it is. */
  Request event(DeviceEvent event) {
    Request.Builder request =
        to(events)
            .header("Content-Type", "application/octet-stream")
            .post(RequestBody.create(event.message().body(), null));
    event.fields().forEach(request::header);
    return request.build();
  }

  /** Several messages; accepted as a whole or not at all. */
  Request batch(List<DeviceEvent> batch) {
    return to(events)
        .header("Content-Type", BATCH)
        .post(RequestBody.create(TelemetryBatch.encode(batch), null))
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
