package dev.fairlead;

/**
 * The five documented protocols from a device to the hub, in the order in which the hub's guidance
 * ranks them for a single device identity. Source: the IoT Hub developer guide, "Choose a device
 * communication protocol".
 */
public enum Protocol {
  /** MQTT 3.1.1 over TLS, port 8883. */
  MQTT,
  /** MQTT 3.1.1 over WebSockets, port 443. */
  MQTT_WS,
  /** AMQP 1.0 over TLS, port 5671. */
  AMQP,
  /** AMQP 1.0 over WebSockets, port 443. */
  AMQP_WS,
  /** HTTPS, port 443; the device asks for cloud-to-device messages, the hub does not push them. */
  HTTPS
}
