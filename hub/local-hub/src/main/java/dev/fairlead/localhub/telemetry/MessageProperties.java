package dev.fairlead.localhub.telemetry;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The properties of a telemetry message.
 *
 * @param application under the device's names; unmodifiable
 * @param system under their service-side names; unmodifiable
 */
public record MessageProperties(Map<String, String> application, Map<String, String> system) {

  /** No properties. */
  public static final MessageProperties NONE = new MessageProperties(Map.of(), Map.of());

  /**
   * The bytes that count towards the size of the message: values of system properties, names and
   * values of application properties.
   */
  public int size() {
    int size = 0;
    for (String value : system.values()) {
      size += value.getBytes(StandardCharsets.UTF_8).length;
    }
    for (Map.Entry<String, String> property : application.entrySet()) {
      size += property.getKey().getBytes(StandardCharsets.UTF_8).length;
      size += property.getValue().getBytes(StandardCharsets.UTF_8).length;
    }
    return size;
  }
}
