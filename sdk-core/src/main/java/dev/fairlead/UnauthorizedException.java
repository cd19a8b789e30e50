package dev.fairlead;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The hub itself refused the credential. The credential is renewed once and then the same route is
 * retried slowly; another route would be refused as well. A proxy's refusal is {@link
 * UnreachableException} instead, because it is about the route; so is a credential that could not
 * be obtained, because nothing was refused ({@link UnreachableException.Stage#CREDENTIAL}).
 */
public final class UnauthorizedException extends HubException {
  private static final long serialVersionUID = 1;

  private final @Nullable String clockEvidence;

  /**
   * Creates the failure.
   *
   * @param message what happened, why, and what to do next
   * @param progress whether the bytes may have left
   */
  public UnauthorizedException(String message, Progress progress) {
    this(message, progress, null);
  }

  /**
   * Creates the failure with its cause.
   *
   * @param message what happened, why, and what to do next
   * @param progress whether the bytes may have left
   * @param cause what led to it, or null
   */
  public UnauthorizedException(String message, Progress progress, @Nullable Throwable cause) {
    this(message, progress, cause, null);
  }

  private UnauthorizedException(
      String message,
      Progress progress,
      @Nullable Throwable cause,
      @Nullable String clockEvidence) {
    super(message, progress, cause);
    this.clockEvidence = clockEvidence;
  }

  /**
   * The same failure, with a reason to think that this machine's clock is wrong.
   *
   * @param evidence one sentence, such as "the hub's clock says … and this machine's says …"
   * @return a new failure
   */
  public UnauthorizedException withClockEvidence(String evidence) {
    return new UnauthorizedException(
        String.valueOf(getMessage()), progress(), getCause(), evidence);
  }

  /**
   * Why this machine's clock may be wrong, where the protocol shows the hub's time.
   *
   * @return one sentence, empty if there is no sign of that
   */
  public Optional<String> clockEvidence() {
    return Optional.ofNullable(clockEvidence);
  }
}
