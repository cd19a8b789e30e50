package dev.fairlead.auth;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Puts certificates into the order that TLS wants: the key's own first, then issuer by issuer. */
final class CertificateChain {
  private static final int LONGEST = 16;

  private CertificateChain() {}

  /**
   * Orders the chain.
   *
   * @throws IllegalArgumentException if no certificate matches the key, or one is not part of the
   *     chain
   */
  static List<X509Certificate> order(List<X509Certificate> certificates, PrivateKey key) {
    List<X509Certificate> left = new ArrayList<>(new LinkedHashSet<>(certificates));
    if (left.isEmpty() || left.size() > LONGEST) {
      throw new IllegalArgumentException(
          "A certificate chain has 1 to " + LONGEST + " certificates, not " + left.size() + ".");
    }
    List<X509Certificate> chain = new ArrayList<>();
    Optional<X509Certificate> next = Optional.of(leaf(left, key));
    while (next.isPresent()) {
      X509Certificate certificate = next.get();
      chain.add(certificate);
      left.remove(certificate);
      next = left.stream().filter(issuer -> issued(issuer, certificate)).findFirst();
    }
    if (!left.isEmpty()) {
      throw new IllegalArgumentException(
          "The certificates do not form a single chain: none of it was issued by "
              + subjects(left)
              + ". Remove these, or add the missing issuer between them and "
              + chain.get(chain.size() - 1).getSubjectX500Principal()
              + ".");
    }
    return List.copyOf(chain);
  }

  private static X509Certificate leaf(List<X509Certificate> certificates, PrivateKey key) {
    Optional<String> algorithm = signatureAlgorithm(key.getAlgorithm());
    if (algorithm.isEmpty()) {
      throw new IllegalArgumentException(
          "A key of the algorithm " + key.getAlgorithm() + " cannot be used; use RSA or EC.");
    }
    byte[] nonce = new byte[32];
    new SecureRandom().nextBytes(nonce);
    byte[] signature;
    try {
      // The provider is chosen by the key, which may be in a security module.
      Signature signing = Signature.getInstance(algorithm.get());
      signing.initSign(key);
      signing.update(nonce);
      signature = signing.sign();
    } catch (InvalidKeyException e) {
      throw new IllegalArgumentException(
          "No security provider of this JVM can sign with the private key. If a security module"
              + " holds it, register the module's provider with Security.addProvider; if not, the"
              + " key is incomplete.",
          e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "The private key cannot sign ("
              + e.getClass().getName()
              + "). If a security module holds it, check that the module is present and logged in.",
          e);
    }
    for (X509Certificate certificate : certificates) {
      if (verifies(certificate, algorithm.get(), nonce, signature)) {
        return certificate;
      }
    }
    throw new IllegalArgumentException(
        "The private key does not match any of the certificates given: "
            + subjects(certificates)
            + ". Give the key that the device's certificate was made for.");
  }

  private static boolean verifies(
      X509Certificate certificate, String algorithm, byte[] nonce, byte[] signature) {
    try {
      Signature verifying = Signature.getInstance(algorithm);
      // Not initVerify(certificate): that refuses a certificate whose use is key agreement only.
      verifying.initVerify(certificate.getPublicKey());
      verifying.update(nonce);
      return verifying.verify(signature);
    } catch (InvalidKeyException e) {
      return false; // a key of the other algorithm
    } catch (GeneralSecurityException e) {
      return false; // a signature of another length or form: made by another key
    }
  }

  private static boolean issued(X509Certificate issuer, X509Certificate certificate) {
    if (!issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
      return false;
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false; // the same name, another key
    }
  }

  private static Optional<String> signatureAlgorithm(String keyAlgorithm) {
    return switch (keyAlgorithm) {
      case "RSA" -> Optional.of("SHA256withRSA");
      case "EC" -> Optional.of("SHA256withECDSA");
      default -> Optional.empty();
    };
  }

  private static String subjects(List<X509Certificate> certificates) {
    return certificates.stream()
        .map(certificate -> "\"" + certificate.getSubjectX500Principal() + "\"")
        .collect(Collectors.joining(", "));
  }
}
