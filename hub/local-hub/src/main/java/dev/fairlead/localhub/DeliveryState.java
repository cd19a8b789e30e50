package dev.fairlead.localhub;

/**
 * Where a C2D message stands (page "Understand cloud-to-device messaging", the message life cycle).
 */
public enum DeliveryState {
  /** Waits in the queue. */
  ENQUEUED,
  /** Is with the device, locked, and not settled. */
  INVISIBLE,
  /** The device has completed it. */
  COMPLETED,
  /** Rejected, expired, purged, or delivered too often. */
  DEAD_LETTERED
}
