package dev.fairlead;

/**
 * Another connection uses the same identity, and the hub allows one: the newer one wins. Two
 * clients that reconnect immediately would cut each other for ever, so this one waits long, and
 * longer each time. Reported on AMQP only; MQTT cannot express it.
 */
public final class TakenOverException extends HubException {
  private static final long serialVersionUID = 1;

  /**
   * Creates the failure.
   *
   * @param message what happened and what to do next
   * @param progress whether the bytes may have left
   */
  public TakenOverException(String message, Progress progress) {
    super(message, progress, null);
  }
}
