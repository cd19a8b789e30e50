package dev.fairlead.tck;

/** A cloud-to-device message seen from the service. Safe for any thread. */
public interface SentCloudMessage {
  /**
   * What has become of it.
   *
   * @return the state now
   */
  State state();

  /** The states of a message, as the hub's documentation names them. */
  enum State {
    /** Waits in the device's queue. */
    ENQUEUED,
    /** Delivered, locked, not settled. */
    INVISIBLE,
    /** Completed: gone. */
    COMPLETED,
    /** Rejected, expired, or delivered too often. */
    DEADLETTERED
  }
}
