package dev.fairlead.auth;

import dev.fairlead.Secret;
import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/** Files of certificates and keys. */
public final class PemFuzz {
  private static final Optional<Secret> PASSPHRASE = Optional.of(Secret.of("secret"));

  private PemFuzz() {}

  /** The input is a file. */
  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    List<X509Certificate> certificates = List.of();
    PrivateKey key = null;
    try {
      PemText pem = PemText.of("a file", text);
      certificates = certificates(pem);
      key = pem.privateKey(PASSPHRASE);
    } catch (IllegalArgumentException e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
    for (X509Certificate certificate : certificates) {
      try {
        CommonName.of(certificate.getSubjectX500Principal());
      } catch (IllegalArgumentException e) {
        Expect.that(e.getMessage() != null, "no reason");
      }
    }
    if (key != null && !certificates.isEmpty()) {
      try {
        CertificateChain.order(certificates, key);
      } catch (IllegalArgumentException e) {
        Expect.that(e.getMessage() != null, "no reason");
      }
    }
  }

  private static List<X509Certificate> certificates(PemText pem) {
    try {
      return pem.certificates();
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }
}
