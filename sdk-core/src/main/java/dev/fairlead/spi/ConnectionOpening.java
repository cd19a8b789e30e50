package dev.fairlead.spi;

import java.util.concurrent.CompletionStage;

/** A shared connection that is being opened. Can be stopped at every moment. */
public interface ConnectionOpening {
  /**
   * The connection.
   *
   * @return completes once, from any thread: with the open connection, or with a {@link
   *     dev.fairlead.HubException}
   */
  CompletionStage<SharedConnection> connection();

  /**
   * Stops the opening: {@link #connection()} fails promptly, and no thread, socket or timer of it
   * remains. If the connection is open already, it is cut. No effect when called again. Any thread;
   * does not block.
   */
  void abort();
}
