package dev.fairlead.auth;

import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A TLS client certificate with its issuers and its private key. Key and certificate are known to
 * belong together, and the chain is in order. RSA and EC keys. Immutable; prints no key.
 *
 * <p>Which kind it is decides which protocols can carry it, and cannot be seen from the
 * certificate: {@link CredentialKind#X509_THUMBPRINT} if the device is registered with the
 * certificate's thumbprint, {@link CredentialKind#X509_CA} if with "X.509 CA signed". For the
 * latter the hub demands the device id as the certificate's common name. Source: IoT Hub,
 * "Authenticate identities with X.509 certificates".
 *
 * <p>Every factory throws {@link IllegalArgumentException} with a message that names what is wrong
 * and the remedy, and nothing of the key.
 */
public final class ClientCertificate {
  private final CredentialKind kind;
  private final List<X509Certificate> chain;
  private final PrivateKey key;

  private ClientCertificate(CredentialKind kind, List<X509Certificate> chain, PrivateKey key) {
    this.kind = kind;
    this.chain = chain;
    this.key = key;
  }

  /**
   * A certificate and a key that the application has already, such as a key in a TPM by way of a
   * security provider.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param certificates the certificate and its issuers, in any order; 16 at most. All must belong
   *     to one chain; the root may be absent
   * @param key the certificate's private key
   * @return the client certificate
   */
  public static ClientCertificate of(
      CredentialKind kind, List<X509Certificate> certificates, PrivateKey key) {
    if (kind == CredentialKind.SHARED_ACCESS) {
      throw new IllegalArgumentException(
          "A client certificate is registered by its thumbprint or under a CA: give"
              + " X509_THUMBPRINT or X509_CA.");
    }
    return new ClientCertificate(kind, CertificateChain.order(certificates, key), key);
  }

  /**
   * Whether the hub knows it by its thumbprint or by its issuer.
   *
   * @return {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   */
  public CredentialKind kind() {
    return kind;
  }

  /**
   * The certificate, then its issuers.
   *
   * @return at least one, in order
   */
  public List<X509Certificate> chain() {
    return chain;
  }

  /** This certificate as a credential, if it may be shown there and then. */
  Credential.Certificate usableFor(Audience audience, Instant now) {
    for (X509Certificate certificate : chain) {
      Instant from = certificate.getNotBefore().toInstant();
      Instant until = certificate.getNotAfter().toInstant();
      if (now.isBefore(from)) {
        throw new UnauthorizedException(
            "The certificate of "
                + certificate.getSubjectX500Principal()
                + " is valid only from "
                + from
                + "; it is "
                + now
                + " by this machine's clock. Correct the clock, or wait.",
            Progress.NOT_SENT);
      }
      if (now.isAfter(until)) {
        throw new UnauthorizedException(
            "The certificate of "
                + certificate.getSubjectX500Principal()
                + " expired at "
                + until
                + "; it is "
                + now
                + " by this machine's clock. Supply a renewed certificate, or correct the clock.",
            Progress.NOT_SENT);
      }
    }
    return new Credential.Certificate(chain, key);
  }

  @Override
  public String toString() {
    return "ClientCertificate[" + kind + ", " + chain.get(0).getSubjectX500Principal() + "]";
  }
}
