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
   * Begins to open a session of one identity on this connection, while others go on. That one is
   * refused, floods or ends touches no other.
   *
   * @param context the session's own; its loop is the connection's
   * @return a handle on the opening; aborting it, or the session it gave, leaves the connection and
   *     the other sessions alone. If the connection is lost meanwhile, the opening fails and {@link
   *     #ended()} completes in one task of the loop: so it can be told that not the device was
   *     turned away
   */
  Opening<TransportSession> attach(SessionContext context);

  /**
   * How many sessions both ends have agreed that this connection carries. It may be less than the
   * route offers; who attaches more has them refused.
   *
   * @return 1 or more; without a bound of its own by default
   */
  default int capacity() {
    return Integer.MAX_VALUE;
  }

  /**
   * The end of the connection, which comes exactly once, after the end of every session on it.
   *
   * @return completes with empty if {@link #close()} or {@link #abort()} was called and the
   *     connection ended for that, else with the reason. Never completes exceptionally
   */
  CompletionStage<Optional<HubException>> ended();

  /**
   * Ends the connection in good order: every session that is left is closed as by {@link
   * TransportSession#close()}, then the connection says good-bye. Returns at once. No effect when
   * called again.
   */
  void close();

  /** Cuts the connection at once, and with it every session. Returns at once. */
  void abort();
}
