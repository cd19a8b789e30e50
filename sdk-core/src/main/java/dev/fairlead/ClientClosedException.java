package dev.fairlead;

/** The client was closed before this was done, or is not open yet. */
public final class ClientClosedException extends HubException {
  private static final long serialVersionUID = 1;

  /**
   * Creates the failure.
   *
   * @param message what was left undone
   * @param progress whether the bytes may have left
   */
  public ClientClosedException(String message, Progress progress) {
    super(message, progress, null);
  }
}
