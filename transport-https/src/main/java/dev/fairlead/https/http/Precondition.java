package dev.fairlead.https.http;

/**
 * A request's tag: checked when the connection is open and nothing of the request was sent. If it
 * does not hold, the exchange fails with {@link ExchangeFailure.Reason#NOT_WANTED}.
 */
@FunctionalInterface
public interface Precondition {
  /**
   * Whether the request may be sent now. Does not block.
   *
   * @return true if it may
   */
  boolean holds();
}
