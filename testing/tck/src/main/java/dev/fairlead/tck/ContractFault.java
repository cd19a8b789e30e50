package dev.fairlead.tck;

/**
 * A fault of the hub's side that the contract arms by {@link HubSide#arm}: what goes wrong, and
 * when. It is independent of protocols; each harness translates it into a fault of its hub. The
 * contract strikes a few exact occasions; tests of the whole client in a bad network draw faults at
 * random instead.
 *
 * @param what the kind of fault
 * @param when its moment
 * @param nth the first occasion at which it strikes, counted from 1 when it is armed
 * @param times how many occasions in a row it strikes
 */
public record ContractFault(What what, When when, int nth, int times) {
  /** Checks the counts. */
  public ContractFault {
    if (nth < 1 || times < 1) {
      throw new IllegalArgumentException(
          "A fault's occasions count from 1, and it strikes at least once: nth"
              + " and times must be 1 or more.");
    }
    boolean acknowledges = what == What.ACKNOWLEDGE_TWICE || what == What.ACKNOWLEDGE_AFTER_NEXT;
    if (acknowledges && when != When.BEFORE_ACK) {
      throw new IllegalArgumentException(what + " strikes only at " + When.BEFORE_ACK + ".");
    }
  }

  /** The kinds of faults. */
  public enum What {
    /** The connection is cut. */
    CUT,
    /** The connection stays open and nothing more arrives. */
    SILENCE,
    /** The hub answers that it is temporarily unavailable; only {@link When#ON_CONNECT}. */
    UNAVAILABLE,
    /** The credential is refused; only {@link When#ON_CONNECT}. */
    UNAUTHORIZED,
    /** Telemetry is acknowledged a second time; only {@link When#BEFORE_ACK}. */
    ACKNOWLEDGE_TWICE,
    /**
     * Telemetry is acknowledged late and out of order, after the next message; only {@link
     * When#BEFORE_ACK}.
     */
    ACKNOWLEDGE_AFTER_NEXT
  }

  /** The moments of faults. */
  public enum When {
    /** A connection has been accepted, and nothing has been sent on it. */
    ON_ACCEPT,
    /** The device has sent its credential, and the answer has not been sent. */
    ON_CONNECT,
    /** Telemetry has arrived and is not stored. */
    BEFORE_STORE,
    /** Telemetry is stored and not acknowledged. */
    BEFORE_ACK,
    /** Telemetry is acknowledged. */
    AFTER_ACK,
    /**
     * A cloud-to-device message is being sent to the device; with a real protocol, the middle of
     * the next packet or answer to the device, whatever it carries.
     */
    MID_DELIVERY
  }

  /**
   * Cuts the connection once.
   *
   * @param when the moment
   * @return the fault, at the first occasion
   */
  public static ContractFault cut(When when) {
    return new ContractFault(What.CUT, when, 1, 1);
  }

  /**
   * Falls silent once.
   *
   * @param when the moment
   * @return the fault, at the first occasion
   */
  public static ContractFault silence(When when) {
    return new ContractFault(What.SILENCE, when, 1, 1);
  }

  /**
   * Answers a connect with "temporarily unavailable".
   *
   * @return the fault, at the first occasion
   */
  public static ContractFault unavailable() {
    return new ContractFault(What.UNAVAILABLE, When.ON_CONNECT, 1, 1);
  }

  /**
   * Refuses a credential.
   *
   * @return the fault, at the first occasion
   */
  public static ContractFault unauthorized() {
    return new ContractFault(What.UNAUTHORIZED, When.ON_CONNECT, 1, 1);
  }

  /**
   * The same fault, from another occasion on.
   *
   * @param occasion from 1
   * @return a new fault
   */
  public ContractFault atOccasion(int occasion) {
    return new ContractFault(what, when, occasion, times);
  }

  /**
   * The same fault, several times in a row.
   *
   * @param count 1 or more
   * @return a new fault
   */
  public ContractFault times(int count) {
    return new ContractFault(what, when, nth, count);
  }
}
