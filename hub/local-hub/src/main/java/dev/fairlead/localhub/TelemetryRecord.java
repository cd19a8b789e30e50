package dev.fairlead.localhub;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One telemetry message as the hub has stored it. Immutable. */
public final class TelemetryRecord {

  private final long sequence;
  private final String deviceId;
  private final @Nullable String moduleId;
  private final byte[] body;
  private final Map<String, String> properties;
  private final Map<String, String> systemProperties;
  private final Instant enqueuedAt;

  /** Created by the hub; the body and the maps are not copied. */
  public TelemetryRecord(
      long sequence,
      String deviceId,
      @Nullable String moduleId,
      byte[] body,
      Map<String, String> properties,
      Map<String, String> systemProperties,
      Instant enqueuedAt) {
    this.sequence = sequence;
    this.deviceId = deviceId;
    this.moduleId = moduleId;
    this.body = body;
    this.properties = properties;
    this.systemProperties = systemProperties;
    this.enqueuedAt = enqueuedAt;
  }

  /** The hub-wide sequence number, from 1 upwards without gaps. */
  public long sequence() {
    return sequence;
  }

  /** The device that sent it. */
  public String deviceId() {
    return deviceId;
  }

  /** The module that sent it; empty for the device itself. */
  public Optional<String> moduleId() {
    return Optional.ofNullable(moduleId);
  }

  /** A copy of the body. */
  public byte[] body() {
    return body.clone();
  }

  /** The body as UTF-8 text. */
  public String bodyAsText() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** The size of the body in bytes. */
  public int bodySize() {
    return body.length;
  }

  /**
   * The application properties in the order of their arrival; a property without a value is the
   * empty string. Unmodifiable.
   */
  public Map<String, String> properties() {
    return properties;
  }

  /**
   * The system properties under their service-side names: {@code message-id}, {@code
   * correlation-id}, {@code user-id}, {@code content-type}, {@code content-encoding}, {@code
   * iothub-creation-time-utc}, …, and those that the hub adds: {@code iothub-connection-device-id},
   * {@code iothub-connection-module-id}, {@code iothub-connection-auth-method}, {@code
   * iothub-connection-auth-generation-id}, {@code iothub-message-source}. The time of arrival is
   * {@link #enqueuedAt}. Unmodifiable.
   */
  public Map<String, String> systemProperties() {
    return systemProperties;
  }

  /** When the hub stored it. */
  public Instant enqueuedAt() {
    return enqueuedAt;
  }

  @Override
  public String toString() {
    return "TelemetryRecord[#"
        + sequence
        + " from "
        + deviceId
        + (moduleId == null ? "" : "/" + moduleId)
        + ", "
        + body.length
        + " bytes]";
  }
}
