package dev.fairlead.localhub;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** A client certificate with its key, for a device that authenticates by X.509. */
public final class ClientIdentity {

  private final List<X509Certificate> chain;
  private final PrivateKey key;
  private final String chainPem;
  private final String keyPem;

  /**
   * @param chain the client certificate first, then its issuers
   * @param key the private key of the client certificate
   * @param chainPem the chain as PEM text
   * @param keyPem the key as unencrypted PKCS #8 PEM text
   */
  ClientIdentity(List<X509Certificate> chain, PrivateKey key, String chainPem, String keyPem) {
    this.chain = List.copyOf(chain);
    this.key = key;
    this.chainPem = chainPem;
    this.keyPem = keyPem;
  }

  /** The client certificate. */
  public X509Certificate certificate() {
    return chain.get(0);
  }

  /** The client certificate, then its issuers. */
  public List<X509Certificate> chain() {
    return chain;
  }

  /** The private key. */
  public PrivateKey key() {
    return key;
  }

  /** The chain as PEM text. */
  public String chainPem() {
    return chainPem;
  }

  /** The private key as unencrypted PKCS #8 PEM text. */
  public String keyPem() {
    return keyPem;
  }

  /** The SHA-1 thumbprint of the certificate, hex. */
  public String thumbprintSha1() {
    return DeviceAuth.Thumbprint.sha1(certificate());
  }

  /** The SHA-256 thumbprint of the certificate, hex. */
  public String thumbprintSha256() {
    return DeviceAuth.Thumbprint.sha256(certificate());
  }

  /** Names the subject, not the key. */
  @Override
  public String toString() {
    return "ClientIdentity[" + certificate().getSubjectX500Principal().getName() + "]";
  }
}
