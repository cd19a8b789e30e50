package dev.fairlead.localhub.amqp;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.qpid.protonj2.types.Binary;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.messaging.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A decoded message from a client (AMQP 1.0, part 3, section 3.2).
 *
 * @param properties empty if the message has none
 * @param application its application properties, of any type
 * @param annotations its message annotations
 * @param data its data sections, in order
 * @param value the body if it is a value; null otherwise
 */
record Message(
    Properties properties,
    Map<String, Object> application,
    Map<Symbol, Object> annotations,
    List<byte[]> data,
    @Nullable Object value) {

  /** An annotation as text; null if it is missing or null. */
  @Nullable String annotation(Symbol name) {
    Object found = annotations.get(name);
    return found == null ? null : found.toString();
  }

  /** The bytes of the body: its data sections joined, or a value that is text or bytes. */
  byte[] body() {
    if (value instanceof String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    if (value instanceof Binary binary) {
      return binary.asByteArray();
    }
    if (data.size() == 1) {
      return data.get(0);
    }
    int length = 0;
    for (byte[] section : data) {
      length += section.length;
    }
    byte[] body = new byte[length];
    int at = 0;
    for (byte[] section : data) {
      System.arraycopy(section, 0, body, at, section.length);
      at += section.length;
    }
    return body;
  }

  /** The body as UTF-8 text. */
  String text() {
    return new String(body(), StandardCharsets.UTF_8);
  }
}
