package dev.fairlead.localhub;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a device has said at the end of an upload.
 *
 * @param correlationId of the upload
 * @param deviceId the device
 * @param moduleIdOrNull the module, null for the device itself
 * @param blobName with the device id in front
 * @param success whether the device says that it succeeded
 * @param statusCode what else it says; 0 if it names none
 * @param statusDescription what else it says; empty if it names none
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
