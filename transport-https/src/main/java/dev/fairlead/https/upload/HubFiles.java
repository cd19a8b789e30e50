package dev.fairlead.https.upload;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.https.http.Ascii;
import dev.fairlead.https.http.DevicePath;
import dev.fairlead.https.http.HttpAnswer;
import dev.fairlead.https.http.HttpLimits;
import dev.fairlead.https.http.HttpsFailures;
import dev.fairlead.https.http.HubHttp;
import dev.fairlead.json.Json;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.UploadContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;

/**
 * The hub's part of an upload. IoT Hub REST reference: "Device - Create File Upload Sas Uri" and
 * "Update File Upload Status".
 */
final class HubFiles {
  private static final MediaType JSON = MediaType.get("application/json; charset=utf-8");
  private static final int MAX_ANSWER = 16 * 1024;

  /** The hub's answer to a repeated notice. IoT Hub: error 400015. */
  static final int NO_SUCH_UPLOAD = 400015;

  /** The hub's answer to a notice that is too late. IoT Hub: error 400016. */
  static final int EXPIRED = 400016;

  private final UploadContext context;
  private volatile Credential credential;
  private final HubHttp http;
  private final HttpsFailures failures;
  private final HttpUrl files;
  private final Duration answerTimeout;
  private volatile String asked = "the first request";

  HubFiles(UploadContext context, Credential credential, Dialer dialer, Duration answerTimeout) {
    this.context = context;
    this.credential = credential;
    this.answerTimeout = answerTimeout;
    DeviceIdentity identity = context.identity();
    http =
        new HubHttp(
            "fairlead-" + identity + "-upload-hub",
            dialer,
            context.endpoint(),
            credential instanceof Credential.Certificate certificate
                ? Optional.of(certificate)
                : Optional.empty(),
            context.hubHost(),
            Duration.ofMinutes(2),
            context.loop()::schedule);
    failures =
        new HttpsFailures(identity.toString(), context.endpoint(), credential, context.loop()::now);
    files = DevicePath.of(http.url(), identity).newBuilder().addPathSegment("files").build();
  }

  /** What the last request waits for. Any thread. */
  String step() {
    return http.step(asked);
  }

  /** Requests a grant to put a blob. */
  CompletionStage<Grant> begin(String blobName) {
    String what = "the upload of " + blobName;
    Optional<UnsupportedException> obstacle = DevicePath.obstacle(context.identity());
    if (obstacle.isPresent()) {
      return CompletableFuture.failedFuture(obstacle.get());
    }
    return post(files, Map.of("blobName", blobName), what, answerTimeout)
        .thenApply(
            answer -> {
              if (answer.status() != 200) {
                throw failures.answered(answer, what, Stage.OPEN);
              }
              try {
                return Grant.read(answer.text());
              } catch (IllegalArgumentException e) {
                throw new UnreachableException(
                    context.endpoint()
                        + " answered "
                        + what
                        + " with something that is not a location to upload to: "
                        + e.getMessage()
                        + ". Something in between answered, or the host is not an IoT hub.",
                    Stage.OPEN,
                    Progress.MAYBE_SENT,
                    null);
              }
            });
  }

  /** Notifies the hub of an upload's end. */
  CompletionStage<Void> end(
      Grant grant, boolean success, int status, String description, Duration limit) {
    String what = "the notice that " + grant.blobName() + " was uploaded";
    return post(
            files.newBuilder().addPathSegment("notifications").build(),
            Map.of(
                "correlationId",
                grant.correlationId(),
                "isSuccess",
                success,
                "statusCode",
                status,
                "statusDescription",
                description),
            what,
            limit)
        .thenAccept(
            answer -> {
              if (answer.status() / 100 != 2) {
                throw failures.answered(answer, what, Stage.SESSION);
              }
            });
  }

  /** Sets the credential to show from now on; a certificate never changes. */
  void use(Credential fresh) {
    credential = fresh;
  }

  Credential credential() {
    return credential;
  }

  private CompletionStage<HttpAnswer> post(
      HttpUrl url, Map<String, ?> body, String what, Duration limit) {
    Request.Builder request =
        new Request.Builder()
            .url(DevicePath.versioned(url.newBuilder()))
            .header("User-Agent", Ascii.printable(context.userAgent()))
            .post(RequestBody.create(Json.write(body).getBytes(StandardCharsets.UTF_8), JSON));
    if (credential instanceof Credential.Token token) {
      request.header("Authorization", token.text().reveal());
    }
    asked = what;
    return http.send(request.build(), new HttpLimits(limit, MAX_ANSWER))
        .exceptionally(
            cause -> {
              throw failures.broken(cause, what, Stage.SESSION);
            });
  }

  void abort() {
    http.abort();
  }
}
