package dev.fairlead.net;

/**
 * What to request of a server in the WebSocket upgrade.
 *
 * @param target path and query, beginning with a slash, in printable ASCII
 * @param subProtocol the one sub-protocol offered, an HTTP token
 */
public record WebSocketTarget(String target, String subProtocol) {
  /** Checks that both can be part of a request. */
  public WebSocketTarget {
    if (!target.startsWith("/") || !target.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "A WebSocket's target begins with a slash and is printable ASCII, not \""
              + target
              + "\".");
    }
    if (subProtocol.isEmpty() || !subProtocol.chars().allMatch(HttpHead::isTokenCharacter)) {
      throw new IllegalArgumentException(
          "A sub-protocol is an HTTP token, not \"" + subProtocol + "\".");
    }
  }
}
