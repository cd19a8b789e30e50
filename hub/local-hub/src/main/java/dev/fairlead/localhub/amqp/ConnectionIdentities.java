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
 * Whom a connection may speak for: those for whom it has put tokens; the one of its SASL PLAIN
 * user; the one of its client certificate. Used on the connection's thread only.
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
   * @param certificates what the client has shown in the TLS handshake
   * @param limit for how many identities tokens may be put
   */
  ConnectionIdentities(
      HubCore hub, Supplier<List<X509Certificate>> certificates, Carrier carrier, int limit) {
    this.hub = hub;
    this.certificates = certificates;
    this.carrier = carrier;
    this.limit = limit;
  }

  /** Whether the client has shown a certificate. */
  boolean hasCertificate() {
    return !certificates.get().isEmpty();
  }

  /**
   * A SASL PLAIN user wants in.
   *
   * @return what is wrong with it; empty if nothing
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

  /** A token is put. */
  Access put(String host, IdentityId id, String token) {
    if (!byToken.containsKey(id) && byToken.size() >= limit) {
      return new Access.Refused(
          TOO_MANY,
          "the connection has tokens for " + limit + " identities, as many as it can have");
    }
    Access access = hub.authenticator().authenticate(host, id, Credentials.ofToken(token));
    if (access instanceof Access.Granted granted) {
      byToken.put(id, granted);
    }
    return access;
  }

  /** Forgets a token: a fault has refused it after all. */
  void revoke(IdentityId id) {
    byToken.remove(id);
  }

  /** Whether an identity is here by a token of its own. */
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
          : new Access.Refused(401002, "its SASL user is another one");
    }
    List<X509Certificate> chain = certificates.get();
    return chain.isEmpty()
        ? new Access.Refused(401002, "no token was put for it on this connection")
        : byCertificate(id, chain);
  }

  /** A certificate speaks for one identity, also where another one is registered with it too. */
  private Access byCertificate(IdentityId id, List<X509Certificate> chain) {
    IdentityId first = byCertificate;
    if (first != null && !first.equals(id)) {
      return new Access.Refused(
          401002, "the connection's certificate speaks for '" + first + "' already");
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
    return over ? new Access.Refused(401003, "its token has run out") : granted;
  }

  private Duration grace() {
    return hub.options().undocumented().expiryGrace();
  }
}
