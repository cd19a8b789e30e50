package dev.fairlead.localhub.web;

import dev.fairlead.localhub.https.MessageRules;
import dev.fairlead.localhub.https.MessageRules.Violation;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The hub's answer to an HTTP request for a WebSocket upgrade (RFC 6455, 4.2). */
sealed interface UpgradeAnswer {

  /** The sub-protocol that carries MQTT. */
  String MQTT = "mqtt";

  /** The sub-protocol that carries AMQP. */
  String AMQP = "AMQPWSB10";

  /**
   * The request is valid.
   *
   * @param certificateIgnored whether a client certificate is ignored
   * @param subProtocol the protocol to carry
   */
  record Accepted(boolean certificateIgnored, String subProtocol) implements UpgradeAnswer {}

  /**
   * The request is refused.
   *
   * @param status the HTTP status
   * @param reason what is wrong and what to do, for the body
   * @param headers further headers of the answer
   */
  record Refused(HttpResponseStatus status, String reason, Map<String, String> headers)
      implements UpgradeAnswer {

    Refused(HttpResponseStatus status, String reason) {
      this(status, reason, Map.of());
    }
  }

  /** Whether a request is for a WebSocket, or cannot be read. */
  static boolean concerns(HttpRequest request) {
    String target = originForm(request.uri());
    int query = target.indexOf('?');
    return request.decoderResult().isFailure()
        || isPath(query < 0 ? target : target.substring(0, query));
  }

  /**
   * Decides on a request that {@link #concerns} WebSockets, before its body, which must be empty,
   * arrives.
   */
  static UpgradeAnswer to(HttpRequest request) {
    Optional<Violation> violation = MessageRules.check(request);
    if (violation.isPresent()) {
      return new Refused(violation.get().status(), violation.get().reason());
    }
    if (!request.method().equals(HttpMethod.GET)) {
      return new Refused(
          HttpResponseStatus.METHOD_NOT_ALLOWED,
          "A WebSocket handshake must use GET.",
          Map.of("Allow", "GET"));
    }
    Refused refused = handshake(request.headers());
    if (refused != null) {
      return refused;
    }
    if (HttpUtil.isTransferEncodingChunked(request)
        || HttpUtil.getContentLength(request, 0L) != 0) {
      return badRequest("A WebSocket handshake must have no body.");
    }
    // IoT Hub: with this query no client certificate is requested; all other parameters are
    // ignored.
    String target = originForm(request.uri());
    int query = target.indexOf('?');
    boolean certificateIgnored =
        query >= 0
            && List.of(target.substring(query + 1).split("&", -1))
                .contains("iothub-no-client-cert=true");
    List<String> offered = offered(request.headers());
    return new Accepted(certificateIgnored, offered.contains(MQTT) ? MQTT : AMQP);
  }

  /** Without scheme and host, which some clients send as if to a proxy (RFC 9112, 3.2.2). */
  private static String originForm(String target) {
    int scheme = target.startsWith("/") ? -1 : target.indexOf("://");
    int path = scheme < 0 ? -1 : target.indexOf('/', scheme + 3);
    return path < 0 ? target : target.substring(path);
  }

  private static boolean isPath(String path) {
    // Some HTTP clients escape the dollar sign, which means the same in a path.
    return path.equals("/$iothub/websocket") || path.equals("/%24iothub/websocket");
  }

  private static @Nullable Refused handshake(HttpHeaders headers) {
    if (!headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
        || !headers.containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
      // RFC 9110, 15.5.22
      return new Refused(
          HttpResponseStatus.UPGRADE_REQUIRED,
          "This path is for WebSockets: send 'Connection: Upgrade' and 'Upgrade: websocket'.",
          Map.of("Upgrade", "websocket"));
    }
    List<String> versions = headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_VERSION);
    if (!versions.equals(List.of("13"))) {
      // RFC 6455, 4.4
      return new Refused(
          HttpResponseStatus.UPGRADE_REQUIRED,
          "This hub supports version 13 of WebSockets: send 'Sec-WebSocket-Version: 13'.",
          Map.of("Upgrade", "websocket", "Sec-WebSocket-Version", "13"));
    }
    List<String> keys = headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_KEY);
    if (keys.size() != 1 || !isKey(keys.get(0))) {
      return badRequest("Send one Sec-WebSocket-Key: 16 random bytes in base64.");
    }
    List<String> offered = offered(headers);
    return offered.contains(MQTT) || offered.contains(AMQP)
        ? null
        : badRequest(
            "None of the sub-protocols is supported. Send 'Sec-WebSocket-Protocol: mqtt' or"
                + " 'AMQPWSB10'.");
  }

  private static boolean isKey(String key) {
    try {
      return Base64.getDecoder().decode(key.trim()).length == 16;
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
  }

  private static List<String> offered(HttpHeaders headers) {
    List<String> offered = new ArrayList<>();
    for (String line : headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL)) {
      for (String name : line.split(",", -1)) {
        offered.add(name.trim());
      }
    }
    return offered;
  }

  private static Refused badRequest(String reason) {
    return new Refused(HttpResponseStatus.BAD_REQUEST, reason);
  }
}
