package dev.fairlead.https.http;

/**
 * A request's tag: asked when the connection is open and nothing of the request has left. If it
 * does not hold, the exchange fails with {@link ExchangeFailure.Reason#NOT_WANTED}.
 */
@FunctionalInterface
public interface Precondition {
  /**
   * Whether the request may leave now. Does not block.
   *
   * @return true if it may
   */
  boolean holds();
}
