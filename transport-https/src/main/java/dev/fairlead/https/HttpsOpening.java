package dev.fairlead.https;

import dev.fairlead.UnsupportedException;
import dev.fairlead.https.http.DevicePath;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Shows the credential once; the outcome is a session. */
final class HttpsOpening implements Opening<TransportSession> {
  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();
  private final @Nullable HttpsSession session;

  HttpsOpening(HttpsOptions options, HttpsTransport.Limiters limiters, SessionContext context) {
    Optional<UnsupportedException> obstacle = DevicePath.obstacle(context.identity());
    if (obstacle.isPresent()) {
      session = null;
      outcome.completeExceptionally(obstacle.get());
    } else {
      HttpsSession begun = new HttpsSession(options, limiters, context, outcome);
      session = begun;
      context.loop().execute(begun::open);
    }
  }

  @Override
  public CompletionStage<TransportSession> outcome() {
    return outcome;
  }

  @Override
  public void abort() {
    if (session != null) {
      session.cut();
    }
  }

  @Override
  public String step() {
    return session == null ? "nothing" : session.openingStep();
  }
}
