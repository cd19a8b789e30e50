package dev.fairlead.amqp;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A connection of many identities, as the client sees it. Confined to the loop. */
final class SharedAmqpConnection
    implements SharedConnection, Opening<SharedConnection>, AmqpConnection.Owner {
  private final AmqpConnection connection;
  private final ConnectionSetup setup;
  private final AmqpFailures failures;
  private final int capacity;
  private final CompletableFuture<SharedConnection> outcome = new CompletableFuture<>();
  private final CompletableFuture<Optional<HubException>> ended = new CompletableFuture<>();

  SharedAmqpConnection(AmqpOptions options, ConnectionSetup setup, int capacity) {
    this.setup = setup;
    this.capacity = capacity;
    failures = new AmqpFailures("a shared connection", setup.endpoint(), null);
    connection = new AmqpConnection(options, setup, failures, this);
    setup.loop().execute(connection::connect);
  }

  // Its opening.

  @Override
  public CompletionStage<SharedConnection> outcome() {
    return outcome;
  }

  @Override
  public String step() {
    return connection.step();
  }

  @Override
  public void opened() {
    outcome.complete(this);
  }

  @Override
  public void ended(boolean unopened, Optional<HubException> reason) {
    ended.complete(reason);
    if (unopened) {
      outcome.completeExceptionally(
          reason.orElseGet(() -> failures.aborted(false, Progress.NOT_SENT)));
    }
  }

  // The connection.

  @Override
  public Opening<TransportSession> attach(SessionContext context) {
    setup.loop().assertInLoop();
    AmqpFailures own =
        new AmqpFailures(context.identity().toString(), setup.endpoint(), context.credential());
    AmqpSession attached = new AmqpSession(connection, context, own);
    HubException refusal = refusal(context, own);
    if (refusal != null) {
      attached.refuse(refusal);
    } else {
      connection.start(attached);
    }
    return attached.opening();
  }

  private @Nullable HubException refusal(SessionContext context, AmqpFailures own) {
    if (!connection.takesSessions()) {
      return own.over(Progress.NOT_SENT);
    }
    int present = connection.sessions();
    return present < capacity()
        ? null
        : new RejectedException(
            "The connection carries "
                + present
                + " identities, as many as it can. Open another one for "
                + context.identity()
                + ".",
            Progress.NOT_SENT);
  }

  /** One AMQP session is for the tokens, and one may be a ping. */
  @Override
  public int capacity() {
    return Math.max(1, Math.min(capacity, connection.engine().maxSessions() - 2));
  }

  @Override
  public CompletionStage<Optional<HubException>> ended() {
    return ended;
  }

  @Override
  public void close() {
    connection.close();
  }

  /** From any thread during opening; on the loop afterwards. */
  @Override
  public void abort() {
    if (setup.loop().inLoop()) {
      connection.abort();
    } else {
      connection.cut();
    }
  }
}
