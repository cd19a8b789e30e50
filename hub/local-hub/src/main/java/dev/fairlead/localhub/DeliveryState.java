package dev.fairlead.localhub;

/**
 * The state of a C2D message (page "Understand cloud-to-device messaging", the message life cycle).
 */
public enum DeliveryState {
  /** The message is in the queue. */
  ENQUEUED,
  /** The message was delivered to the device and is locked, not settled. */
  INVISIBLE,
  /** The device has completed the message. */
  COMPLETED,
  /** The message was rejected, expired, purged, or delivered too often. */
  DEAD_LETTERED
}
