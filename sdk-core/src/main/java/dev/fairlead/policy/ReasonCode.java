package dev.fairlead.policy;

/**
 * Why a route was skipped, or a note on one that was chosen. The names are stable: scripts and
 * support may match on them.
 *
 * <p>"Choose a protocol" below is the IoT Hub developer guide's page "Choose a device communication
 * protocol"; the other pages are named where a rule comes from them.
 */
public enum ReasonCode {
  /**
   * Several identities must share one TLS connection, and this route carries one. Choose a
   * protocol, "Field gateways".
   */
  MULTIPLEX,
  /**
   * A note: this route serves several identities with one connection each. Choose a protocol,
   * "Field gateways" (older texts: suboptimal).
   */
  ONE_PER_CONNECTION,
  /** Outbound port 8883 is blocked. Choose a protocol, "Network traversal". */
  PORT_8883,
  /** Outbound port 5671 is blocked. Choose a protocol, "Network traversal". */
  PORT_5671,
  /** Outbound port 443 is blocked. Choose a protocol, the table of ports. */
  PORT_443,
  /** An outbound port is blocked that is none of the hub's documented ones. */
  PORT_BLOCKED,
  /**
   * Only port 443 is open, or an HTTP proxy is mandatory, and this route cannot use it. Choose a
   * protocol, "Network traversal".
   */
  TRAVERSAL,
  /**
   * Direct methods or the twin are needed, and this route has none. Cloud-to-device communications
   * guidance, the comparison's row "Protocol".
   */
  NO_PUSH_FEATURE,
  /**
   * Cloud-to-device messages are wanted sooner than a polling device may ask for them, which is
   * once in 25 minutes. As a note: the always-on rule for a polled route. Choose a protocol,
   * "Cloud-to-device pattern".
   */
  POLL_25MIN,
  /**
   * The client's memory budget is under the threshold, and this route's libraries need more. Choose
   * a protocol, "Low-resource devices".
   */
  LOW_RESOURCE,
  /**
   * Abandoning or rejecting cloud-to-device messages is needed, and this route cannot. "Send
   * cloud-to-device messages": MQTT completes only.
   */
  MQTT_NO_REJECT,
  /**
   * A note: documents contradict each other on X.509 CA credentials over WebSockets and HTTPS, and
   * for file uploads. "Authenticate identities with X.509 certificates" once limited them to hubs
   * in preview mode; its version of January 2025 does not. The route ranks after all others that
   * push, and if the hub refuses the credential there, the next route is tried.
   */
  X509_CA_GA,
  /** No transport that offers this protocol is on the class path. */
  NOT_INSTALLED,
  /** A note: a transport is on the class path but cannot be loaded. */
  NOT_LOADED,
  /**
   * File upload needs HTTPS beside the chosen protocol, and port 443 is blocked. As a note: port
   * 443 must be open besides. "Upload files with IoT Hub".
   */
  UPLOAD_HTTPS,
  /**
   * QoS 2, retained messages or free topics are wanted; the hub is no general MQTT broker. MQTT
   * support page.
   */
  MQTT_LIMITED,
  /** A message over 256 KB. Quotas and throttling page. */
  SIZE,
  /**
   * A note: more identities than one connection carries, so several connections. The limits of 1000
   * (AMQP) and 500 (AMQP over WebSockets) are the device clients'.
   */
  MUX_LIMIT,
  /**
   * The basic tier has no cloud-to-device messages, twins or direct methods. "Choose the right IoT
   * Hub tier".
   */
  TIER,
  /**
   * A note: documents contradict each other on certificates on a WebSocket whose protocol can also
   * authenticate by token. Microsoft's Java client claims it since 2023; its maintainers saw about
   * half of such connections cut by the service. Ranked and tried as {@link #X509_CA_GA}.
   */
  X509_AMQP_WS,
  /**
   * A certificate is tied to its TLS connection, so identities with certificates cannot share one.
   * As a note: one connection per identity on a route that could otherwise share.
   */
  X509_MULTIPLEX,
  /** The application chose other protocols with {@code only(...)}. */
  NOT_WANTED,
  /**
   * Another needed capability that this route does not declare; none of the documented five lacks
   * one of these.
   */
  CAPABILITY,
  /**
   * A note: this route polls although others push, so it is taken only when those fail, and they
   * are tried again beside it. A client's first pass through the plan may end on it immediately;
   * after a session on a better route it takes 10 minutes and three failed passes.
   */
  LAST_RESORT,
  /** A note: the route failed a while ago and goes last until its time is up. */
  POSTPONED,
  /** A note: the configuration that the route's transport reports. */
  AS_SET_UP
}
