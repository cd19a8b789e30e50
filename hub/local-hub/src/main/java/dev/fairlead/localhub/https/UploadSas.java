package dev.fairlead.localhub.https;

import dev.fairlead.localhub.HubTime;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The signatures that let a device write one blob until a given time. They have the parts of a
 * storage service SAS ({@code sv sr sig se sp}); the signed text is this hub's own format, because
 * only this hub checks it. Safe for use by several threads.
 */
final class UploadSas {

  private static final String VERSION = "2018-02-02";
  private static final String RESOURCE = "b";
  private static final String PERMISSIONS = "rw";

  private final HubTime time;
  private final SecretKeySpec key;

  /** Creates signatures with a random key. */
  UploadSas(HubTime time) {
    this.time = time;
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    this.key = new SecretKeySpec(random, "HmacSHA256");
  }

  /** A query that lets its bearer write a blob, from now on for the given time. */
  String query(String blob, Duration life) {
    Instant expiry = time.now().plus(life).truncatedTo(ChronoUnit.SECONDS);
    return "?sv="
        + VERSION
        + "&sr="
        + RESOURCE
        + "&sig="
        + escape(sign(blob, expiry.toString()))
        + "&se="
        + escape(expiry.toString())
        + "&sp="
        + PERMISSIONS;
  }

  /** Why the signature of a request for a blob is refused; empty if it is valid. */
  Optional<String> trouble(String blob, RequestTarget target) {
    String expiry = target.parameter("se");
    String signature = target.parameter("sig");
    if (expiry == null || signature == null) {
      return Optional.of("the signature or its expiry is missing");
    }
    if (!is(target.parameter("sv"), VERSION)
        || !is(target.parameter("sr"), RESOURCE)
        || !is(target.parameter("sp"), PERMISSIONS)
        || !MessageDigest.isEqual(
            sign(blob, expiry).getBytes(StandardCharsets.US_ASCII),
            signature.getBytes(StandardCharsets.UTF_8))) {
      return Optional.of("the signature does not match");
    }
    try {
      return Instant.parse(expiry).isAfter(time.now())
          ? Optional.empty()
          : Optional.of("the signature expired at " + expiry);
    } catch (DateTimeParseException e) {
      return Optional.of("the expiry is not a time");
    }
  }

  private static boolean is(@Nullable String value, String expected) {
    return expected.equals(value);
  }

  private String sign(String blob, String expiry) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      String text = String.join("\n", VERSION, RESOURCE, PERMISSIONS, expiry, blob);
      return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This Java has no HmacSHA256.", e);
    }
  }

  private static String escape(String text) {
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D").replace(":", "%3A");
  }
}
