package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.telemetry.MessageProperties;
import dev.fairlead.localhub.twin.HubTimestamps;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.qpid.protonj2.types.Binary;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.messaging.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The properties of a telemetry message under their service-side names (page "Create and read IoT
 * Hub messages").
 */
final class TelemetryMapping {

  private static final Map<String, String> SYSTEM_NAMES =
      Map.of(
          "iothub-message-schema", "iothub-message-schema",
          "iothub-creation-time-utc", "iothub-creation-time-utc",
          "iothub-outputname", "iothub-outputname");

  private static final Map<Symbol, String> ANNOTATIONS =
      Map.of(
          Symbol.valueOf("dt-subject"), "dt-subject",
          Symbol.valueOf("iothub-interface-id"), "iothub-interface-id",
          Symbol.valueOf("Diagnostic-Id"), "diagnostic-id",
          Symbol.valueOf("Correlation-Context"), "correlation-context");

  /** The sender of a message. Only a hub stamps it, so values from a device are ignored. */
  private static final Set<String> STAMPED_BY_HUBS =
      Set.of("iothub-connection-device-id", "iothub-connection-module-id");

  private TelemetryMapping() {}

  /** Reads the properties. Like the hub, it drops application properties that are not text. */
  static MessageProperties of(Message message) {
    Map<String, String> application = new LinkedHashMap<>();
    Map<String, String> system = new LinkedHashMap<>();
    readProperties(message.properties(), system);
    message
        .application()
        .forEach(
            (name, value) -> {
              String systemName = SYSTEM_NAMES.get(name);
              if (!(value instanceof String text) || STAMPED_BY_HUBS.contains(name)) {
                return;
              }
              if (systemName == null) {
                application.put(name, text);
              } else {
                system.put(systemName, text);
              }
            });
    message
        .annotations()
        .forEach(
            (name, value) -> {
              String systemName = ANNOTATIONS.get(name);
              if (systemName != null && value != null) {
                system.put(systemName, value.toString());
              }
            });
    return application.isEmpty() && system.isEmpty()
        ? MessageProperties.NONE
        : new MessageProperties(
            Collections.unmodifiableMap(application), Collections.unmodifiableMap(system));
  }

  private static void readProperties(Properties properties, Map<String, String> system) {
    put(system, "message-id", properties.getMessageId());
    put(system, "correlation-id", properties.getCorrelationId());
    Binary user = properties.getUserId();
    if (user != null) {
      system.put("user-id", new String(user.asByteArray(), StandardCharsets.UTF_8));
    }
    put(system, "to", properties.getTo());
    put(system, "content-type", properties.getContentType());
    put(system, "content-encoding", properties.getContentEncoding());
    if (properties.hasAbsoluteExpiryTime()) {
      system.put(
          "absolute-expiry-time",
          HubTimestamps.print(Instant.ofEpochMilli(properties.getAbsoluteExpiryTime())));
    }
    if (properties.hasCreationTime()) {
      system.put(
          "iothub-creation-time-utc",
          HubTimestamps.print(Instant.ofEpochMilli(properties.getCreationTime())));
    }
  }

  private static void put(Map<String, String> system, String name, @Nullable Object value) {
    if (value != null) {
      system.put(name, value.toString());
    }
  }
}
