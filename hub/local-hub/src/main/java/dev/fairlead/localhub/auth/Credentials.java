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
 */
public record Credentials(@Nullable String token, List<X509Certificate> certificates) {
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
