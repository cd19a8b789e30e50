package dev.fairlead.localhub.registry;

import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.twin.Twin.DesiredChange;

/**
 * A connection as an identity sees it, whatever its protocol. All methods may be called on any
 * thread, with monitors held: they only hand over to the connection's own thread.
 */
public interface DeviceSession {

  /** Ends the connection. */
  void cut(CutReason reason);

  /** C2D messages may be waiting: lock them if the device wants them. */
  void cloudMessagesWaiting();

  /** Desired properties have changed: tell the device if it listens. */
  void desiredChanged(DesiredChange change);

  /** Does what a fault order says, as if the device had sent it in telemetry. */
  void inject(FaultMessage command);

  /** Why a connection ends. The client sees no difference. */
  enum CutReason {
    /** Another connection came with the same identity (400027). */
    TAKEN_OVER,
    /** The identity was disabled. */
    DISABLED,
    /** The identity was deleted. */
    DELETED,
    /** The identity has new keys. */
    NEW_KEYS,
    /** The SAS token ran out. */
    TOKEN_EXPIRED,
    /** Someone asked for it. */
    DROPPED,
    /** The hub went offline or was closed. */
    OFFLINE
  }
}
