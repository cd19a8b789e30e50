package dev.fairlead.https;

import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import java.util.List;
import java.util.Map;

/**
 * Several messages in one body, {@code [{"body":"<base64>","base64Encoded":true,"properties":{…}},
 * …]}. IoT Hub REST reference, "Send Device Event"; limits: "Quotas and throttling".
 */
final class TelemetryBatch {
  /** The most messages in one body. */
  static final int MAX_MESSAGES = 500;

  /** The most bytes of one body; a little below 256 KB, as in the hub's official clients. */
  static final int MAX_BYTES = 255 * 1024 - 1;

  /** The most bytes as counted by {@link #size}. */
  static final int MAX_CONTENT = MAX_BYTES - 1;

  private static final String BODY = "{\"body\":\"";
  private static final String ENCODED = "\",\"base64Encoded\":true";
  private static final String PROPERTIES = ",\"properties\":{";
  private static final byte[] BASE64 = new byte[64];

  static {
    for (int i = 0; i < 26; i++) {
      BASE64[i] = (byte) ('A' + i);
      BASE64[26 + i] = (byte) ('a' + i);
    }
    for (int i = 0; i < 10; i++) {
      BASE64[52 + i] = (byte) ('0' + i);
    }
    BASE64[62] = '+';
    BASE64[63] = '/';
  }

  private final byte[] out;
  private int at;

  private TelemetryBatch(int length) {
    out = new byte[length];
  }

  /** The size of a message in a batch, including one comma or bracket. Allocates nothing. */
  static long size(TelemetryMessage message) {
    long size = BODY.length() + ENCODED.length() + 2 + (message.body().length + 2) / 3 * 4L;
    Map<SystemProperty, String> system = message.systemProperties();
    Map<String, String> application = message.properties();
    if (system.isEmpty() && application.isEmpty()) {
      return size;
    }
    size += PROPERTIES.length();
    for (Map.Entry<SystemProperty, String> field : system.entrySet()) {
      size += 6 + MessageFields.name(field.getKey()).length() + escaped(field.getValue());
    }
    for (Map.Entry<String, String> field : application.entrySet()) {
      size +=
          6
              + MessageFields.APPLICATION.length()
              + escaped(field.getKey())
              + escaped(field.getValue());
    }
    return size;
  }

  private static int escaped(String text) {
    int length = text.length();
    for (int i = 0; i < text.length(); i++) {
      if (isEscaped(text.charAt(i))) {
        length++;
      }
    }
    return length;
  }

  private static boolean isEscaped(char c) {
    return c == '"' || c == '\\';
  }

  /** Encodes events whose fields are all printable ASCII. */
  static byte[] encode(List<DeviceEvent> events) {
    long size = 1;
    for (DeviceEvent event : events) {
      size += event.batchSize();
    }
    TelemetryBatch batch = new TelemetryBatch(Math.toIntExact(size));
    batch.put('[');
    for (DeviceEvent event : events) {
      if (batch.at > 1) {
        batch.put(',');
      }
      batch.event(event);
    }
    batch.put(']');
    return batch.out;
  }

  private void event(DeviceEvent event) {
    put(BODY);
    base64(event.message().body());
    put(ENCODED);
    if (!event.fields().isEmpty()) {
      put(PROPERTIES);
      String separator = "";
      for (Map.Entry<String, String> field : event.fields().entrySet()) {
        put(separator);
        quoted(field.getKey());
        put(':');
        quoted(field.getValue());
        separator = ",";
      }
      put('}');
    }
    put('}');
  }

  private void quoted(String text) {
    put('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isEscaped(c)) {
        put('\\');
      }
      put(c);
    }
    put('"');
  }

  private void put(String text) {
    for (int i = 0; i < text.length(); i++) {
      put(text.charAt(i));
    }
  }

  private void put(char c) {
    out[at++] = (byte) c;
  }

  /** Encoded in place, because the platform's encoder would need another array. */
  private void base64(byte[] body) {
    int i = 0;
    for (; i + 2 < body.length; i += 3) {
      int bits = (body[i] & 0xff) << 16 | (body[i + 1] & 0xff) << 8 | (body[i + 2] & 0xff);
      out[at++] = BASE64[bits >>> 18];
      out[at++] = BASE64[bits >>> 12 & 63];
      out[at++] = BASE64[bits >>> 6 & 63];
      out[at++] = BASE64[bits & 63];
    }
    int left = body.length - i;
    if (left > 0) {
      int bits = (body[i] & 0xff) << 16 | (left == 2 ? (body[i + 1] & 0xff) << 8 : 0);
      out[at++] = BASE64[bits >>> 18];
      out[at++] = BASE64[bits >>> 12 & 63];
      out[at++] = left == 2 ? BASE64[bits >>> 6 & 63] : (byte) '=';
      out[at++] = '=';
    }
  }
}
