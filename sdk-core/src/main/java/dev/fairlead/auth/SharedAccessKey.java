package dev.fairlead.auth;

import dev.fairlead.Secret;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A symmetric key in this process. Decoded and checked once. Safe for any thread. */
final class SharedAccessKey implements Signer {
  private static final String HMAC = "HmacSHA256";
  private static final String BASE64 = // RFC 4648, table 1
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  private final SecretKeySpec key;

  /**
   * Decodes the key.
   *
   * @throws IllegalArgumentException if it is not base64; the message names the place, never the
   *     content, and has no cause because the decoder's own message quotes the character
   */
  SharedAccessKey(Secret base64) {
    this.key = new SecretKeySpec(decode(base64.reveal().strip()), HMAC);
  }

  @Override
  public CompletionStage<byte[]> sign(byte[] data) {
    return CompletableFuture.completedFuture(hmac(data));
  }

  byte[] hmac(byte[] data) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      return mac.doFinal(data);
    } catch (GeneralSecurityException e) {
      // Every Java platform has HmacSHA256 (Mac, class documentation).
      throw new IllegalStateException("This Java platform cannot compute " + HMAC + ".", e);
    }
  }

  private static byte[] decode(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException(
          "The shared access key is empty; copy the primary or secondary key of the device.");
    }
    int padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    for (int i = 0; i < text.length() - padding; i++) {
      if (BASE64.indexOf(text.charAt(i)) < 0) {
        throw new IllegalArgumentException(
            "The shared access key is not base64: character "
                + (i + 1)
                + " of "
                + text.length()
                + " is none of A-Z a-z 0-9 + / (and '=' only at the end). Copy the key again.");
      }
    }
    if (text.length() % 4 != 0) {
      throw new IllegalArgumentException(
          "The shared access key is not base64: it has "
              + text.length()
              + " characters, which is no multiple of four. A part was probably lost in copying,"
              + " often the '=' at the end.");
    }
    return Base64.getDecoder().decode(text);
  }

  /** Not the default: a key specification's hash code is computed from the key. */
  @Override
  public String toString() {
    return "a shared access key";
  }
}
