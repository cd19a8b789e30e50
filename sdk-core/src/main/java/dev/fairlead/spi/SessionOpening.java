package dev.fairlead.spi;

import java.util.concurrent.CompletionStage;

/** A session that is being opened. Can be stopped at every moment. */
public interface SessionOpening {
  /**
   * The session.
   *
   * @return completes once, from any thread: with the open session (authenticated, every wanted
   *     feed subscribed), or with a {@link dev.fairlead.HubException}
   */
  CompletionStage<TransportSession> session();

  /**
   * Stops the opening: {@link #session()} fails promptly, and no thread, socket or timer of it
   * remains. If the session is open already, it is cut. No effect when called again. Any thread;
   * does not block.
   */
  void abort();
}
