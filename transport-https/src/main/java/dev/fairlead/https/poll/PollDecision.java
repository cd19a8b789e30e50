package dev.fairlead.https.poll;

/** The ledger's answer to a request to poll. */
sealed interface PollDecision {
  /**
   * Poll, while the window is open.
   *
   * @param noted when the poll was noted
   */
  record Poll(ClockReading noted) implements PollDecision {}

  /**
   * Ask again later.
   *
   * @param millis not earlier than this, from now
   * @param why the reason, for an operator
   */
  record Wait(long millis, Why why) implements PollDecision {}

  /** Why to wait. */
  enum Why {
    /** The last poll was too recent. */
    NOT_YET(""),
    /** The clocks and the entry allow no conclusion. */
    UNKNOWN(
        "the time of this device's last poll is not known (a first start, or the state was deleted or"
            + " damaged, or the clock was set back across a reboot), so it counts as now"),
    /** Another client or process has the lock. */
    BUSY(
        "another client or process of this device is recording a poll, or keeps the lock because"
            + " it cannot write, so it counts as polling now"),
    /** Nothing can be written. */
    UNKEPT(
        "polls cannot be noted there, so the first one comes a full interval from now, and the"
            + " clients of other processes are not seen. Make the directory writable, free space,"
            + " or give another with PollSchedule.stateDirectory"),
    /** Nothing can be written, and an old entry would mislead the next start. */
    STUCK(
        "polls cannot be noted there, and what an earlier run left there cannot be removed, so there"
            + " are no polls at all until that changes. Make the directory writable, free space, or"
            + " give another with PollSchedule.stateDirectory"),
    /** An unexpected error. */
    FAILED("the time of the last poll could not be read, so it counts as now");

    private final String sentence;

    Why(String sentence) {
      this.sentence = sentence;
    }

    String sentence() {
      return sentence;
    }
  }
}
