package dev.fairlead.spi;

import dev.fairlead.HubException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * An open connection that carries several identities. It never reconnects by itself. Methods are
 * called on the connection's loop.
 */
public interface SharedConnection {
  /**
   * Begins to open a session of one identity on this connection, while others go on. Other sessions
   * are unaffected if one is refused, floods the connection, or ends.
   *
   * @param context the session's own; its loop is the connection's
   * @return a handle on the opening; aborting it, or the session it gave, leaves the connection and
   *     the other sessions alone. If the connection is lost during the opening, the opening fails
   *     and {@link #ended()} completes in the same task of the loop, which shows that the device
   *     was not refused
   */
  Opening<TransportSession> attach(SessionContext context);

  /**
   * How many sessions both ends have agreed that this connection carries. It may be less than the
   * route offers; further sessions are refused.
   *
   * @return 1 or more; unlimited by default
   */
  default int capacity() {
    return Integer.MAX_VALUE;
  }

  /**
   * The end of the connection; completes exactly once, after the end of every session on it.
   *
   * @return completes with empty if {@link #close()} or {@link #abort()} was called and the
   *     connection ended because of that, else with the reason. Never completes exceptionally
   */
  CompletionStage<Optional<HubException>> ended();

  /**
   * Ends the connection gracefully: every remaining session is closed as by {@link
   * TransportSession#close()}, then the protocol's CLOSE is sent. Returns immediately. No effect
   * when called again.
   */
  void close();

  /** Cuts the connection immediately, and with it every session. Does not block. */
  void abort();
}
