package dev.fairlead;

import org.jspecify.annotations.Nullable;

/**
 * A durable outbox cannot be opened or used: what happened, why, and what to do. Nothing that was
 * stored is lost by it.
 */
public class OutboxStoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what happened, why, and what to do next
   * @param cause the failure of the disk or the library, or null
   */
  public OutboxStoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
