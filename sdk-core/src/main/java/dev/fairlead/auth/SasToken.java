package dev.fairlead.auth;

import dev.fairlead.Progress;
import dev.fairlead.Secret;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.spi.Credential;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A shared access signature: {@code SharedAccessSignature sr=…&sig=…&se=…[&skn=…]}. Immutable.
 * Source: IoT Hub, "Control access to IoT Hub with shared access signatures".
 */
public final class SasToken {
  private static final String SCHEME = "SharedAccessSignature";
  private static final int LONGEST = 8192; // the longest real one stays far below 2,000

  private final Secret text;
  private final String resource;
  private final Instant expiry;
  private final Optional<String> policyName;

  private SasToken(Secret text, String resource, Instant expiry, Optional<String> policyName) {
    this.text = text;
    this.resource = resource;
    this.expiry = expiry;
    this.policyName = policyName;
  }

  /**
   * Signs a token.
   *
   * @param audience what it is for
   * @param policyName the hub policy whose key signs, empty for the identity's own key
   * @param expiry when it ends; fractions of a second are cut off
   * @param key the key in base64
   * @return the token
   * @throws IllegalArgumentException if the key is not base64
   */
  public static SasToken sign(
      Audience audience, Optional<String> policyName, Instant expiry, Secret key) {
    String resource = audience.resource();
    byte[] signature = new SharedAccessKey(key).hmac(signingInput(resource, expiry));
    return signed(resource, policyName, expiry, signature);
  }

  /** What is signed: the resource exactly as it is in the token, and the expiry. */
  static byte[] signingInput(String resource, Instant expiry) {
    return (resource + "\n" + expiry.getEpochSecond()).getBytes(StandardCharsets.UTF_8);
  }

  static SasToken signed(
      String resource, Optional<String> policyName, Instant expiry, byte[] signature) {
    String sig = PercentEncoding.encode(Base64.getEncoder().encodeToString(signature));
    String skn = policyName.map(name -> "&skn=" + PercentEncoding.encode(name)).orElse("");
    String text =
        SCHEME + " sr=" + resource + "&sig=" + sig + "&se=" + expiry.getEpochSecond() + skn;
    return new SasToken(
        Secret.of(text), resource, expiry.truncatedTo(ChronoUnit.SECONDS), policyName);
  }

  /**
   * Reads a token. Fields may be in any order, their names in either case; fields that are not
   * known are kept in the text and otherwise ignored. White space around the text is cut off.
   *
   * @param token the whole token
   * @return the token
   * @throws IllegalArgumentException if it is not one; the message says what is wrong and repeats
   *     nothing of it
   */
  public static SasToken parse(Secret token) {
    String text = token.reveal().strip();
    if (text.length() > LONGEST) {
      throw malformed("it has " + text.length() + " characters, more than " + LONGEST);
    }
    if (!text.startsWith(SCHEME + " ")) {
      throw malformed("it does not begin with \"" + SCHEME + " \"");
    }
    for (int i = SCHEME.length() + 1; i < text.length(); i++) {
      if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
        throw malformed("character " + (i + 1) + " is white space or not ASCII");
      }
    }
    Map<String, String> fields = fields(text.substring(SCHEME.length() + 1));
    String resource = required(fields.get("sr"), "sr (what it is for)");
    required(fields.get("sig"), "sig (the signature)");
    Instant expiry = expiry(required(fields.get("se"), "se (when it ends)"));
    // Many tools write an empty skn= for a key without a policy.
    Optional<String> policyName =
        Optional.ofNullable(fields.get("skn"))
            .filter(skn -> !skn.isEmpty())
            .map(PercentEncoding::decode);
    return new SasToken(Secret.of(text), resource, expiry, policyName);
  }

  private static Map<String, String> fields(String text) {
    Map<String, String> fields = new HashMap<>();
    int number = 0;
    for (String field : text.split("&", -1)) {
      number++;
      int equals = field.indexOf('=');
      if (equals <= 0) {
        throw malformed("field " + number + " is not of the form name=value");
      }
      String name = field.substring(0, equals).toLowerCase(Locale.ROOT);
      if (fields.put(name, field.substring(equals + 1)) != null) {
        throw malformed("field " + number + " appears twice");
      }
    }
    return fields;
  }

  private static String required(@Nullable String value, String field) {
    if (value == null || value.isEmpty()) {
      throw malformed("it lacks the field " + field);
    }
    return value;
  }

  private static Instant expiry(String seconds) {
    try {
      long since1970 = Long.parseLong(seconds);
      if (since1970 >= 0) {
        return Instant.ofEpochSecond(since1970);
      }
    } catch (NumberFormatException | DateTimeException e) {
      // falls through: both quote the text
    }
    throw malformed("its field se is not a whole number of seconds since 1970");
  }

  private static IllegalArgumentException malformed(String why) {
    return new IllegalArgumentException(
        "This is not a shared access signature: "
            + why
            + ". It has the form \"SharedAccessSignature sr=…&sig=…&se=…\".");
  }

  /**
   * The whole token, as it is sent.
   *
   * @return the text
   */
  public Secret text() {
    return text;
  }

  /**
   * What the token is for.
   *
   * @return the field {@code sr} exactly as it is in the token, encoded
   */
  public String resource() {
    return resource;
  }

  /**
   * When it ends.
   *
   * @return the field {@code se}
   */
  public Instant expiry() {
    return expiry;
  }

  /**
   * The hub policy whose key signed it.
   *
   * @return the field {@code skn}, decoded; empty for an identity's own key
   */
  public Optional<String> policyName() {
    return policyName;
  }

  /**
   * Whether the token is meant for this audience: its resource is the audience's or above it, by
   * whole path segments. The host is compared in any case, ids exactly.
   *
   * @param audience the audience
   * @return true if it covers the audience
   */
  public boolean covers(Audience audience) {
    String scope = PercentEncoding.decode(resource);
    int hostEnd = scope.indexOf('/') < 0 ? scope.length() : scope.indexOf('/');
    scope = scope.substring(0, hostEnd).toLowerCase(Locale.ROOT) + scope.substring(hostEnd);
    String wanted = audience.path();
    return wanted.equals(scope) || wanted.startsWith(scope + "/");
  }

  /**
   * This token as a credential, if it may be shown there. Its expiry is not checked here, because
   * this machine's clock may be wrong; the hub checks it.
   */
  Credential.Token usableFor(Audience audience) {
    if (!covers(audience)) {
      // Not what it covers instead: a malformed token may have anything in that field.
      throw new UnauthorizedException(
          "The token is not for "
              + audience.path()
              + " but for another resource; sign one whose sr covers it.",
          Progress.NOT_SENT);
    }
    return new Credential.Token(text, expiry);
  }

  /** Without the signature. */
  @Override
  public String toString() {
    return "SasToken[sr=" + resource + ", se=" + expiry + "]";
  }
}
