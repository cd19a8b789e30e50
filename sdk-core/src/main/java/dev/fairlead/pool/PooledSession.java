package dev.fairlead.pool;

import dev.fairlead.HubException;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TwinLink;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A session on a shared connection. Its end completes after its place has been returned, so that a
 * session opened immediately afterwards finds that place.
 */
record PooledSession(TransportSession session, CompletionStage<Optional<HubException>> ended)
    implements TransportSession {
  @Override
  public Optional<TwinLink> twin() {
    return session.twin();
  }

  @Override
  public CompletionStage<Renewal> renew(Credential credential) {
    return session.renew(credential);
  }

  @Override
  public void close() {
    session.close();
  }

  @Override
  public void abort() {
    session.abort();
  }
}
