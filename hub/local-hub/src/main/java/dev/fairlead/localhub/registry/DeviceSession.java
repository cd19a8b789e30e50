package dev.fairlead.localhub.registry;

import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.twin.Twin.DesiredChange;

/**
 * A connection as an identity sees it, whatever its protocol. All methods may be called on any
 * thread, with monitors held: they only post to the connection's own thread.
 */
public interface DeviceSession {

  /** Ends the connection. */
  void cut(CutReason reason);

  /** C2D messages may be available: locks and sends them if the device has subscribed. */
  void cloudMessagesWaiting();

  /** Desired properties have changed: notifies the device if it has subscribed. */
  void desiredChanged(DesiredChange change);

  /** Carries out a fault command, as if the device had sent it in telemetry. */
  void inject(FaultMessage command);

  /** Why a connection ends. The client cannot distinguish the reasons. */
  enum CutReason {
    /** Another connection was opened with the same identity (400027). */
    TAKEN_OVER,
    /** The identity was disabled. */
    DISABLED,
    /** The identity was deleted. */
    DELETED,
    /** The identity has new keys. */
    NEW_KEYS,
    /** The SAS token has expired. */
    TOKEN_EXPIRED,
    /** A caller requested it. */
    DROPPED,
    /** The hub went offline or was closed. */
    OFFLINE
  }
}
