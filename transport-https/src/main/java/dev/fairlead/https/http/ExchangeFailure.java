package dev.fairlead.https.http;

import java.io.IOException;

/** Why an exchange ended without an answer, if the connection is not the reason. */
public final class ExchangeFailure extends IOException {
  private static final long serialVersionUID = 1;

  /** What happened. */
  public enum Reason {
    /** This client cut it. */
    ABORTED,
    /** No complete answer arrived in time. */
    SLOW,
    /** The answer is larger than any that was expected. */
    TOO_LARGE,
    /**
     * A proxy that is not set on the client requires authentication: 407. RFC 9110, section 15.5.8.
     */
    PROXY_ANSWERED,
    /** The answer's body is encoded although that was not requested. */
    ENCODED,
    /** The request's {@link Precondition} no longer held; nothing was sent. */
    NOT_WANTED
  }

  private final Reason reason;

  ExchangeFailure(Reason reason, String what) {
    super(what);
    this.reason = reason;
  }

  /**
   * What happened.
   *
   * @return the reason
   */
  public Reason reason() {
    return reason;
  }
}
