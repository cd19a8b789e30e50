package dev.fairlead.session;

import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.Credentials;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Holds the credential in use, hands it out while it is fresh, and fetches the next one. A token is
 * fresh for {@value #FRESH_PERCENT} per cent of its life. Confined to the loop.
 */
public final class CredentialCache {
  private static final int FRESH_PERCENT = 85;

  private final Loop loop;
  private final Credentials credentials;
  private final Audience audience;
  private @Nullable Credential current;
  private Instant renewAt = Instant.MAX;

  public CredentialCache(Loop loop, Credentials credentials, Audience audience) {
    this.loop = loop;
    this.credentials = credentials;
    this.audience = audience;
  }

  /** The credential for a new session: the one in use if it is fresh, else a new one. */
  public CompletionStage<Credential> get() {
    loop.assertInLoop();
    Credential held = current;
    return held != null && isFresh() ? CompletableFuture.completedFuture(held) : fetch();
  }

  /** A new credential. Completes on any thread; {@link #use} takes it in. */
  CompletionStage<Credential> fetch() {
    loop.assertInLoop();
    try {
      return Objects.requireNonNull(
          credentials.issue(audience, loop.now()), "the credentials returned null");
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(
          new UnauthorizedException(
              "The credentials given to the client failed to issue one: " + e,
              Progress.NOT_SENT,
              e));
    }
  }

  /** Makes a credential the one in use. */
  public void use(Credential credential) {
    loop.assertInLoop();
    if (credential == current) {
      return;
    }
    current = credential;
    renewAt = Instant.MAX;
    if (credential instanceof Credential.Token token) {
      Instant now = loop.now();
      Duration life = Duration.between(now, token.expiry());
      renewAt = now.plus(life.multipliedBy(FRESH_PERCENT).dividedBy(100));
    }
  }

  /** Forgets the credential in use, for the hub refused it. */
  public void drop() {
    loop.assertInLoop();
    current = null;
  }

  /** How long the credential in use stays fresh; empty if it need not or cannot be renewed. */
  Optional<Duration> freshFor() {
    return renewAt.equals(Instant.MAX) || !credentials.renewable()
        ? Optional.empty()
        : Optional.of(Duration.between(loop.now(), renewAt));
  }

  /** Whether the credential in use need not be renewed yet. */
  boolean isFresh() {
    return loop.now().isBefore(renewAt);
  }

  boolean renewable() {
    return credentials.renewable();
  }
}
