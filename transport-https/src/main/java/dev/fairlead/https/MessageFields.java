package dev.fairlead.https;

import dev.fairlead.SystemProperty;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.https.http.Ascii;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import okhttp3.Headers;

/**
 * Message properties as header fields, and as {@code properties} of a batch, which have the same
 * names. IoT Hub REST reference; developer guide, "Create and read IoT Hub messages".
 */
final class MessageFields {
  /** The prefix of an application property's name. */
  static final String APPLICATION = "iothub-app-";

  /** Web servers accept 16 KB of header fields in all, including the token. */
  private static final int MOST_IN_HEADER = 8 * 1024;

  private static final Map<SystemProperty, String> NAMES = new EnumMap<>(SystemProperty.class);
  private static final Map<String, SystemProperty> BY_NAME = new HashMap<>();

  static {
    NAMES.put(SystemProperty.MESSAGE_ID, "iothub-messageid");
    NAMES.put(SystemProperty.CORRELATION_ID, "iothub-correlationid");
    NAMES.put(SystemProperty.USER_ID, "iothub-userid");
    NAMES.put(SystemProperty.TO, "iothub-to");
    NAMES.put(SystemProperty.EXPIRY, "iothub-expiry");
    NAMES.put(SystemProperty.CONTENT_TYPE, "iothub-contenttype");
    NAMES.put(SystemProperty.CONTENT_ENCODING, "iothub-contentencoding");
    NAMES.put(SystemProperty.CREATION_TIME, "iothub-creation-time-utc");
    NAMES.put(SystemProperty.ACK, "iothub-ack");
    NAMES.put(SystemProperty.OUTPUT_NAME, "iothub-outputname");
    NAMES.put(SystemProperty.COMPONENT, "dt-subject");
    NAMES.put(SystemProperty.ENQUEUED_TIME, "iothub-enqueuedtime");
    NAMES.put(SystemProperty.DELIVERY_COUNT, "iothub-deliverycount");
    NAMES.put(SystemProperty.SEQUENCE_NUMBER, "iothub-sequencenumber");
    NAMES.forEach((property, name) -> BY_NAME.put(name, property));
  }

  private MessageFields() {}

  /** The name of a system property on HTTPS. */
  static String name(SystemProperty property) {
    return Objects.requireNonNull(NAMES.get(property));
  }

  /** All properties by their names on HTTPS, system properties first. */
  static Map<String, String> of(TelemetryMessage message) {
    Map<String, String> fields = new LinkedHashMap<>();
    message.systemProperties().forEach((property, value) -> fields.put(name(property), value));
    message.properties().forEach((name, value) -> fields.put(APPLICATION + name, value));
    return fields;
  }

  /** Why HTTPS cannot carry these properties, empty if it can. */
  static Optional<String> obstacle(Map<String, String> fields) {
    for (Map.Entry<String, String> field : fields.entrySet()) {
      if (!Ascii.isPrintable(field.getValue())) {
        return Optional.of(
            "The value of "
                + field.getKey()
                + " has characters other than printable ASCII, which HTTPS does not carry. Encode it,"
                + " put it into the body, or use an MQTT or AMQP route.");
      }
    }
    return Optional.empty();
  }

  /**
   * Whether header fields carry these properties unharmed: their names differ in more than case, no
   * value has white space at an end (RFC 9110, section 5.5), and there is room for all.
   */
  static boolean fitHeader(Map<String, String> fields) {
    Map<String, String> names = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    int size = 0;
    for (Map.Entry<String, String> field : fields.entrySet()) {
      String value = field.getValue();
      size += field.getKey().length() + value.length() + 4;
      if (value.startsWith(" ")
          || value.endsWith(" ")
          || names.put(field.getKey(), value) != null) {
        return false;
      }
    }
    return size <= MOST_IN_HEADER;
  }

  /** The application properties of a cloud-to-device message. */
  static Map<String, String> application(Headers headers) {
    Map<String, String> properties = new LinkedHashMap<>();
    for (int i = 0; i < headers.size(); i++) {
      String name = headers.name(i);
      if (name.regionMatches(true, 0, APPLICATION, 0, APPLICATION.length())) {
        properties.put(name.substring(APPLICATION.length()), headers.value(i));
      }
    }
    return properties;
  }

  /** Its system properties. */
  static Map<SystemProperty, String> system(Headers headers) {
    Map<SystemProperty, String> properties = new EnumMap<>(SystemProperty.class);
    for (int i = 0; i < headers.size(); i++) {
      SystemProperty property = BY_NAME.get(headers.name(i).toLowerCase(Locale.ROOT));
      if (property != null) {
        properties.put(property, headers.value(i));
      }
    }
    return properties;
  }
}
