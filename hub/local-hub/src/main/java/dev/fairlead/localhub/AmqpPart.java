package dev.fairlead.localhub;

/**
 * The parts of an AMQP connection that a fault can end. Requests go from the device to the hub and
 * answers the other way; with direct methods, the hub calls and the device answers.
 */
public enum AmqpPart {
  /** The connection with everything on it. */
  CONNECTION,
  /** The session with the links of the identity. */
  SESSION,
  /** The link on which tokens are put. */
  CBS_REQUESTS,
  /** The link on which the hub answers tokens. */
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
