package dev.fairlead.https;

import dev.fairlead.TelemetryMessage;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * Several messages in one body, {@code [{"body":"<base64>","base64Encoded":true,"properties":{…}},
 * …]}. IoT Hub REST reference, "Send Device Event"; limits: "Quotas and throttling".
 */
final class EventBatch {
  /** The most messages in one body. */
  static final int MAX_MESSAGES = 500;

  /** The most bytes of one body; a little below 256 KB, as the hub's own clients keep it. */
  static final int MAX_BYTES = 255 * 1024 - 1;

  /** The most bytes for what {@link #size} counts. */
  static final int MAX_CONTENT = MAX_BYTES - 1;

  private static final String BODY = "{\"body\":\"";
  private static final String ENCODED = "\",\"base64Encoded\":true";
  private static final String PROPERTIES = ",\"properties\":{";

  private EventBatch() {}

  /** What a message takes in a batch, one comma or bracket included. */
  static long size(TelemetryMessage message) {
    long size = BODY.length() + ENCODED.length() + 2 + (message.body().length + 2) / 3 * 4L;
    Map<String, String> fields = MessageFields.of(message);
    if (!fields.isEmpty()) {
      size += PROPERTIES.length();
      for (Map.Entry<String, String> field : fields.entrySet()) {
        size += 6 + length(field.getKey()) + length(field.getValue());
      }
    }
    return size;
  }

  private static int length(String text) {
    int length = text.length();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '"' || text.charAt(i) == '\\') {
        length++;
      }
    }
    return length;
  }

  /** Encodes messages whose fields are all printable ASCII. */
  static byte[] encode(List<TelemetryMessage> messages) {
    StringBuilder json = new StringBuilder((int) total(messages));
    json.append('[');
    for (TelemetryMessage message : messages) {
      if (json.length() > 1) {
        json.append(',');
      }
      json.append(BODY).append(Base64.getEncoder().encodeToString(message.body())).append(ENCODED);
      Map<String, String> fields = MessageFields.of(message);
      if (!fields.isEmpty()) {
        json.append(PROPERTIES);
        String separator = "";
        for (Map.Entry<String, String> field : fields.entrySet()) {
          text(json.append(separator), field.getKey());
          text(json.append(':'), field.getValue());
          separator = ",";
        }
        json.append('}');
      }
      json.append('}');
    }
    return json.append(']').toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static long total(List<TelemetryMessage> messages) {
    return 2 + messages.stream().mapToLong(EventBatch::size).sum();
  }

  private static void text(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\');
      }
      json.append(c);
    }
    json.append('"');
  }
}
