package dev.fairlead.https.upload;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.https.http.Ascii;
import dev.fairlead.https.http.HttpAnswer;
import dev.fairlead.https.http.HttpLimits;
import dev.fairlead.https.http.HttpsFailures;
import dev.fairlead.https.http.HubHttp;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.UploadContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.jspecify.annotations.Nullable;

/**
 * The storage's part of an upload, for one grant. Blob service REST API. The device's own
 * credential is not shown here.
 */
final class Storage {
  private static final int CREATED = 201;
  private static final int MAX_ANSWER = 16 * 1024;

  private final Endpoint endpoint;
  private final HubHttp http;
  private final HttpsFailures failures;
  private final HttpUrl blob;
  private final String contentType;
  private final Duration answerTimeout;
  private volatile String asked = "the first request";

  Storage(
      Grant grant,
      Endpoint endpoint,
      UploadContext context,
      Credential credential,
      Dialer dialer,
      Optional<String> contentType,
      Duration answerTimeout) {
    this.endpoint = endpoint;
    this.contentType = contentType.orElse("application/octet-stream");
    this.answerTimeout = answerTimeout;
    http =
        new HubHttp(
            "fairlead-" + context.identity() + "-upload-storage",
            dialer,
            endpoint,
            Optional.empty(),
            grant.hostName(),
            Duration.ofMinutes(1),
            context.loop()::schedule);
    failures =
        new HttpsFailures(context.identity().toString(), endpoint, credential, context.loop()::now);
    HttpUrl.Builder url = http.url().addPathSegment(grant.containerName());
    for (String segment : grant.blobName().split("/", -1)) {
      url.addPathSegment(segment);
    }
    blob = url.encodedQuery(grant.sas().reveal()).build();
  }

  /** What the last request waits for. Any thread. */
  String step() {
    return http.step(asked);
  }

  /** Puts the content in one request. */
  CompletionStage<Void> put(byte[] content, int length) {
    return send(
        new Request.Builder()
            .url(blob)
            .header("x-ms-blob-type", "BlockBlob")
            .header("x-ms-blob-content-type", contentType)
            .put(RequestBody.create(content, null, 0, length)),
        length,
        "the content");
  }

  /** Puts a block, which is kept for a week without being part of the blob. */
  CompletionStage<Void> putBlock(int index, byte[] content, int length) {
    HttpUrl url =
        blob.newBuilder()
            .addQueryParameter("comp", "block")
            .addQueryParameter("blockid", blockId(index))
            .build();
    return send(
        new Request.Builder().url(url).put(RequestBody.create(content, null, 0, length)),
        length,
        "block " + index);
  }

  /** Makes the blob of its blocks. */
  CompletionStage<Void> commit(int blocks) {
    StringBuilder list = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for (int i = 0; i < blocks; i++) {
      list.append("<Latest>").append(blockId(i)).append("</Latest>");
    }
    byte[] body = list.append("</BlockList>").toString().getBytes(StandardCharsets.US_ASCII);
    return send(
        new Request.Builder()
            .url(blob.newBuilder().addQueryParameter("comp", "blocklist").build())
            .header("x-ms-blob-content-type", contentType)
            .put(RequestBody.create(body, null)),
        body.length,
        "the list of blocks");
  }

  /** All of one length, as the storage requires. */
  private static String blockId(int index) {
    byte[] number = String.format(Locale.ROOT, "%06d", index).getBytes(StandardCharsets.US_ASCII);
    return Base64.getEncoder().encodeToString(number);
  }

  private CompletionStage<Void> send(Request.Builder request, long length, String what) {
    asked = what;
    return http.send(request.build(), new HttpLimits(answerTimeout, MAX_ANSWER))
        .handle(
            (answer, cause) -> {
              if (answer == null) {
                throw failures.broken(cause, what, Stage.SESSION);
              }
              if (answer.status() != CREATED) {
                throw refused(answer, what + " (" + length + " bytes)");
              }
              return null;
            });
  }

  /** The only table of the storage's answers. Blob service: "Status and error codes". */
  private RuntimeException refused(HttpAnswer answer, String what) {
    int status = answer.status();
    String code =
        answer
            .header("x-ms-error-code")
            .filter(name -> Ascii.consistsOf(name, 64, ""))
            .orElse(null);
    String why = " (HTTP " + status + (code == null ? "" : ", " + code) + ")";
    boolean byStorage = code != null || answer.header("x-ms-request-id").isPresent();
    if (status == 429 || "ServerBusy".equals(code)) {
      return new ThrottledException(
          "The storage " + endpoint + " asks for fewer requests" + why + ".",
          Progress.MAYBE_SENT,
          null);
    }
    if (status == 408 || status >= 500) {
      return unreachable(
          "The storage "
              + endpoint
              + " could not take "
              + what
              + why
              + ". This is temporary; retry.");
    }
    if (!byStorage) {
      return unreachable(
          endpoint
              + " answered "
              + what
              + why
              + ". It is not in the form of a storage service: something in between answered.");
    }
    RejectedException refusal =
        new RejectedException(
            "The storage " + endpoint + " refused " + what + why + ". " + advice(status, code),
            Progress.MAYBE_SENT,
            status);
    return status == 403 || status == 401 ? new GrantRefused(refusal) : refusal;
  }

  private static String advice(int status, @Nullable String code) {
    if (status == 403 || status == 401) {
      return "The hub's signature for it has expired or does not fit. Check the storage account's"
          + " key and firewall in the hub's file upload settings, and the clocks.";
    }
    if ("ContainerNotFound".equals(code) || status == 404) {
      return "Check the container in the hub's file upload settings.";
    }
    if (status == 413) {
      return "It is too large for the storage.";
    }
    return "Sending it again would be refused again.";
  }

  private static HubException unreachable(String what) {
    return new UnreachableException(what, Stage.SESSION, Progress.MAYBE_SENT, null);
  }

  void abort() {
    http.abort();
  }
}
