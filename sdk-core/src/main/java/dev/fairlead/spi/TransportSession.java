package dev.fairlead.spi;

import dev.fairlead.HubException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * An open session with the hub. It never reconnects by itself: when it ends, it has ended. Methods
 * are called on the session's loop.
 */
public interface TransportSession {
  /**
   * The twin, on a wire that carries it.
   *
   * @return the twin's link, empty where the route does not declare {@link
   *     dev.fairlead.Capability#TWIN}
   */
  Optional<TwinLink> twin();

  /**
   * Puts a new credential in place of the one that is about to expire.
   *
   * @param credential the new one
   * @return {@link Renewal#RENEWED} if the live session now stands on it, {@link
   *     Renewal#NEEDS_REOPEN} if this wire can only do that by a new session; a failure is a {@link
   *     HubException}
   */
  CompletionStage<Renewal> renew(Credential credential);

  /**
   * The end of the session, which comes exactly once.
   *
   * @return completes with empty if {@link #close()} was called and the session ended for that,
   *     else with the reason. Never completes exceptionally. When it completes, no thread, socket
   *     or timer of the session remains or they are about to end without a further effect
   */
  CompletionStage<Optional<HubException>> ended();

  /**
   * Ends the session in good order: takes no further message, waits for the acknowledgements of
   * those under way (bounded by the transport, some seconds), sends what is settled, says good-bye.
   * Returns at once. No effect when called again.
   */
  void close();

  /** Cuts the session at once, without good-bye. Returns at once. */
  void abort();

  /** The two answers to a renewal. */
  enum Renewal {
    /** The live session stands on the new credential. */
    RENEWED,
    /** The session has to be closed and opened again. */
    NEEDS_REOPEN
  }
}
