package dev.fairlead.localhub.auth;

import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client's proof of its identity.
 *
 * @param token its SAS token, null or empty if it sent none
 * @param certificates the client certificate of the TLS handshake, followed by its issuers; empty
 *     if none
 * @param carrier what carries the protocol, which decides whether a certificate is accepted
 */
public record Credentials(
    @Nullable String token, List<X509Certificate> certificates, Carrier carrier) {
  /** The layer that carries a device's protocol. */
  public enum Carrier {
    /** MQTT or AMQP on TLS itself. */
    TLS,
    MQTT_WEB_SOCKET,
    AMQP_WEB_SOCKET,
    HTTPS
  }

  /** A token, which is accepted on every carrier. */
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
