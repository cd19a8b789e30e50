package dev.fairlead.localhub.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A certificate chain with the private key of its first certificate.
 *
 * @param chain the certificate itself first
 * @param key its private key
 */
public record KeyedCertificate(List<X509Certificate> chain, PrivateKey key) {
  /** Contains no key. */
  @Override
  public String toString() {
    return "KeyedCertificate[" + chain.get(0).getSubjectX500Principal().getName() + "]";
  }
}
