package dev.fairlead.localhub;

/**
 * The hub refuses an operation of its service side.
 *
 * <p>Carries the six-digit error code of the hub (page "Understand and resolve Azure IoT Hub
 * errors"), for example 404001 for an unknown device, 403004 for a full C2D queue, 404103 for a
 * direct method on a device that is not online.
 */
public final class LocalHubException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * @param code the six-digit error code
   * @param message what happened, why, and what to do next
   */
  public LocalHubException(int code, String message) {
    super(code + ": " + message);
    this.code = code;
  }

  /** The six-digit error code; its first three digits are the HTTP status. */
  public int code() {
    return code;
  }
}
