package dev.fairlead;

import org.jspecify.annotations.Nullable;

/**
 * The hub itself refused the credential. The credential is renewed once and then the same route is
 * tried again, slowly; another route would be refused as well. A proxy's refusal is {@link
 * UnreachableException} instead: it is about the route.
 */
public final class UnauthorizedException extends HubException {
  private static final long serialVersionUID = 1;

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
    super(message, progress, cause);
  }
}
