package dev.fairlead;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who connects: a device, or a module of a device.
 *
 * <p>Ids are case-sensitive, 1 to 128 characters of ASCII letters, digits and {@code - . _ : * ? !
 * ( ) , = @ ; $ ' % # +}. Source: IoT Hub developer guide, "Understand the identity registry".
 *
 * @param deviceId the device id
 * @param moduleId the module id, empty for the device itself
 */
public record DeviceIdentity(String deviceId, Optional<String> moduleId) {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9\\-._:*?!(),=@;$'%#+]{1,128}");

  /** Checks both ids against the hub's alphabet. */
  public DeviceIdentity {
    check("device id", deviceId);
    moduleId.ifPresent(id -> check("module id", id));
  }

  /**
   * The identity of a device.
   *
   * @param deviceId the device id
   * @return the identity
   * @throws IllegalArgumentException if the id is not one the hub accepts
   */
  public static DeviceIdentity device(String deviceId) {
    return new DeviceIdentity(deviceId, Optional.empty());
  }

  /**
   * The identity of a module.
   *
   * @param deviceId the id of its device
   * @param moduleId the module id
   * @return the identity
   * @throws IllegalArgumentException if an id is not one the hub accepts
   */
  public static DeviceIdentity module(String deviceId, String moduleId) {
    return new DeviceIdentity(deviceId, Optional.of(moduleId));
  }

  private static void check(String what, String id) {
    Objects.requireNonNull(id, what);
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException(
          "The "
              + what
              + " \""
              + id
              + "\" is not one the hub accepts: 1 to 128 ASCII letters, digits and - . _ : * ? ! ( ) , = @ ; $ ' % # +");
    }
  }

  /** The id as logs and MQTT write it: {@code device} or {@code device/module}. */
  @Override
  public String toString() {
    return moduleId.map(module -> deviceId + "/" + module).orElse(deviceId);
  }
}
