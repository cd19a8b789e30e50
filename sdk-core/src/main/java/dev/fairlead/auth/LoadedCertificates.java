package dev.fairlead.auth;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Client certificates from a source that may yield another one at each call. */
record LoadedCertificates(
    CredentialKind kind, CertificateSource source, Optional<CertificateRotation> rotation)
    implements Credentials {
  @Override
  public CompletionStage<Credential> issue(Audience audience, Instant now) {
    try {
      ClientCertificate certificate = source.load();
      if (certificate.kind() != kind) {
        throw new IllegalArgumentException(
            "The source of certificates yielded one of the kind "
                + certificate.kind()
                + ", and the credentials were made for "
                + kind
                + ".");
      }
      return CompletableFuture.completedFuture(certificate.usableFor(audience));
    } catch (HubException e) {
      return CompletableFuture.failedFuture(e);
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      return CompletableFuture.failedFuture(
          new UnauthorizedException(
              "The client certificate could not be loaded: "
                  + (e.getMessage() == null ? e.toString() : e.getMessage()),
              Progress.NOT_SENT,
              e));
    }
  }

  @Override
  public boolean renewable() {
    return false;
  }

  @Override
  public String toString() {
    return "client certificates from a source (" + kind + ")";
  }
}
