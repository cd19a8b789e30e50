package dev.fairlead;

/**
 * Receives every change of the connection's state, one at a time, in order, on the client's
 * callback executor. While it is slow the last 16 wait; the newest always arrives, {@link
 * ConnectionState.Closed} included.
 */
@FunctionalInterface
public interface ConnectionStateListener {
  /**
   * The state has changed.
   *
   * @param state the new state; while this runs, the client may be further already
   */
  void onConnectionState(ConnectionState state);
}
