package dev.fairlead;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A limit of the hub, such as the daily quota of messages, is used up; it is available again in
 * minutes or hours. Nothing is lost: telemetry waits in the outbox.
 */
public final class QuotaExceededException extends ThrottledException {
  private static final long serialVersionUID = 1;

  /**
   * Creates the failure.
   *
   * @param message what happened
   * @param progress whether the bytes may have left
   * @param retryAfter how long to wait, or null if that is unknown
   */
  public QuotaExceededException(String message, Progress progress, @Nullable Duration retryAfter) {
    super(message, progress, retryAfter);
  }
}
