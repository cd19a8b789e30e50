package dev.fairlead;

/**
 * Something a route can do for a device. Declared before connecting; a session can do exactly what
 * its route declares.
 */
public enum Capability {
  /** Sends device-to-cloud telemetry. */
  TELEMETRY,
  /** Receives cloud-to-device messages and completes them. */
  CLOUD_MESSAGES,
  /** Returns a cloud-to-device message to the hub's queue. */
  ABANDON,
  /** Refuses a cloud-to-device message for good. */
  REJECT,
  /** Reads the twin, reports properties, receives desired changes. */
  TWIN,
  /** Answers direct methods. */
  DIRECT_METHODS
}
