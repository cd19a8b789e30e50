package dev.fairlead.localhub;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A device's report at the end of an upload.
 *
 * @param correlationId of the upload
 * @param deviceId the device
 * @param moduleIdOrNull the module, null for the device itself
 * @param blobName with the device id in front
 * @param success whether the device reports success
 * @param statusCode the reported status code; 0 if the device reports none
 * @param statusDescription the reported description; empty if the device reports none
 * @param receivedAt in hub time
 */
public record UploadNotice(
    String correlationId,
    String deviceId,
    @Nullable String moduleIdOrNull,
    String blobName,
    boolean success,
    int statusCode,
    String statusDescription,
    Instant receivedAt) {

  /** The module; empty for the device itself. */
  public Optional<String> moduleId() {
    return Optional.ofNullable(moduleIdOrNull);
  }
}
