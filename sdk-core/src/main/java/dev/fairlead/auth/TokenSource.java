package dev.fairlead.auth;

import dev.fairlead.Secret;
import java.util.concurrent.CompletionStage;

/**
 * Fetches whole tokens from elsewhere, such as the application's token service. Called whenever a
 * session needs a new one, on a thread of the client, one call at a time for each client.
 */
@FunctionalInterface
public interface TokenSource {
  /**
   * Fetches a token.
   *
   * @param audience what the token's {@code sr} must cover
   * @return completes with the whole token ({@code SharedAccessSignature sr=…&sig=…&se=…}), not yet
   *     expired, from any thread. The method may block; the client waits for the outcome as long as
   *     opening a route may take (30 s by default). A failure of any kind makes the client ask
   *     again later.
   */
  CompletionStage<Secret> fetch(Audience audience);
}
