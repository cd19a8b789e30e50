package dev.fairlead.localhub.https;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.UploadNotice;
import dev.fairlead.localhub.UploadedBlob;
import dev.fairlead.localhub.Uploads;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.twin.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Uploads, from their start to the device's report of their end (page "Upload files with IoT Hub").
 * Safe for use by several threads.
 */
final class FileUploads implements Uploads {

  private static final int MAX_ACTIVE = 10;
  private static final int MAX_BLOB_NAME = 1024;
  private static final int RETENTION = 1_000;

  private final HubTime time;
  private final UploadSas signatures;
  private final BlobStore store;
  private final LocalHubOptions options;
  private final Map<String, Upload> active = new LinkedHashMap<>();
  private final Set<String> expired = new LinkedHashSet<>();
  private final ArrayDeque<UploadNotice> notices = new ArrayDeque<>();

  FileUploads(LocalHubOptions options, HubTime time, UploadSas signatures, BlobStore store) {
    this.options = options;
    this.time = time;
    this.signatures = signatures;
    this.store = store;
  }

  private record Upload(IdentityId id, String blob, Instant end) {}

  /**
   * {@code POST …/files}: answers where to upload a file.
   *
   * @param port the port at which the device reached the hub
   */
  Answer begin(IdentityId id, int port, byte[] body) {
    Duration life = options.uploadLifetime();
    String name = blobName(id, parse(body).get("blobName"));
    String correlationId = UUID.randomUUID().toString();
    synchronized (this) {
      dropExpired();
      if (active(id.device()) >= MAX_ACTIVE) {
        throw new LocalHubException(
            403006, "Number of active file upload requests cannot exceed " + MAX_ACTIVE);
      }
      active.put(correlationId, new Upload(id, name, time.now().plus(life)));
    }
    ObjectNode answer = Json.object();
    answer.put("correlationId", correlationId);
    answer.put("hostName", StorageAddress.of(options, port));
    answer.put("containerName", BlobEndpoint.CONTAINER);
    answer.put("blobName", name);
    answer.put("sasToken", signatures.query(name, life));
    return Answer.json(200, Json.print(answer));
  }

  private static String blobName(IdentityId id, @Nullable JsonNode given) {
    String name = given != null && given.isTextual() ? given.textValue() : "";
    String whole = id + "/" + name;
    if (name.isEmpty()
        || whole.length() > MAX_BLOB_NAME
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new LocalHubException(
          400004, "Send a blobName of 1 to 1024 characters, counting the device id.");
    }
    return whole;
  }

  /**
   * {@code POST …/files/notifications}: the device reports the outcome.
   *
   * @param inPath the correlation id, if the path names it; else empty
   */
  Answer end(IdentityId id, String inPath, byte[] body) {
    JsonNode notice = parse(body);
    String correlationId = inPath.isEmpty() ? notice.path("correlationId").asText("") : inPath;
    JsonNode success = notice.path("isSuccess");
    JsonNode status = notice.path("statusCode");
    JsonNode description = notice.path("statusDescription");
    synchronized (this) {
      dropExpired();
      Upload upload = active.get(correlationId);
      if (upload == null || !upload.id().equals(id)) {
        throw expired.contains(correlationId)
            ? new LocalHubException(400016, "The upload was not reported in time. Start a new one.")
            : new LocalHubException(400015, "No active upload has this correlationId.");
      }
      if (!success.isBoolean()
          || !(status.isMissingNode() || status.canConvertToInt())
          || !(description.isMissingNode() || description.isNull() || description.isTextual())) {
        throw new LocalHubException(
            400019,
            "Send {\"correlationId\":…,\"isSuccess\":true or false,\"statusCode\":a"
                + " number,\"statusDescription\":a text}.");
      }
      active.remove(correlationId);
      notices.addLast(
          new UploadNotice(
              correlationId,
              id.device(),
              id.moduleOrNull(),
              upload.blob(),
              success.booleanValue(),
              status.asInt(0),
              description.asText(""),
              time.now()));
      if (notices.size() > RETENTION) {
        notices.removeFirst();
      }
    }
    return Answer.NO_CONTENT;
  }

  private static JsonNode parse(byte[] body) {
    return Json.parseObject(new String(body, StandardCharsets.UTF_8));
  }

  private void dropExpired() {
    Instant now = time.now();
    active
        .entrySet()
        .removeIf(
            entry -> {
              boolean over = !entry.getValue().end().isAfter(now);
              if (over) {
                expired.add(entry.getKey());
              }
              return over;
            });
    while (expired.size() > RETENTION) {
      expired.remove(expired.iterator().next());
    }
  }

  @Override
  public synchronized int active(String deviceId) {
    dropExpired();
    return (int)
        active.values().stream().filter(upload -> upload.id().device().equals(deviceId)).count();
  }

  @Override
  public List<UploadedBlob> blobs() {
    return store.all();
  }

  @Override
  public Optional<UploadedBlob> blob(String name) {
    return store.find(name);
  }

  @Override
  public synchronized List<UploadNotice> notices() {
    return List.copyOf(notices);
  }

  @Override
  public synchronized void clear() {
    notices.clear();
    store.clear();
  }
}
