package dev.fairlead.localhub.telemetry;

import dev.fairlead.localhub.registry.IdentityId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who sends telemetry on a connection, and what the hub therefore stamps on it.
 *
 * @param id the identity
 * @param stamps system properties that all its messages get
 */
public record TelemetryOrigin(IdentityId id, Map<String, String> stamps) {

  /**
   * The origin of a connection.
   *
   * @param generationId that of the identity
   * @param authMethod how it has authenticated, as JSON text
   * @param modelId the model it has announced, if any
   */
  public static TelemetryOrigin of(
      IdentityId id, String generationId, String authMethod, @Nullable String modelId) {
    Map<String, String> stamps = new LinkedHashMap<>();
    stamps.put("iothub-connection-device-id", id.device());
    id.module().ifPresent(module -> stamps.put("iothub-connection-module-id", module));
    stamps.put("iothub-connection-auth-method", authMethod);
    stamps.put("iothub-connection-auth-generation-id", generationId);
    stamps.put("iothub-message-source", "Telemetry");
    if (modelId != null) {
      stamps.put("dt-dataschema", modelId);
    }
    return new TelemetryOrigin(id, Collections.unmodifiableMap(stamps));
  }
}
