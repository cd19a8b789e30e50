package dev.fairlead;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The hub or the client understood the request and refused it: too large, malformed, over a limit,
 * not found, or no room in the outbox. This one operation fails; the connection stays open.
 */
public final class RejectedException extends HubException {
  private static final long serialVersionUID = 1;

  private final int code;

  /**
   * Creates a refusal that carries no code of the hub.
   *
   * @param message what was refused, why, and what to do next
   * @param progress whether the bytes may have left
   */
  public RejectedException(String message, Progress progress) {
    this(message, progress, 0);
  }

  /**
   * Creates a refusal with the hub's code.
   *
   * @param message what was refused, why, and what to do next
   * @param progress whether the bytes may have left
   * @param code the hub's status (three digits) or error code (six digits), 0 for none
   */
  public RejectedException(String message, Progress progress, int code) {
    super(message, progress, null);
    this.code = code;
  }

  /**
   * Creates a refusal that was concluded from another failure.
   *
   * @param message what was refused, why, and what to do next
   * @param progress whether the bytes may have left
   * @param cause the last cause, or null
   */
  public RejectedException(String message, Progress progress, @Nullable Throwable cause) {
    super(message, progress, cause);
    this.code = 0;
  }

  /**
   * The hub's status or error code, as in the page "Troubleshoot Azure IoT Hub error codes".
   *
   * @return the code, empty where there was none
   */
  public OptionalInt code() {
    return code == 0 ? OptionalInt.empty() : OptionalInt.of(code);
  }
}
