package dev.fairlead.https.poll;

/**
 * The clocks at one moment.
 *
 * @param wallMillis the wall clock, milliseconds since 1970; it may be set to anything at any time
 * @param boot the origin of the other clock: {@link #BOOT} and a name of the machine's boot, or
 *     {@link #PROCESS} and a name of this process
 * @param upMillis milliseconds since some moment of that boot, or process; never set
 */
record ClockReading(long wallMillis, String boot, long upMillis) {
  static final String BOOT = "boot:";
  static final String PROCESS = "process:";

  /** Whether another process of the same boot reads the same clock. */
  boolean sharedByProcesses() {
    return boot.startsWith(BOOT);
  }
}
