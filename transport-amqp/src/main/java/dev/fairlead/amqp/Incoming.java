package dev.fairlead.amqp;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A received message: its plain values, with text, symbols and binary as {@link String} or {@code
 * byte[]}, whole numbers as {@link Long}, times as {@link java.time.Instant}. Lists, maps and
 * arrays inside a message mean nothing to a device and are left out.
 *
 * @param properties by their place in the section, see {@link #MESSAGE_ID} and on
 * @param annotations by name
 * @param applicationProperties by name, in order of arrival
 * @param body the Data sections one after another, or the text of a value
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record Incoming(
    @Nullable Object[] properties,
    Map<String, Object> annotations,
    Map<String, Object> applicationProperties,
    byte[] body) {
  // [AMQP 3.2.4]
  static final int MESSAGE_ID = 0;
  static final int USER_ID = 1;
  static final int TO = 2;
  static final int CORRELATION_ID = 5;
  static final int CONTENT_TYPE = 6;
  static final int CONTENT_ENCODING = 7;
  static final int ABSOLUTE_EXPIRY_TIME = 8;
  static final int CREATION_TIME = 9;

  @Nullable Object property(int place) {
    return place < properties.length ? properties[place] : null;
  }

  String bodyText() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** A plain value as text. */
  static String text(Object value) {
    return value instanceof byte[] binary
        ? new String(binary, StandardCharsets.UTF_8)
        : value.toString();
  }

  /** A whole number of any encoding; null for other values. */
  static @Nullable Long number(@Nullable Object value) {
    if (value instanceof Long number) {
      return number;
    }
    try {
      return value instanceof String text ? Long.valueOf(text) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** Sizes only: a message's content is the application's business. */
  @Override
  public String toString() {
    return "Incoming[" + body.length + " bytes]";
  }
}
