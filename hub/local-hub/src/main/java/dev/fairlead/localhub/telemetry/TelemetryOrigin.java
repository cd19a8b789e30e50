package dev.fairlead.localhub.telemetry;

import dev.fairlead.localhub.registry.IdentityId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sender of a connection's telemetry, and the properties that the hub stamps on it.
 *
 * @param id the identity
 * @param stamps system properties of all its messages
 */
public record TelemetryOrigin(IdentityId id, Map<String, String> stamps) {

  /**
   * The origin of a connection.
   *
   * @param generationId the generation id of the identity
   * @param authMethod how the identity has authenticated, as JSON text
   * @param modelId the digital twin model, if any
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
