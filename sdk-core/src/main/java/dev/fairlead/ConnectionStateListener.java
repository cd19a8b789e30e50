package dev.fairlead;

/**
 * Receives every change of the connection's state, one at a time, in order, on the client's
 * callback executor. While the listener is slow, the last 16 are queued; the newest always arrives,
 * {@link ConnectionState.Closed} included.
 */
@FunctionalInterface
public interface ConnectionStateListener {
  /**
   * The state has changed.
   *
   * @param state the new state; while this runs, the client may already have changed state again
   */
  void onConnectionState(ConnectionState state);
}
