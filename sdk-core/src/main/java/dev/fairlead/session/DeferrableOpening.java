package dev.fairlead.session;

import dev.fairlead.HubException;
import dev.fairlead.spi.Opening;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * An opening that may answer "not yet": nothing was tried, so nothing failed, and the same route is
 * to be requested again after a delay. Core's connection pool gives this answer while it pauses.
 *
 * @param <T> what it becomes
 */
public interface DeferrableOpening<T> extends Opening<T> {
  /**
   * When to ask again, and why.
   *
   * @param delay how long from now; positive
   * @param cause what the wait follows from, such as the loss of a connection
   */
  record Deferral(Duration delay, HubException cause) {}

  /**
   * The answer "not yet".
   *
   * @return completes on the loop, and only in place of {@link #outcome()}, which then never does;
   *     the opening holds nothing any more
   */
  CompletionStage<Deferral> deferral();
}
