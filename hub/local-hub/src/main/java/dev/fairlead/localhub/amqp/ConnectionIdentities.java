package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.auth.Access;
import dev.fairlead.localhub.auth.Credentials;
import dev.fairlead.localhub.auth.Credentials.Carrier;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.registry.IdentityId;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The identities that a connection has authenticated: those of its tokens, that of its SASL PLAIN
 * user, and that of its client certificate. Used on the connection's thread only.
 */
final class ConnectionIdentities {

  /** The limit is reached (403005, IotHubMaxCbsTokenExceeded). */
  static final int TOO_MANY = 403005;

  private final HubCore hub;
  private final Supplier<List<X509Certificate>> certificates;
  private final Carrier carrier;
  private final int limit;
  private final Map<IdentityId, Access.Granted> byToken = new HashMap<>();
  private @Nullable PlainUser plain;
  private @Nullable IdentityId byCertificate;

  /**
   * @param certificates the client's certificates from the TLS handshake
   * @param limit the maximum number of identities with tokens
   */
  ConnectionIdentities(
      HubCore hub, Supplier<List<X509Certificate>> certificates, Carrier carrier, int limit) {
    this.hub = hub;
    this.certificates = certificates;
    this.carrier = carrier;
    this.limit = limit;
  }

  /** Whether the client has a certificate. */
  boolean hasCertificate() {
    return !certificates.get().isEmpty();
  }

  /**
   * Authenticates a SASL PLAIN user.
   *
   * @return why the user is refused; empty if accepted
   */
  String authenticate(PlainUser user) {
    IdentityId id = user.id();
    if (id != null
        && authenticate(id, Credentials.ofToken(user.token())) instanceof Access.Refused refused) {
      return "for '" + id + "' " + refused.reason() + " (" + refused.code() + ")";
    }
    plain = user; // A policy's token is checked with each link, when the identity is known.
    return "";
  }

  /** Checks and stores a token. */
  Access put(String host, IdentityId id, String token) {
    if (!byToken.containsKey(id) && byToken.size() >= limit) {
      return new Access.Refused(
          TOO_MANY, "the connection has tokens for " + limit + " identities, which is the limit");
    }
    Access access = hub.authenticator().authenticate(host, id, Credentials.ofToken(token));
    if (access instanceof Access.Granted granted) {
      byToken.put(id, granted);
    }
    return access;
  }

  /** Removes a token, because a fault has refused it. */
  void revoke(IdentityId id) {
    byToken.remove(id);
  }

  /** Whether an identity has put its own token. */
  boolean isByToken(IdentityId id) {
    return byToken.containsKey(id);
  }

  /** Whether this connection may attach a link of an identity. */
  Access forLinkOf(IdentityId id) {
    Access.Granted granted = byToken.get(id);
    if (granted != null) {
      return stillValid(granted);
    }
    PlainUser user = plain;
    if (user != null) {
      return user.mayBe(id)
          ? authenticate(id, Credentials.ofToken(user.token()))
          : new Access.Refused(401002, "the SASL user of the connection is another identity");
    }
    List<X509Certificate> chain = certificates.get();
    return chain.isEmpty()
        ? new Access.Refused(401002, "no token was put for it on this connection")
        : byCertificate(id, chain);
  }

  /**
   * A certificate authenticates one identity of a connection, even if others are registered with
   * it.
   */
  private Access byCertificate(IdentityId id, List<X509Certificate> chain) {
    IdentityId first = byCertificate;
    if (first != null && !first.equals(id)) {
      return new Access.Refused(
          401002, "the connection's certificate already authenticates '" + first + "'");
    }
    Access access = authenticate(id, new Credentials(null, chain, carrier));
    if (access instanceof Access.Granted) {
      byCertificate = id;
    }
    return access;
  }

  private Access authenticate(IdentityId id, Credentials credentials) {
    return hub.authenticator().authenticate(hub.options().hostName(), id, credentials);
  }

  private Access stillValid(Access.Granted granted) {
    Instant now = hub.time().now();
    boolean over = granted.expiry().filter(end -> end.plus(grace()).isBefore(now)).isPresent();
    return over ? new Access.Refused(401003, "its token has expired") : granted;
  }

  private Duration grace() {
    return hub.options().undocumented().expiryGrace();
  }
}
