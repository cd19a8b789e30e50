package dev.fairlead.mqtt;

import dev.fairlead.SystemProperty;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Message properties as the end of a topic: {@code name=value&name=value}, each percent-encoded
 * UTF-8, system properties under short names with a dollar sign. IoT Hub: "Communicate with your
 * IoT hub using the MQTT protocol".
 *
 * @param system the system properties
 * @param application all others, in order of arrival
 */
record PropertyBag(Map<SystemProperty, String> system, Map<String, String> application) {
  private static final Map<SystemProperty, String> NAMES = new EnumMap<>(SystemProperty.class);
  private static final Map<String, SystemProperty> BY_NAME = new HashMap<>();
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  static {
    NAMES.put(SystemProperty.MESSAGE_ID, "$.mid");
    NAMES.put(SystemProperty.CORRELATION_ID, "$.cid");
    NAMES.put(SystemProperty.USER_ID, "$.uid");
    NAMES.put(SystemProperty.TO, "$.to");
    NAMES.put(SystemProperty.EXPIRY, "$.exp");
    NAMES.put(SystemProperty.CONTENT_TYPE, "$.ct");
    NAMES.put(SystemProperty.CONTENT_ENCODING, "$.ce");
    NAMES.put(SystemProperty.CREATION_TIME, "$.ctime");
    NAMES.put(SystemProperty.OUTPUT_NAME, "$.on");
    NAMES.put(SystemProperty.COMPONENT, "$.sub");
    NAMES.put(SystemProperty.ACK, "iothub-ack");
    NAMES.forEach((property, name) -> BY_NAME.put(name, property));
  }

  /** Reads a bag. Never fails: text that cannot be decoded is kept unchanged. */
  static PropertyBag decode(String text) {
    int from = text.startsWith("?") ? 1 : 0;
    int to = text.endsWith("/") ? text.length() - 1 : text.length();
    Map<SystemProperty, String> system = new LinkedHashMap<>();
    Map<String, String> application = new LinkedHashMap<>();
    while (from < to) {
      int end = text.indexOf('&', from);
      if (end < 0 || end > to) {
        end = to;
      }
      if (end > from) {
        int equals = text.indexOf('=', from);
        boolean valued = equals >= from && equals < end;
        String name = decodeText(text.substring(from, valued ? equals : end));
        String value = valued ? decodeText(text.substring(equals + 1, end)) : "";
        SystemProperty property = BY_NAME.get(name);
        if (property != null) {
          system.put(property, value);
        } else {
          application.put(name, value);
        }
      }
      from = end + 1;
    }
    return new PropertyBag(system, application);
  }

  /** Writes a bag, system properties first. */
  static void encode(
      StringBuilder out, Map<SystemProperty, String> system, Map<String, String> application) {
    int start = out.length();
    for (Map.Entry<SystemProperty, String> property : system.entrySet()) {
      String name = NAMES.get(property.getKey());
      if (name != null) {
        separate(out, start).append(name).append('=');
        encodeText(out, property.getValue());
      }
    }
    for (Map.Entry<String, String> property : application.entrySet()) {
      encodeText(separate(out, start), property.getKey());
      out.append('=');
      encodeText(out, property.getValue());
    }
  }

  /** The length of what {@link #encode} writes, without writing it. */
  static int encodedLength(Map<SystemProperty, String> system, Map<String, String> application) {
    int length = 0;
    for (Map.Entry<SystemProperty, String> property : system.entrySet()) {
      String name = NAMES.get(property.getKey());
      if (name != null) {
        length += 2 + name.length() + encodedLength(property.getValue());
      }
    }
    for (Map.Entry<String, String> property : application.entrySet()) {
      length += 2 + encodedLength(property.getKey()) + encodedLength(property.getValue());
    }
    return Math.max(0, length - 1);
  }

  private static StringBuilder separate(StringBuilder out, int start) {
    return out.length() == start ? out : out.append('&');
  }

  /** Percent-encodes all but RFC 3986's unreserved characters. */
  static void encodeText(StringBuilder out, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (unreserved(c)) {
        out.append(c);
      } else if (c < 0x80) {
        escape(out, c);
      } else {
        int end = isPair(text, i) ? i + 2 : i + 1;
        for (byte b : text.substring(i, end).getBytes(StandardCharsets.UTF_8)) {
          escape(out, b & 0xff);
        }
        i = end - 1;
      }
    }
  }

  private static int encodedLength(String text) {
    int length = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (unreserved(c)) {
        length++;
      } else if (c < 0x80) {
        length += 3;
      } else if (c < 0x800) {
        length += 6;
      } else if (isPair(text, i)) {
        length += 12;
        i++;
      } else {
        // Half a pair is sent as one question mark.
        length += Character.isSurrogate(c) ? 3 : 9;
      }
    }
    return length;
  }

  private static boolean isPair(String text, int at) {
    return at + 1 < text.length()
        && Character.isSurrogatePair(text.charAt(at), text.charAt(at + 1));
  }

  private static void escape(StringBuilder out, int octet) {
    out.append('%').append(HEX[octet >> 4]).append(HEX[octet & 15]);
  }

  private static boolean unreserved(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.'
        || c == '_'
        || c == '~';
  }

  /**
   * Undoes percent-encoding; a text with a malformed escape, or that is not UTF-8, stays unchanged.
   */
  static String decodeText(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer decoded = ByteBuffer.allocate(raw.length);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        decoded.put(raw[i]);
        continue;
      }
      int high = i + 1 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
      int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        return text;
      }
      decoded.put((byte) ((high << 4) | low));
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(decoded.flip()).toString();
    } catch (CharacterCodingException e) {
      return text;
    }
  }
}
