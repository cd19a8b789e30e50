package dev.fairlead.auth;

import dev.fairlead.Progress;
import dev.fairlead.Secret;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;

/**
 * A TLS client certificate with its issuers and its private key. Key and certificate are checked to
 * match, and the chain is in order. RSA and EC keys. Immutable; prints no key.
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
   * @param certificates the certificate and its issuers, in any order; 16 at most. All must be part
   *     of one chain; the root may be absent
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
   * A certificate and a key in PEM files, which may be the same file. The key is in PKCS #8 ({@code
   * PRIVATE KEY}), SEC 1 ({@code EC PRIVATE KEY}) or PKCS #1 ({@code RSA PRIVATE KEY}).
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param certificates the file of the certificate and its issuers, in any order
   * @param key the file of the key
   * @return the client certificate
   */
  public static ClientCertificate pem(CredentialKind kind, Path certificates, Path key) {
    return pem(kind, PemText.read(certificates), PemText.read(key), Optional.empty());
  }

  /**
   * The same with an encrypted key ({@code ENCRYPTED PRIVATE KEY}).
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param certificates the file of the certificate and its issuers, in any order
   * @param key the file of the key
   * @param passphrase opens the key; printable ASCII
   * @return the client certificate
   */
  public static ClientCertificate pem(
      CredentialKind kind, Path certificates, Path key, Secret passphrase) {
    return pem(kind, PemText.read(certificates), PemText.read(key), Optional.of(passphrase));
  }

  /**
   * A certificate and a key as PEM texts.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param certificates the certificate and its issuers, in any order
   * @param key the key, in the forms of {@link #pem(CredentialKind, Path, Path)}
   * @return the client certificate
   */
  public static ClientCertificate pem(CredentialKind kind, String certificates, Secret key) {
    return pem(kind, certificatesIn(certificates), keyIn(key), Optional.empty());
  }

  /**
   * The same with an encrypted key.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param certificates the certificate and its issuers, in any order
   * @param key the key
   * @param passphrase opens the key; printable ASCII
   * @return the client certificate
   */
  public static ClientCertificate pem(
      CredentialKind kind, String certificates, Secret key, Secret passphrase) {
    return pem(kind, certificatesIn(certificates), keyIn(key), Optional.of(passphrase));
  }

  private static ClientCertificate pem(
      CredentialKind kind, PemText certificates, PemText key, Optional<Secret> passphrase) {
    return of(kind, certificates.certificates(), key.privateKey(passphrase));
  }

  private static PemText certificatesIn(String text) {
    return PemText.of("the text of the certificates", text);
  }

  private static PemText keyIn(Secret text) {
    return PemText.of("the text of the key", text.reveal());
  }

  /**
   * A certificate and a key in a key store file (PKCS #12 or JKS), where one password opens both
   * the store and the key.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param file the file
   * @param password opens the store and the key
   * @param alias the name of the entry in the store
   * @return the client certificate
   */
  public static ClientCertificate keyStore(
      CredentialKind kind, Path file, Secret password, String alias) {
    return keyStore(kind, KeyStoreEntry.open(file, password), password, alias);
  }

  /**
   * A certificate and a key in a key store that the application opened, such as a security module's
   * by way of PKCS #11.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param store the loaded store
   * @param keyPassword opens the key
   * @param alias the name of the entry in the store
   * @return the client certificate
   */
  public static ClientCertificate keyStore(
      CredentialKind kind, KeyStore store, Secret keyPassword, String alias) {
    KeyStoreEntry entry = KeyStoreEntry.of(store, keyPassword, alias);
    return of(kind, entry.certificates(), entry.key());
  }

  /**
   * Whether the hub identifies it by its thumbprint or by its issuer.
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

  /**
   * This certificate as a credential, if it may be shown there. Its dates are not checked here,
   * because this machine's clock may be wrong; the hub checks them.
   */
  Credential.Certificate usableFor(Audience audience) {
    checkName(audience);
    return new Credential.Certificate(chain, key);
  }

  // The hub would refuse it with no reason given. A module's common name is not documented.
  private void checkName(Audience audience) {
    String deviceId = audience.identity().deviceId();
    if (kind == CredentialKind.X509_CA
        && audience.identity().moduleId().isEmpty()
        && CommonName.of(subject(chain.get(0))).stream().noneMatch(deviceId::equalsIgnoreCase)) {
      throw new UnauthorizedException(
          "The certificate of "
              + subject(chain.get(0))
              + " is not for the device "
              + deviceId
              + ": the hub takes a CA-signed certificate only if its common name is the device id."
              + " Issue one with CN="
              + deviceId
              + ", or use the device id it was issued for.",
          Progress.NOT_SENT);
    }
  }

  private static X500Principal subject(X509Certificate certificate) {
    return certificate.getSubjectX500Principal();
  }

  @Override
  public String toString() {
    return "ClientCertificate[" + kind + ", " + chain.get(0).getSubjectX500Principal() + "]";
  }
}
