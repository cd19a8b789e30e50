package dev.fairlead.localhub;

import java.time.Instant;

/**
 * One HTTP request.
 *
 * @param receivedAt when its head had come, in hub time
 * @param method such as {@code GET}
 * @param path without the query, escapes as they came; no more than its first 1,024 characters
 * @param status the HTTP status of the answer; 0 if a fault has kept it back
 */
public record HttpsRequest(Instant receivedAt, String method, String path, int status) {}
