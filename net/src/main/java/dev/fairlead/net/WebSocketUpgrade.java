package dev.fairlead.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.fairlead.Endpoint;
import java.io.EOFException;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;

/** The opening handshake of a WebSocket. RFC 6455, section 4.1. */
final class WebSocketUpgrade {
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int HTTPS_PORT = 443;

  private final HostName host;
  private final Endpoint endpoint;
  private final WebSocketTarget target;
  private final SecureRandom random;

  WebSocketUpgrade(HostName host, Endpoint endpoint, WebSocketTarget target, SecureRandom random) {
    this.host = host;
    this.endpoint = endpoint;
    this.target = target;
    this.random = random;
  }

  /**
   * Sends the request and checks the answer.
   *
   * @throws dev.fairlead.UnreachableException if the server refuses, or the answer is not a
   *     WebSocket upgrade
   */
  void run(Connection connection) throws IOException {
    byte[] nonce = new byte[16];
    random.nextBytes(nonce);
    String key = Base64.getEncoder().encodeToString(nonce);
    connection.output().write(request(key).getBytes(US_ASCII));
    connection.output().flush();
    HttpHead answer;
    try {
      answer = HttpHead.read(connection.input());
    } catch (HttpHead.Malformed e) {
      throw UpgradeFailures.notHttp(endpoint, e);
    } catch (EOFException e) {
      throw UpgradeFailures.closed(endpoint, e);
    }
    if (answer.status() != 101) {
      throw UpgradeFailures.refused(endpoint, answer);
    }
    check(answer, key);
  }

  private String request(String key) {
    return "GET "
        + target.target()
        + " HTTP/1.1\r\nHost: "
        + host.authority()
        + (endpoint.port() == HTTPS_PORT ? "" : ":" + endpoint.port())
        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
        + key
        + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: "
        + target.subProtocol()
        + "\r\n\r\n";
  }

  /** RFC 6455, section 4.1, "validate the server's response", points 2 to 6. */
  private void check(HttpHead answer, String key) {
    if (!answer.lists("upgrade", "websocket") || !answer.lists("connection", "upgrade")) {
      throw UpgradeFailures.noWebSocket(endpoint, "it does not say that it changes to WebSocket");
    }
    if (!answer.values("sec-websocket-accept").equals(List.of(accept(key)))) {
      throw UpgradeFailures.noWebSocket(
          endpoint, "its Sec-WebSocket-Accept is not for this request");
    }
    if (!answer.values("sec-websocket-extensions").isEmpty()) {
      throw UpgradeFailures.noWebSocket(endpoint, "it uses an extension that was not offered");
    }
    List<String> chosen = answer.values("sec-websocket-protocol");
    // A server may omit its choice, as some do for AMQP; another choice is a refusal.
    if (!chosen.isEmpty() && !chosen.equals(List.of(target.subProtocol()))) {
      throw UpgradeFailures.noWebSocket(
          endpoint, "it chose another sub-protocol than " + target.subProtocol());
    }
  }

  private static String accept(String key) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      return Base64.getEncoder().encodeToString(sha1.digest((key + GUID).getBytes(ISO_8859_1)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-1.", e);
    }
  }
}
