package dev.fairlead;

/**
 * A file that was uploaded to the storage and reported to the hub.
 *
 * @param blobName the blob's whole name, as the hub gave it: with the device id in front
 * @param correlationId the hub's id of the upload
 * @param bytes how large it is
 */
public record UploadResult(String blobName, String correlationId, long bytes) {}
