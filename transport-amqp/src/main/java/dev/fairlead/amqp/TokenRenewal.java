package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.TransportSession.Renewal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Puts new tokens for an open session, one at a time. Confined to the loop. */
final class TokenRenewal {
  private final AmqpConnection connection;
  private final SessionContext context;
  private final AmqpFailures failures;

  private TokenQueue.@Nullable Request request;
  private @Nullable CompletableFuture<Renewal> answer;

  TokenRenewal(AmqpConnection connection, SessionContext context, AmqpFailures failures) {
    this.connection = connection;
    this.context = context;
    this.failures = failures;
  }

  CompletionStage<Renewal> renew(Credential credential, boolean open) {
    TokenQueue tokens = connection.tokens().orElse(null);
    if (tokens == null || !(credential instanceof Credential.Token shown)) {
      return CompletableFuture.completedFuture(Renewal.NEEDS_REOPEN);
    }
    if (!open || answer != null) {
      return CompletableFuture.failedFuture(failures.over(Progress.NOT_SENT));
    }
    CompletableFuture<Renewal> mine = new CompletableFuture<>();
    answer = mine;
    request =
        tokens.put(
            shown.text(),
            Addresses.audience(context.hubHost(), context.identity()),
            failures,
            () -> {},
            refusal -> {
              request = null;
              answer = null;
              if (refusal == null) {
                mine.complete(Renewal.RENEWED);
              } else {
                mine.completeExceptionally(refusal);
              }
            });
    connection.engine().flushSoon();
    return mine;
  }

  /** The session has ended. */
  void end(HubException failure) {
    if (request != null) {
      request.cancel();
      request = null;
    }
    if (answer != null) {
      answer.completeExceptionally(failure);
      answer = null;
    }
  }
}
