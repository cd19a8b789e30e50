package dev.fairlead.localhub.auth;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client shows to prove who it is.
 *
 * @param token its SAS token, null or empty if it sent none
 * @param certificates the client certificate it showed in the TLS handshake and what came with it;
 *     empty if none
 * @param carrier what carries the protocol, which decides whether a certificate counts
 */
public record Credentials(
    @Nullable String token, List<X509Certificate> certificates, Carrier carrier) {
  /** What carries a device's protocol. */
  public enum Carrier {
    /** MQTT or AMQP on TLS itself. */
    TLS,
    MQTT_WEB_SOCKET,
    AMQP_WEB_SOCKET,
    HTTPS
  }

  /** A token, whose worth does not depend on the carrier. */
  public static Credentials ofToken(String token) {
    return new Credentials(token, List.of(), Carrier.TLS);
  }

  /** Hides the token. */
  @Override
  public String toString() {
    return "Credentials["
        + (token == null ? "no token" : "a token")
        + ", "
        + certificates.size()
        + " certificates]";
  }
}
