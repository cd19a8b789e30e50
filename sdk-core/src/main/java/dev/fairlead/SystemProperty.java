package dev.fairlead;

/**
 * The properties of a message that the hub itself defines. Each protocol writes them in its own
 * way. Source: IoT Hub developer guide, "System properties of D2C / C2D IoT Hub messages".
 */
public enum SystemProperty {
  /** Set by the sender; for request and reply. */
  MESSAGE_ID,
  /** The message id that this one answers. */
  CORRELATION_ID,
  /** Who made the message. */
  USER_ID,
  /** Where a C2D message was sent to. */
  TO,
  /** When a C2D message expires, ISO 8601 in UTC. */
  EXPIRY,
  /** The body's media type. */
  CONTENT_TYPE,
  /** The body's encoding. */
  CONTENT_ENCODING,
  /** When the message was made, ISO 8601 in UTC. */
  CREATION_TIME,
  /** The feedback that the sender of a C2D message wants: none, positive, negative, full. */
  ACK,
  /** The output of a module. */
  OUTPUT_NAME,
  /** The Plug and Play component (dt-subject). */
  COMPONENT,
  /** When the hub put a C2D message into its queue, ISO 8601 in UTC. */
  ENQUEUED_TIME,
  /** How often a C2D message was delivered. */
  DELIVERY_COUNT,
  /** The number of a C2D message in its queue. */
  SEQUENCE_NUMBER
}
