package dev.fairlead.auth;

import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A client certificate, shown in every TLS handshake. */
record PresentedCertificate(ClientCertificate certificate) implements Credentials {
  @Override
  public CompletionStage<Credential> issue(Audience audience, Instant now) {
    try {
      return CompletableFuture.completedFuture(certificate.usableFor(audience));
    } catch (UnauthorizedException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CredentialKind kind() {
    return certificate.kind();
  }

  @Override
  public boolean renewable() {
    return false;
  }

  @Override
  public String toString() {
    return certificate.toString();
  }
}
