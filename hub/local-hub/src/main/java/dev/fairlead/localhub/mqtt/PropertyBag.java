package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.telemetry.MessageProperties;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The properties at the end of a topic: pairs joined by {@code &}, names and values percent-encoded
 * UTF-8 (page "Communicate with your IoT hub using the MQTT protocol", section "Sending
 * device-to-cloud messages").
 */
final class PropertyBag {

  private static final Map<String, String> SYSTEM_NAMES =
      Map.ofEntries(
          Map.entry("$.mid", "message-id"),
          Map.entry("$.cid", "correlation-id"),
          Map.entry("$.uid", "user-id"),
          Map.entry("$.to", "to"),
          Map.entry("$.exp", "absolute-expiry-time"),
          Map.entry("$.ct", "content-type"),
          Map.entry("$.ce", "content-encoding"),
          Map.entry("$.ctime", "iothub-creation-time-utc"),
          Map.entry("$.on", "iothub-outputname"),
          Map.entry("$.ifid", "iothub-interface-id"),
          Map.entry("$.sub", "dt-subject"),
          Map.entry("$.schema", "iothub-message-schema"),
          Map.entry("$.diagid", "diagnostic-id"),
          Map.entry("$.diagctx", "correlation-context"));

  /**
   * The sender of a message between modules. Only a hub stamps it, so values from a device are
   * ignored.
   */
  private static final Set<String> STAMPED_BY_HUBS = Set.of("$.cdid", "$.cmid");

  private static final String UNRESERVED = "-._~";
  private static final String HEX = "0123456789ABCDEF";

  private PropertyBag() {}

  /**
   * Parses the pairs in their order; empty if an escape is malformed. A name without {@code =} gets
   * the empty value.
   */
  static Optional<Map<String, String>> parsePairs(String text) {
    if (text.isEmpty()) {
      return Optional.of(Map.of());
    }
    Map<String, String> pairs = new LinkedHashMap<>();
    for (String pair : text.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      Optional<String> name = decode(equals < 0 ? pair : pair.substring(0, equals));
      Optional<String> value = decode(equals < 0 ? "" : pair.substring(equals + 1));
      if (name.isEmpty() || value.isEmpty()) {
        return Optional.empty();
      }
      pairs.put(name.get(), value.get());
    }
    return Optional.of(pairs);
  }

  /**
   * Parses the bag of a telemetry topic, with or without a leading {@code ?} and a trailing slash;
   * empty if it is malformed.
   */
  static Optional<MessageProperties> parseTelemetry(String bag) {
    String text = bag.startsWith("?") ? bag.substring(1) : bag;
    text = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    if (text.isEmpty()) {
      return Optional.of(MessageProperties.NONE);
    }
    return parsePairs(text).map(PropertyBag::sort);
  }

  private static MessageProperties sort(Map<String, String> pairs) {
    Map<String, String> application = new LinkedHashMap<>();
    Map<String, String> system = new LinkedHashMap<>();
    pairs.forEach(
        (name, value) -> {
          String systemName = SYSTEM_NAMES.get(name);
          if (systemName != null) {
            system.put(systemName, value);
          } else if (!STAMPED_BY_HUBS.contains(name)) {
            application.put(name, value);
          }
        });
    return new MessageProperties(
        Collections.unmodifiableMap(application), Collections.unmodifiableMap(system));
  }

  /** Appends a pair, with name and value encoded. */
  static void append(StringBuilder bag, String name, String value) {
    if (bag.length() > 0) {
      bag.append('&');
    }
    encode(bag, name);
    bag.append('=');
    encode(bag, value);
  }

  private static void encode(StringBuilder out, String text) {
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if ((c >= 'a' && c <= 'z')
          || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9')
          || UNRESERVED.indexOf(c) >= 0) {
        out.append(c);
      } else {
        out.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      }
    }
  }

  /** Decodes percent escapes of either case; a plus stays a plus. */
  private static Optional<String> decode(String text) {
    if (text.indexOf('%') < 0) {
      return Optional.of(text);
    }
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer decoded = ByteBuffer.allocate(raw.length);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        decoded.put(raw[i]);
        continue;
      }
      int high = i + 2 <= raw.length - 1 ? Character.digit(raw[i + 1], 16) : -1;
      int low = i + 2 <= raw.length - 1 ? Character.digit(raw[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        return Optional.empty();
      }
      decoded.put((byte) (high * 16 + low));
      i += 2;
    }
    try {
      return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(decoded.flip()).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }
}
