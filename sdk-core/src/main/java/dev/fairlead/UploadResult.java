package dev.fairlead;

/**
 * A file that is in the storage, and of which the hub knows.
 *
 * @param blobName the blob's whole name, as the hub gave it: with the device id in front
 * @param correlationId what the hub calls the upload
 * @param bytes how large it is
 */
public record UploadResult(String blobName, String correlationId, long bytes) {}
