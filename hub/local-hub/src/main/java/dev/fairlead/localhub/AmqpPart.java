package dev.fairlead.localhub;

/**
 * What an AMQP connection is made of, as faults name it. Requests go from the device to the hub,
 * answers the other way, but for direct methods, where the hub calls and the device answers.
 */
public enum AmqpPart {
  /** The connection with everything on it. */
  CONNECTION,
  /** The session with the links of the identity. */
  SESSION,
  /** The link on which tokens are put. */
  CBS_REQUESTS,
  /** The link on which the hub says what became of a token. */
  CBS_ANSWERS,
  /** The link for telemetry. */
  TELEMETRY,
  /** The link for C2D messages. */
  CLOUD_MESSAGES,
  /** The link for messages to the inputs of a module. */
  MODULE_INPUTS,
  /** The link for twin requests. */
  TWIN_REQUESTS,
  /** The link for twin answers and desired properties. */
  TWIN_ANSWERS,
  /** The link for calls of direct methods. */
  METHOD_CALLS,
  /** The link for the device's answers to calls. */
  METHOD_ANSWERS
}
