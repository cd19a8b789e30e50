package dev.fairlead;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something between this client and the hub failed. The type says what it is, {@link #progress()}
 * whether the bytes may have left; together they decide what follows (see {@code
 * docs/delivery.md}). The family is closed: transports map their protocol's codes to it.
 */
public abstract sealed class HubException extends RuntimeException
    permits UnreachableException,
        ThrottledException,
        TakenOverException,
        UnauthorizedException,
        RejectedException,
        UnsupportedException,
        ClientClosedException {
  private static final long serialVersionUID = 1;

  private final Progress progress;

  HubException(String message, Progress progress, @Nullable Throwable cause) {
    super(message, cause);
    this.progress = Objects.requireNonNull(progress, "progress");
  }

  /**
   * Whether the hub may have received what failed.
   *
   * @return the progress
   */
  public final Progress progress() {
    return progress;
  }
}
