package dev.fairlead.https;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Shows the credential once; the outcome is a session. */
final class HttpsOpening implements Opening<TransportSession> {
  private final CompletableFuture<TransportSession> outcome = new CompletableFuture<>();
  private final @Nullable HttpsSession session;

  HttpsOpening(HttpsOptions options, HttpsTransport.Limiters limiters, SessionContext context) {
    if (DeviceRequests.carries(context.identity())) {
      HttpsSession begun = new HttpsSession(options, limiters, context, outcome);
      session = begun;
      context.loop().execute(begun::open);
    } else {
      session = null;
      outcome.completeExceptionally(unsupported(context.identity()));
    }
  }

  private static UnsupportedException unsupported(DeviceIdentity identity) {
    return new UnsupportedException(
        "HTTPS cannot carry the id "
            + identity
            + ": a dot or two as a part of a path lead elsewhere. Use an MQTT or AMQP route for this"
            + " device.");
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
    return "the hub's answer to an empty request";
  }
}
