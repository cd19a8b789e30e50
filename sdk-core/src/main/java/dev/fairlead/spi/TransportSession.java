package dev.fairlead.spi;

import dev.fairlead.HubException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * An open session with the hub. It never reconnects by itself: once ended, it stays ended. Methods
 * are called on the session's loop.
 */
public interface TransportSession {
  /**
   * The twin, if the transport carries it.
   *
   * @return the twin's link, empty where the route does not declare {@link
   *     dev.fairlead.Capability#TWIN}
   */
  Optional<TwinLink> twin();

  /**
   * Puts a new credential in place of the one that is about to expire.
   *
   * @param credential the new one
   * @return {@link Renewal#RENEWED} if the open session now uses it, {@link Renewal#NEEDS_REOPEN}
   *     if this transport needs a new session for that; a failure is a {@link HubException}
   */
  CompletionStage<Renewal> renew(Credential credential);

  /**
   * The end of the session; completes exactly once.
   *
   * @return completes with empty if {@link #close()} was called and the session ended because of
   *     that, else with the reason. Never completes exceptionally. When it completes, no thread,
   *     socket or timer of the session remains or they are about to end without a further effect
   */
  CompletionStage<Optional<HubException>> ended();

  /**
   * Ends the session gracefully: takes no further message, waits for the acknowledgements of those
   * in flight (bounded by the transport, some seconds), sends pending settlements, then the
   * protocol's DISCONNECT or CLOSE. Returns immediately. No effect when called again.
   */
  void close();

  /** Cuts the session immediately, without DISCONNECT or CLOSE. Does not block. */
  void abort();

  /** The two answers to a renewal. */
  enum Renewal {
    /** The open session uses the new credential. */
    RENEWED,
    /** The session has to be closed and opened again. */
    NEEDS_REOPEN
  }
}
