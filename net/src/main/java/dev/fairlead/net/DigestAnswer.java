package dev.fairlead.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** The answer to a Digest challenge: RFC 7616, with MD5 or SHA-256 and {@code qop=auth}. */
final class DigestAnswer {
  private final Challenge challenge;
  private final MessageDigest digest;
  private final String algorithm;

  private DigestAnswer(Challenge challenge, MessageDigest digest, String algorithm) {
    this.challenge = challenge;
    this.digest = digest;
    this.algorithm = algorithm;
  }

  /** Empty if the challenge requires something that this client does not support. */
  static Optional<DigestAnswer> to(Challenge challenge) {
    if (!challenge.scheme().equals("digest") || challenge.parameter("nonce").isEmpty()) {
      return Optional.empty();
    }
    String asked = challenge.parameter("algorithm");
    // RFC 7616, section 3.3: without the parameter it is MD5.
    String algorithm =
        asked.isEmpty() || asked.equalsIgnoreCase("MD5")
            ? "MD5"
            : asked.equalsIgnoreCase("SHA-256") ? "SHA-256" : "";
    if (algorithm.isEmpty() || !(withoutQop(challenge) || offersAuth(challenge))) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new DigestAnswer(challenge, MessageDigest.getInstance(algorithm), algorithm));
    } catch (NoSuchAlgorithmException e) {
      // A platform may have MD5 switched off.
      return Optional.empty();
    }
  }

  /** RFC 2069, which some old proxies still use. */
  private static boolean withoutQop(Challenge challenge) {
    return challenge.parameter("qop").isEmpty();
  }

  private static boolean offersAuth(Challenge challenge) {
    for (String offered : challenge.parameter("qop").split(",", -1)) {
      if (offered.strip().equalsIgnoreCase("auth")) {
        return true;
      }
    }
    return false;
  }

  /** Whether it is stronger than MD5. */
  boolean strong() {
    return !algorithm.equals("MD5");
  }

  /**
   * The value of the {@code Proxy-Authorization} field; the nonce is used this once.
   *
   * @param user sent and hashed as UTF-8; the challenge's own texts are echoed byte by byte
   * @param target the request's target, as on its first line
   * @param clientNonce fresh and unpredictable
   */
  String credentials(
      String user, String password, String method, String target, String clientNonce) {
    String realm = challenge.parameter("realm");
    String nonce = challenge.parameter("nonce");
    boolean old = withoutQop(challenge);
    // RFC 7616, sections 3.4.1 to 3.4.3.
    String a1 = hash(user.getBytes(UTF_8), bytes(":" + realm + ":"), password.getBytes(UTF_8));
    String a2 = hash(bytes(method + ":" + target));
    String middle = old ? ":" : ":00000001:" + clientNonce + ":auth:";
    String response = hash(bytes(a1 + ":" + nonce + middle + a2));
    StringBuilder text =
        new StringBuilder("Digest username=")
            .append(quoted(new String(user.getBytes(UTF_8), ISO_8859_1)))
            .append(", realm=")
            .append(quoted(realm))
            .append(", nonce=")
            .append(quoted(nonce))
            .append(", uri=")
            .append(quoted(target))
            .append(", algorithm=")
            .append(algorithm)
            .append(", response=\"")
            .append(response)
            .append('"');
    if (!old) {
      text.append(", qop=auth, nc=00000001, cnonce=").append(quoted(clientNonce));
    }
    if (challenge.parameters().containsKey("opaque")) {
      text.append(", opaque=").append(quoted(challenge.parameter("opaque")));
    }
    return text.toString();
  }

  private String hash(byte[]... parts) {
    for (byte[] part : parts) {
      digest.update(part);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(ISO_8859_1);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
