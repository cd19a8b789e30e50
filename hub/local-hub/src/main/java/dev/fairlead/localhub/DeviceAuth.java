package dev.fairlead.localhub;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;

/**
 * How an identity proves who it is: by symmetric keys, by the thumbprint of its certificate, or by
 * a CA's signature.
 */
public sealed interface DeviceAuth {

  /** Two fresh random keys of 32 bytes. */
  static DeviceAuth randomKeys() {
    return new SymmetricKeys(freshKey(), freshKey());
  }

  /**
   * Given keys, both equally valid.
   *
   * @param primary base64
   * @param secondary base64
   * @throws IllegalArgumentException if a key is not base64 of at least one byte
   */
  static DeviceAuth keys(String primary, String secondary) {
    return new SymmetricKeys(primary, secondary);
  }

  /**
   * A certificate identified by its thumbprint; its dates and issuer are not checked.
   *
   * @param certificate the client certificate, usually self-signed
   */
  static DeviceAuth thumbprintOf(X509Certificate certificate) {
    String thumbprint = Thumbprint.sha256(certificate);
    return new Thumbprint(thumbprint, thumbprint);
  }

  /**
   * Certificates identified by their thumbprints.
   *
   * @param primary SHA-1 or SHA-256 of the DER certificate in hex, case ignored
   * @param secondary as the primary one
   */
  static DeviceAuth thumbprints(String primary, String secondary) {
    return new Thumbprint(primary, secondary);
  }

  /**
   * A valid certificate that the hub's CA has signed, with the device id as common name ({@code
   * device/module} for a module).
   */
  static DeviceAuth signedByCa() {
    return new SignedByCa();
  }

  private static String freshKey() {
    byte[] key = new byte[32];
    new SecureRandom().nextBytes(key);
    return Base64.getEncoder().encodeToString(key);
  }

  /**
   * Symmetric keys.
   *
   * @param primary base64
   * @param secondary base64
   */
  record SymmetricKeys(String primary, String secondary) implements DeviceAuth {
    /** Checks that both keys are base64. */
    public SymmetricKeys {
      check(primary);
      check(secondary);
    }

    private static void check(String key) {
      // The message of Base64.Decoder quotes the text it refuses, and a key must not reach a log.
      boolean usable;
      try {
        usable = Base64.getDecoder().decode(key).length > 0;
      } catch (IllegalArgumentException e) {
        usable = false;
      }
      if (!usable) {
        throw new IllegalArgumentException(
            "A device key is not base64 of at least one byte. Give the key as the hub shows it.");
      }
    }

    /** Contains no key. */
    @Override
    public String toString() {
      return "SymmetricKeys[hidden]";
    }
  }

  /**
   * Thumbprints of client certificates.
   *
   * @param primary SHA-1 or SHA-256, hex
   * @param secondary SHA-1 or SHA-256, hex
   */
  record Thumbprint(String primary, String secondary) implements DeviceAuth {
    /** Checks that both look like SHA-1 or SHA-256. */
    public Thumbprint {
      check(primary);
      check(secondary);
    }

    /**
     * The SHA-1 thumbprint of a certificate, 40 upper-case hex digits. The hub still identifies
     * devices by it; it is not used as a protection here.
     */
    public static String sha1(X509Certificate certificate) {
      return digest("SHA-1", certificate);
    }

    /** The SHA-256 thumbprint of a certificate, 64 upper-case hex digits. */
    public static String sha256(X509Certificate certificate) {
      return digest("SHA-256", certificate);
    }

    private static String digest(String algorithm, X509Certificate certificate) {
      try {
        byte[] digest = MessageDigest.getInstance(algorithm).digest(certificate.getEncoded());
        return HexFormat.of().withUpperCase().formatHex(digest);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(
            "This Java cannot compute the " + algorithm + " thumbprint of the certificate.", e);
      }
    }

    private static void check(String thumbprint) {
      boolean hex = thumbprint.chars().allMatch(HexFormat::isHexDigit);
      if (!hex || (thumbprint.length() != 40 && thumbprint.length() != 64)) {
        throw new IllegalArgumentException(
            "The thumbprint '"
                + thumbprint
                + "' is neither SHA-1 (40 hex digits) nor SHA-256 (64 hex digits).");
      }
    }
  }

  /** Any valid certificate signed by the hub's CA, with the right common name. */
  record SignedByCa() implements DeviceAuth {}
}
