package dev.fairlead;

/**
 * The route in use cannot do this at all; nothing was sent. Name the need in the transport policy,
 * and planning picks a route that can.
 */
public final class UnsupportedException extends HubException {
  private static final long serialVersionUID = 1;

  /**
   * Creates the failure.
   *
   * @param message what cannot be done, why, and what to do instead
   */
  public UnsupportedException(String message) {
    super(message, Progress.NOT_SENT, null);
  }
}
