package dev.fairlead.amqp;

/**
 * The addresses of a plain AMQP 1.0 broker used instead of a hub. In each, {@code {id}} is replaced
 * by the identity as logs write it ({@code device} or {@code device/module}).
 *
 * @param telemetryAddress where telemetry goes
 * @param receiveAddress where messages to the device come from
 */
public record PlainBroker(String telemetryAddress, String receiveAddress) {
  /** Checks that there is something to attach to. */
  public PlainBroker {
    if (telemetryAddress.isBlank() || receiveAddress.isBlank()) {
      throw new IllegalArgumentException("An address on a broker is not blank.");
    }
  }
}
