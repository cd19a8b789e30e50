package dev.fairlead.localhub;

/** How a C2D message ended: the {@code statusCode} of its feedback record. */
public enum Feedback {
  /** The device completed the message. */
  SUCCESS,
  /** Its time to live expired in the queue. */
  EXPIRED,
  /** It returned to the queue as often as the hub allows. */
  DELIVERY_COUNT_EXCEEDED,
  /** The device rejected the message. */
  REJECTED,
  /** The queue was purged, or the device was deleted. */
  PURGED
}
