package dev.fairlead.localhub;

/** The ports of a local hub; each can be taken offline alone. */
public enum HubPort {
  /** MQTT over TLS, 8883 in the cloud. */
  MQTT,
  /** AMQP over TLS, 5671 in the cloud. */
  AMQP,
  /** HTTPS and everything over WebSockets, distinguished by the sub-protocol; 443 in the cloud. */
  HTTPS
}
