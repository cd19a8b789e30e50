package dev.fairlead;

/**
 * Hears of every change of the connection's state, one at a time, in order, on the client's
 * callback executor.
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
