package dev.fairlead.tck;

/**
 * What the hub's side shall do wrong, and when.
 *
 * @param what the mishap
 * @param when its moment
 * @param nth at which occasion from now, counted from 1
 * @param times at how many occasions in a row
 */
public record ContractFault(What what, When when, int nth, int times) {
  /** Checks the counts. */
  public ContractFault {
    if (nth < 1 || times < 1) {
      throw new IllegalArgumentException(
          "Occasions count from 1, and a mishap strikes at least once.");
    }
  }

  /** What happens. */
  public enum What {
    /** The line is cut. */
    CUT,
    /** The line stays and nothing comes any more. */
    SILENCE,
    /** The service says that it is not available just now; only {@link When#ON_CONNECT}. */
    UNAVAILABLE,
    /** The credential is refused; only {@link When#ON_CONNECT}. */
    UNAUTHORIZED
  }

  /** When it happens. */
  public enum When {
    /** A connection has been accepted, and nothing has been said yet. */
    ON_ACCEPT,
    /** The device has shown its credential, and is about to be answered. */
    ON_CONNECT,
    /** Telemetry has come and is not stored. */
    BEFORE_STORE,
    /** Telemetry is stored and not acknowledged. */
    BEFORE_ACK,
    /** Telemetry is acknowledged. */
    AFTER_ACK
  }

  /**
   * Cuts the line once.
   *
   * @param when the moment
   * @return the mishap, at the first occasion
   */
  public static ContractFault cut(When when) {
    return new ContractFault(What.CUT, when, 1, 1);
  }

  /**
   * Falls silent once.
   *
   * @param when the moment
   * @return the mishap, at the first occasion
   */
  public static ContractFault silence(When when) {
    return new ContractFault(What.SILENCE, when, 1, 1);
  }

  /**
   * Answers a connect with "not available".
   *
   * @return the mishap, at the first occasion
   */
  public static ContractFault unavailable() {
    return new ContractFault(What.UNAVAILABLE, When.ON_CONNECT, 1, 1);
  }

  /**
   * Refuses a credential.
   *
   * @return the mishap, at the first occasion
   */
  public static ContractFault unauthorized() {
    return new ContractFault(What.UNAUTHORIZED, When.ON_CONNECT, 1, 1);
  }

  /**
   * The same from another occasion on.
   *
   * @param occasion from 1
   * @return a new mishap
   */
  public ContractFault atOccasion(int occasion) {
    return new ContractFault(what, when, occasion, times);
  }

  /**
   * The same several times in a row.
   *
   * @param count 1 or more
   * @return a new mishap
   */
  public ContractFault times(int count) {
    return new ContractFault(what, when, nth, count);
  }
}
