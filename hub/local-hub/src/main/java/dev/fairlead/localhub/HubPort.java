package dev.fairlead.localhub;

/** The ports of a local hub; each can be taken away alone. */
public enum HubPort {
  /** MQTT over TLS, 8883 in the cloud. */
  MQTT,
  /** AMQP over TLS, 5671 in the cloud. */
  AMQP,
  /** What runs over WebSockets, told apart by sub-protocol, 443 in the cloud. */
  HTTPS
}
