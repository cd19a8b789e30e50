package dev.fairlead.auth;

import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One token, until it expires. */
record FixedToken(SasToken token) implements Credentials {
  @Override
  public CompletionStage<Credential> issue(Audience audience, Instant now) {
    try {
      return CompletableFuture.completedFuture(token.usableFor(audience));
    } catch (UnauthorizedException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CredentialKind kind() {
    return CredentialKind.SHARED_ACCESS;
  }

  @Override
  public boolean renewable() {
    return false;
  }

  @Override
  public String toString() {
    return "one given token that ends at " + token.expiry();
  }
}
