package dev.fairlead.localhub.tls;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** Thumbprints: hex digests of the DER form of a certificate. */
public final class Thumbprints {

  private Thumbprints() {}

  /**
   * The SHA-1 thumbprint, 40 upper-case hex digits. The hub still knows devices by it; it guards
   * nothing here.
   */
  public static String sha1(X509Certificate certificate) {
    return digest("SHA-1", certificate);
  }

  /** The SHA-256 thumbprint, 64 upper-case hex digits. */
  public static String sha256(X509Certificate certificate) {
    return digest("SHA-256", certificate);
  }

  private static String digest(String algorithm, X509Certificate certificate) {
    try {
      byte[] digest = MessageDigest.getInstance(algorithm).digest(certificate.getEncoded());
      return HexFormat.of().withUpperCase().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(
          "This Java cannot make a " + algorithm + " thumbprint of the certificate.", e);
    }
  }
}
