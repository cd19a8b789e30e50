package dev.fairlead.spi;

import java.util.concurrent.CompletionStage;

/**
 * Something that is being opened and can be stopped at any moment: a session, a shared connection,
 * an upload. It has no time limit of its own: only the client times it, and quotes {@link #step()}
 * when the limit is reached.
 *
 * @param <T> what it becomes
 */
public interface Opening<T> {
  /**
   * The beginning of a {@link #step()} that is this machine's own work, such as {@code "this
   * machine to set up TLS"}. If it is not done at the limit, the network is not the cause.
   */
  String OWN_WORK = "this machine to ";

  /**
   * The result.
   *
   * @return completes once, from any thread: with the result, or exceptionally with a {@link
   *     dev.fairlead.HubException}
   */
  CompletionStage<T> outcome();

  /**
   * Stops it: {@link #outcome()} fails promptly, and no thread, socket or timer of it remains. If
   * it has already succeeded, its result is cut. No effect when called again. Any thread; does not
   * block.
   */
  void abort();

  /**
   * What it waits for now, for error messages: a noun phrase such as {@code "the TLS handshake with
   * 10.0.0.1:8883"} or {@code "the hub's answer to the token"}; see {@link #OWN_WORK}.
   *
   * @return one phrase without a final stop. Any thread; does not block
   */
  String step();
}
