package dev.fairlead.policy;

/**
 * Why a route was skipped, or what has to be known about one that was chosen. The names are stable:
 * scripts and support may match on them.
 *
 * <p>"Choose a protocol" below is the IoT Hub developer guide's page "Choose a device communication
 * protocol"; the other pages are named where a rule comes from them.
 */
public enum ReasonCode {
  /**
   * F1: several identities must share one TLS connection, and this route carries one. Choose a
   * protocol, "Field gateways".
   */
  MULTIPLEX,
  /**
   * F1b, a note: this route serves several identities with one connection each. Choose a protocol,
   * "Field gateways" (older texts: suboptimal).
   */
  ONE_PER_CONNECTION,
  /** F2: outbound port 8883 is blocked. Choose a protocol, "Network traversal". */
  PORT_8883,
  /** F3: outbound port 5671 is blocked. Choose a protocol, "Network traversal". */
  PORT_5671,
  /** F5: outbound port 443 is blocked. Choose a protocol, the table of ports. */
  PORT_443,
  /** F2, F3 and F5 for a port that is none of the hub's documented ones. */
  PORT_BLOCKED,
  /**
   * F4: only port 443 is open, or an HTTP proxy stands before the hub, and this route does not pass
   * it. Choose a protocol, "Network traversal".
   */
  TRAVERSAL,
  /**
   * F6: direct methods or the twin are needed, and this route has none. Cloud-to-device
   * communications guidance, the comparison's row "Protocol".
   */
  NO_PUSH_FEATURE,
  /**
   * F7: cloud-to-device messages are wanted sooner than a polling device may ask for them, which is
   * once in 25 minutes. As a note: the always-on rule for a polled route. Choose a protocol,
   * "Cloud-to-device pattern".
   */
  POLL_25MIN,
  /**
   * F8: the client's memory budget is under the threshold, and this route's libraries need more.
   * Choose a protocol, "Low-resource devices".
   */
  LOW_RESOURCE,
  /**
   * F9: abandoning or rejecting cloud-to-device messages is needed, and this route cannot. "Send
   * cloud-to-device messages": MQTT completes only.
   */
  MQTT_NO_REJECT,
  /**
   * F10, a note: documents contradict each other on X.509 CA credentials over WebSockets and HTTPS,
   * and for file uploads. "Authenticate identities with X.509 certificates" once limited them to
   * hubs in preview mode; its version of January 2025 does not. The route ranks after all others
   * that push, and if the hub refuses the credential there, the next route is tried.
   */
  X509_CA_GA,
  /** F11: no transport that offers this protocol is on the class path. */
  NOT_INSTALLED,
  /** A note: a transport is on the class path and cannot be loaded. */
  NOT_LOADED,
  /**
   * F12: file upload needs HTTPS beside the chosen protocol, and port 443 is blocked. As a note:
   * port 443 must be open besides. "Upload files with IoT Hub".
   */
  UPLOAD_HTTPS,
  /**
   * F13: QoS 2, retained messages or free topics are wanted; the hub is no general MQTT broker.
   * MQTT support page.
   */
  MQTT_LIMITED,
  /** F14: a message over 256 KB. Quotas and throttling page. */
  SIZE,
  /**
   * F15, a note: more identities than one connection carries, so several connections. The limits of
   * 1000 (AMQP) and 500 (AMQP over WebSockets) are the device clients'.
   */
  MUX_LIMIT,
  /**
   * F16: the basic tier has no cloud-to-device messages, twins or direct methods. "Choose the right
   * IoT Hub tier".
   */
  TIER,
  /**
   * F17, a note: documents contradict each other on certificates on a WebSocket whose protocol can
   * also authenticate by token. Microsoft's Java client claims it since 2023; its maintainers saw
   * about half of such connections cut by the service. Ranked and tried as {@link #X509_CA_GA}.
   */
  X509_AMQP_WS,
  /**
   * F17: a certificate belongs to the TLS connection, so identities with certificates cannot share
   * one. As a note: one connection per identity on a route that could otherwise share.
   */
  X509_MULTIPLEX,
  /** The application said {@code only(...)} and left this protocol out. */
  NOT_WANTED,
  /**
   * Another needed capability that this route does not declare; none of the documented five lacks
   * one of these.
   */
  CAPABILITY,
  /**
   * A note: this route polls although others push, so it is taken only when those fail, and they
   * are tried again beside it. A client's first walk through the plan may end on it at once; after
   * a session on a better route it takes 10 minutes and three walks that failed.
   */
  LAST_RESORT,
  /** A note: the route failed a while ago and goes last until its time is up. */
  POSTPONED,
  /** A note: how the route's transport says that it is set up. */
  AS_SET_UP
}
