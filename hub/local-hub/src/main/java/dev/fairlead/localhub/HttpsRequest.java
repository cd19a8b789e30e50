package dev.fairlead.localhub;

import java.time.Instant;

/**
 * One HTTP request.
 *
 * @param receivedAt when its head had arrived, in hub time
 * @param method such as {@code GET}
 * @param path without the query, with escapes as received; at most its first 1,024 characters
 * @param status the HTTP status of the answer; 0 if a fault suppressed it
 */
public record HttpsRequest(Instant receivedAt, String method, String path, int status) {}
