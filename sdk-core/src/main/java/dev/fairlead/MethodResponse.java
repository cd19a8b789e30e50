package dev.fairlead;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The answer to a direct method.
 *
 * @param status the device's own status, by convention as in HTTP: 200 done, 404, 500, 501 no such
 *     method
 * @param payload the result as JSON text, or empty; at most 128 KB in UTF-8. Source: IoT Hub
 *     developer guide, "Quotas"
 */
public record MethodResponse(int status, String payload) {
  /** The largest payload either way, in bytes: 128 KB. */
  public static final int MAX_PAYLOAD_BYTES = 128 * 1024;

  /** Checks the payload's size. */
  public MethodResponse {
    Objects.requireNonNull(payload, "payload");
    int bytes = payload.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(
          "The method's answer is "
              + bytes
              + " bytes, and the hub takes at most "
              + MAX_PAYLOAD_BYTES
              + " (128 KB). Answer with less, or send the data as telemetry or by file upload.");
    }
  }

  /**
   * Status 200.
   *
   * @param json the result as JSON text, or empty
   * @return the answer
   */
  public static MethodResponse ok(String json) {
    return new MethodResponse(200, json);
  }

  /**
   * Any status and no payload.
   *
   * @param status the status
   * @return the answer
   */
  public static MethodResponse of(int status) {
    return new MethodResponse(status, "");
  }
}
