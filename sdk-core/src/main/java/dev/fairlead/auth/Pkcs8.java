package dev.fairlead.auth;

import dev.fairlead.Secret;
import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.InvalidParameterSpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * Brings every form of a private key that tools write to the one that the platform reads, PKCS #8
 * (RFC 5208). No failure has a cause: the platform's messages do not help here, and some providers
 * may quote the key in them.
 */
final class Pkcs8 {
  private static final int MOST_ITERATIONS = 10_000_000; // openssl: 2048; OWASP in 2023: 600,000
  private static final byte[] VERSION_0 = Der.element(Der.INTEGER, new byte[] {0});
  private static final byte[] EC_PUBLIC_KEY = // 1.2.840.10045.2.1, RFC 5480, 2.1.1
      Der.element(
          Der.OBJECT_IDENTIFIER, new byte[] {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1});
  private static final byte[] RSA_ENCRYPTION = // 1.2.840.113549.1.1.1, RFC 8017, appendix A.1
      Der.element(
          Der.OBJECT_IDENTIFIER,
          new byte[] {0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1});

  private Pkcs8() {}

  /** A key that is already in PKCS #8. */
  static PrivateKey decode(byte[] der) {
    for (String algorithm : List.of("EC", "RSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (InvalidKeySpecException e) {
        // not of this algorithm, or malformed: the other algorithm is tried
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("This Java platform has no " + algorithm + " keys.", e);
      }
    }
    throw new IllegalArgumentException(
        "it is malformed, or neither RSA nor EC on the curve P-256, P-384 or P-521");
  }

  /**
   * An EC key in the form of SEC 1 (RFC 5915).
   *
   * @param der the key
   * @param parameters the curve, if a block of its own names it
   */
  static PrivateKey decodeSec1(byte[] der, Optional<byte[]> parameters) {
    // ECPrivateKey ::= SEQUENCE { version, privateKey, [0] parameters OPTIONAL, [1] publicKey … }
    Der key = Der.reader(der).next(Der.SEQUENCE).inside();
    key.next(Der.INTEGER);
    key.next(Der.OCTET_STRING);
    Der.Element optional = key.hasMore() ? key.next() : null;
    byte[] curve =
        optional != null && optional.tag() == Der.CONTEXT_0
            ? optional.content()
            : parameters.orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "it does not name its curve; convert it with: openssl pkcs8 -topk8"));
    return wrapped(der, EC_PUBLIC_KEY, curve);
  }

  /** An RSA key in the form of PKCS #1 (RFC 8017, appendix A.1.2). */
  static PrivateKey decodePkcs1(byte[] der) {
    return wrapped(der, RSA_ENCRYPTION, Der.element(Der.NULL));
  }

  // PrivateKeyInfo ::= SEQUENCE { version, SEQUENCE { algorithm, parameters }, OCTET STRING key }
  private static PrivateKey wrapped(byte[] der, byte[] algorithm, byte[] parameters) {
    return decode(
        Der.element(
            Der.SEQUENCE,
            VERSION_0,
            Der.element(Der.SEQUENCE, algorithm, parameters),
            Der.element(Der.OCTET_STRING, der)));
  }

  /** A key in encrypted PKCS #8 (RFC 5208, 6). */
  static PrivateKey decrypt(byte[] der, Secret passphrase) {
    EncryptedPrivateKeyInfo encrypted;
    Cipher cipher;
    PBEKeySpec password = new PBEKeySpec(passphrase.reveal().toCharArray());
    try {
      encrypted = new EncryptedPrivateKeyInfo(der);
      // For PBES2, toString of the parameters is the scheme, such as PBEWithHmacSHA256AndAES_256.
      String scheme =
          encrypted.getAlgName().startsWith("PBEWith")
              ? encrypted.getAlgName()
              : String.valueOf(encrypted.getAlgParameters());
      checkIterations(encrypted.getAlgParameters());
      SecretKey secret = SecretKeyFactory.getInstance(scheme).generateSecret(password);
      cipher = Cipher.getInstance(scheme);
      cipher.init(Cipher.DECRYPT_MODE, secret, encrypted.getAlgParameters());
    } catch (InvalidKeySpecException e) {
      throw new IllegalArgumentException("a passphrase for it may hold printable ASCII only");
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "it is encrypted in a way this Java platform cannot read; convert it with: openssl pkcs8"
              + " -topk8 -v2 aes-256-cbc");
    } finally {
      password.clearPassword();
    }
    try {
      return decode(encrypted.getKeySpec(cipher).getEncoded());
    } catch (InvalidKeySpecException e) {
      throw new IllegalArgumentException("the passphrase given does not open it");
    }
  }

  /** A damaged count may be two thousand million, and no thread comes back from that in time. */
  private static void checkIterations(@Nullable AlgorithmParameters parameters)
      throws InvalidParameterSpecException {
    if (parameters != null
        && parameters.getParameterSpec(PBEParameterSpec.class).getIterationCount()
            > MOST_ITERATIONS) {
      throw new IllegalArgumentException(
          "opening it takes more than "
              + MOST_ITERATIONS
              + " iterations, which is too slow, or it is damaged; convert it with: openssl pkcs8"
              + " -topk8 -v2 aes-256-cbc");
    }
  }
}
