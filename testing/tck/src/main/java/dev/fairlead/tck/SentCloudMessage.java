package dev.fairlead.tck;

/** A cloud-to-device message seen from the service side. Safe for any thread. */
public interface SentCloudMessage {
  /**
   * Its state.
   *
   * @return the present state
   */
  State state();

  /** The states of a message, as the hub's documentation names them. */
  enum State {
    /** In the device's queue. */
    ENQUEUED,
    /** Delivered, locked, not settled. */
    INVISIBLE,
    /** Completed. */
    COMPLETED,
    /** Rejected, expired, or delivered too often. */
    DEADLETTERED
  }
}
