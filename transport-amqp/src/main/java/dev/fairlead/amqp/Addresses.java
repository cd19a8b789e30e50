package dev.fairlead.amqp;

import dev.fairlead.DeviceIdentity;
import java.util.Optional;

/**
 * The addresses of the links of one identity. Ids are in them unencoded. IoT Hub: "Communicate with
 * your IoT hub by using the AMQP protocol", device client.
 *
 * @param telemetry of the sender
 * @param cloudMessages of the receiver
 * @param twin of both links
 * @param methods of both links
 */
record Addresses(String telemetry, String cloudMessages, String twin, String methods) {
  static Addresses of(DeviceIdentity identity, Optional<PlainBroker> broker) {
    String path = path(identity);
    return new Addresses(
        broker
            .map(plain -> plain.telemetryAddress().replace("{id}", identity.toString()))
            .orElse(path + "/messages/events"),
        broker
            .map(plain -> plain.receiveAddress().replace("{id}", identity.toString()))
            .orElse(path + "/messages/devicebound"),
        path + "/twin",
        path + "/methods/devicebound");
  }

  /** The audience of a token. IoT Hub: the same page, "Claims-based security". */
  static String audience(String hubHost, DeviceIdentity identity) {
    return hubHost + path(identity);
  }

  private static String path(DeviceIdentity identity) {
    return "/devices/"
        + identity.deviceId()
        + identity.moduleId().map(module -> "/modules/" + module).orElse("");
  }
}
