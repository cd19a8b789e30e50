package dev.fairlead.localhub.auth;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A shared access signature as a client presents it (page "Control access to IoT Hub with shared
 * access signatures").
 */
public final class SasToken {

  private static final String PREFIX = "SharedAccessSignature ";

  private final String rawResource;
  private final String resource;
  private final String rawExpiry;
  private final Instant expiry;
  private final byte[] signature;
  private final @Nullable String policy;

  private SasToken(
      String rawResource,
      String resource,
      String rawExpiry,
      Instant expiry,
      byte[] signature,
      @Nullable String policy) {
    this.rawResource = rawResource;
    this.resource = resource;
    this.rawExpiry = rawExpiry;
    this.expiry = expiry;
    this.signature = signature;
    this.policy = policy;
  }

  /**
   * Parses a token; empty if it is not one. The fields may be in any order and their names in any
   * case.
   */
  public static Optional<SasToken> parse(String text) {
    if (!text.regionMatches(true, 0, PREFIX, 0, PREFIX.length())) {
      return Optional.empty();
    }
    String sr = null;
    String sig = null;
    String se = null;
    String skn = null;
    for (String field : text.substring(PREFIX.length()).split("&", -1)) {
      int equals = field.indexOf('=');
      String name = equals < 0 ? field : field.substring(0, equals).trim();
      String value = equals < 0 ? "" : field.substring(equals + 1);
      switch (name.toLowerCase(Locale.ROOT)) {
        case "sr" -> sr = value;
        case "sig" -> sig = value;
        case "se" -> se = value;
        case "skn" -> skn = value;
        default -> {
          // An unknown field is ignored.
        }
      }
    }
    if (sr == null || sig == null || se == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new SasToken(
              sr,
              decode(sr),
              se,
              Instant.ofEpochSecond(Long.parseLong(se)),
              Base64.getDecoder().decode(decode(sig)),
              skn == null || skn.isEmpty() ? null : decode(skn)));
    } catch (IllegalArgumentException | DateTimeException e) {
      return Optional.empty();
    }
  }

  /**
   * URLDecoder turns + into a space, as forms do; a token has %20 only, and its base64 is full of
   * +.
   */
  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** When the token expires. */
  public Instant expiry() {
    return expiry;
  }

  /** The path after the host name in its resource, such as {@code /devices/a}; empty if none. */
  public String path() {
    int slash = resource.indexOf('/');
    return slash < 0 ? "" : resource.substring(slash);
  }

  /** The hub policy whose key has signed; empty for a key of the identity itself. */
  public Optional<String> policy() {
    return Optional.ofNullable(policy);
  }

  /**
   * Whether a key has signed this token. The signature covers the resource exactly as written in
   * the token, because clients encode it differently.
   *
   * @param base64Key a symmetric key
   */
  public boolean isSignedBy(String base64Key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(base64Key), "HmacSHA256"));
      byte[] expected =
          mac.doFinal((rawResource + "\n" + rawExpiry).getBytes(StandardCharsets.UTF_8));
      return MessageDigest.isEqual(expected, signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This Java has no HmacSHA256.", e);
    }
  }

  /**
   * Whether the token's resource is the given one or a parent of it, by whole path segments: {@code
   * h/devices/a} covers {@code h/devices/a/modules/m}, not {@code h/devices/ab}. The host is
   * compared without case, ids with case.
   *
   * @param host the hub's host name
   * @param path the path after it, such as {@code /devices/a}
   */
  public boolean covers(String host, String path) {
    String scope = resource.endsWith("/") ? resource.substring(0, resource.length() - 1) : resource;
    if (!scope.regionMatches(true, 0, host, 0, host.length())) {
      return false;
    }
    String scopePath = scope.substring(host.length());
    return path.equals(scopePath)
        || (path.startsWith(scopePath) && path.charAt(scopePath.length()) == '/')
        || scopePath.isEmpty();
  }

  /** Contains the scope and the expiry, not the signature. */
  @Override
  public String toString() {
    return "SasToken[" + resource + " until " + expiry + "]";
  }
}
