package dev.fairlead.localhub;

/** How a C2D message ended: the {@code statusCode} of its feedback record. */
public enum Feedback {
  /** The device completed it. */
  SUCCESS,
  /** Its time to live ran out in the queue. */
  EXPIRED,
  /** It came back to the queue as often as the hub allows. */
  DELIVERY_COUNT_EXCEEDED,
  /** The device rejected it. */
  REJECTED,
  /** The queue was purged or the device deleted. */
  PURGED
}
