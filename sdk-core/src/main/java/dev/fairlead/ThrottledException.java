package dev.fairlead;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The hub throttles the device. The same route is used again after a wait; changing the route would
 * only evade the limit.
 */
public sealed class ThrottledException extends HubException permits QuotaExceededException {
  private static final long serialVersionUID = 1;

  private final @Nullable Duration retryAfter;

  /**
   * Creates the failure.
   *
   * @param message what happened
   * @param progress whether the bytes may have left
   * @param retryAfter how long the hub asked to wait, or null if it gave no time
   */
  public ThrottledException(String message, Progress progress, @Nullable Duration retryAfter) {
    super(message, progress, null);
    this.retryAfter = retryAfter;
  }

  /**
   * How long the hub asked to wait.
   *
   * @return the wait, empty if the hub gave no time
   */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
