package dev.fairlead.auth;

import dev.fairlead.Secret;
import java.nio.file.Path;

/**
 * Where a client certificate comes from that is replaced while the client runs: files that another
 * program renews, or code of the application.
 */
@FunctionalInterface
public interface CertificateSource {
  /**
   * Yields the certificate that is valid now. Called before each opening of a session and then at
   * {@link CertificateRotation#checkInterval()}, on a thread of the client; may block. The client
   * makes one call at a time and limits how long it waits.
   *
   * @return the certificate with its key, of the kind that the credentials were made for
   * @throws Exception if there is none, or it is incomplete. The client then stays with the
   *     certificate that it has, if any, and its state says why
   */
  ClientCertificate load() throws Exception;

  /**
   * PEM files, which may be the same file, as {@link ClientCertificate#pem(CredentialKind, Path,
   * Path)}. Both are read at each check, so it does not matter how they are replaced. Between the
   * replacement of one and of the other they do not match, and the certificate before them stays.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param certificates the file of the certificate and its issuers, in any order
   * @param key the file of the key
   * @return the source
   */
  static CertificateSource pemFiles(CredentialKind kind, Path certificates, Path key) {
    return () -> ClientCertificate.pem(kind, certificates, key);
  }

  /**
   * The same with an encrypted key.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param certificates the file of the certificate and its issuers, in any order
   * @param key the file of the key
   * @param passphrase opens the key; printable ASCII
   * @return the source
   */
  static CertificateSource pemFiles(
      CredentialKind kind, Path certificates, Path key, Secret passphrase) {
    return () -> ClientCertificate.pem(kind, certificates, key, passphrase);
  }

  /**
   * An entry of a key store file, as {@link ClientCertificate#keyStore(CredentialKind, Path,
   * Secret, String)}.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param file the file, PKCS #12 or JKS
   * @param password opens the store and the key
   * @param alias the name of the entry in the store
   * @return the source
   */
  static CertificateSource keyStore(CredentialKind kind, Path file, Secret password, String alias) {
    return () -> ClientCertificate.keyStore(kind, file, password, alias);
  }
}
