package dev.fairlead.tck;

import dev.fairlead.SystemProperty;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A message as stored by the hub. Immutable. */
public final class ReceivedTelemetry {
  private final byte[] body;
  private final Map<String, String> properties;
  private final Map<SystemProperty, String> systemProperties;

  /**
   * Created by a harness.
   *
   * @param body the bytes; not copied
   * @param properties the application properties
   * @param systemProperties those that the device set and the hub keeps
   */
  public ReceivedTelemetry(
      byte[] body, Map<String, String> properties, Map<SystemProperty, String> systemProperties) {
    this.body = body;
    this.properties = Map.copyOf(properties);
    this.systemProperties = Map.copyOf(systemProperties);
  }

  /**
   * The body.
   *
   * @return the array itself, not a copy
   */
  public byte[] body() {
    return body;
  }

  /**
   * The body read as UTF-8.
   *
   * @return the text
   */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /**
   * The application properties.
   *
   * @return an unmodifiable map
   */
  public Map<String, String> properties() {
    return properties;
  }

  /**
   * The system properties that the device set.
   *
   * @return an unmodifiable map
   */
  public Map<SystemProperty, String> systemProperties() {
    return systemProperties;
  }

  @Override
  public String toString() {
    return "ReceivedTelemetry[" + body.length + " bytes]";
  }
}
