package dev.fairlead;

/**
 * A direct method that the cloud calls on this device. The caller waits at most 300 s, 30 s by
 * default. Source: IoT Hub developer guide, "Understand and invoke direct methods".
 *
 * @param name the method's name
 * @param payload the argument as JSON text; empty if the caller sent none. At most 128 KB
 */
public record MethodRequest(String name, String payload) {
  /** The name and the payload's length: the content is the application's business. */
  @Override
  public String toString() {
    return "MethodRequest[" + name + ", " + payload.length() + " characters]";
  }
}
