package dev.fairlead;

/**
 * The class of a telemetry message. Messages of one class keep their order; messages of a higher
 * class overtake those of a lower one.
 */
public enum Priority {
  /** Sent before everything else, for instance an alarm. */
  HIGH,
  /** The default. */
  NORMAL,
  /** For instance history that is read from a data logger. */
  LOW
}
