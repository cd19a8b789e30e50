package dev.fairlead;

/** What carries a protocol, above TLS. */
public enum Carrier {
  /** The TLS stream itself. */
  TCP,
  /** A WebSocket (RFC 6455) on port 443; passes HTTP proxies. */
  WEBSOCKET,
  /** HTTP requests; passes HTTP proxies. */
  HTTP
}
