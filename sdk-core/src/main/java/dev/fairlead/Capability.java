package dev.fairlead;

/**
 * Something a route can do for a device. Declared before connecting; what is declared is what is
 * observed, no more and no less.
 */
public enum Capability {
  /** Sends device-to-cloud telemetry. */
  TELEMETRY,
  /** Receives cloud-to-device messages and completes them. */
  CLOUD_MESSAGES,
  /** Gives a cloud-to-device message back to the hub's queue. */
  ABANDON,
  /** Refuses a cloud-to-device message for good. */
  REJECT,
  /** Reads the twin, reports properties, hears of desired changes. */
  TWIN,
  /** Answers direct methods. */
  DIRECT_METHODS
}
