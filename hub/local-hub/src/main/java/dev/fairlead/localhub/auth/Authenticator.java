package dev.fairlead.localhub.auth;

import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.UndocumentedBehavior;
import dev.fairlead.localhub.auth.Credentials.Carrier;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.registry.IdentityId;
import dev.fairlead.localhub.registry.Registry;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** Decides which identity a client may connect as. Immutable; safe for use by several threads. */
public final class Authenticator {

  private static final int UNAUTHORIZED = 401003;
  private static final int HUB_NOT_FOUND = 401001;
  private static final int DEVICE_NOT_FOUND = 404001;

  private final String hostName;
  private final Registry registry;
  private final Map<String, SharedAccessPolicy> policies;
  private final X509Certificate ca;
  private final HubTime time;
  private final UndocumentedBehavior undocumented;

  /** Creates the authenticator of one hub. */
  public Authenticator(
      String hostName,
      Registry registry,
      Map<String, SharedAccessPolicy> policies,
      X509Certificate ca,
      HubTime time,
      UndocumentedBehavior undocumented) {
    this.hostName = hostName;
    this.registry = registry;
    this.policies = Map.copyOf(policies);
    this.ca = ca;
    this.time = time;
    this.undocumented = undocumented;
  }

  /**
   * Decides on one client.
   *
   * @param host the host name the client names, which must be the hub's
   * @param id the identity it claims
   * @param credentials what it presents as proof
   */
  public Access authenticate(String host, IdentityId id, Credentials credentials) {
    if (!hostName.equalsIgnoreCase(host)) {
      return new Access.Refused(
          HUB_NOT_FOUND,
          "the client names the hub '" + host + "', but this one is '" + hostName + "'");
    }
    Optional<HubDevice> found = registry.find(id);
    if (found.isEmpty()) {
      return new Access.Refused(DEVICE_NOT_FOUND, "the identity does not exist; create it first");
    }
    HubDevice device = found.get();
    // Read before the credentials, so that attaching with this number fails if they change in
    // between.
    long generation = device.accessGeneration();
    if (!device.isEnabled() || !registry.isParentEnabled(id)) {
      return new Access.Refused(DEVICE_NOT_FOUND, "the identity is disabled");
    }
    String token = credentials.token();
    return token == null || token.isEmpty()
        ? byCertificate(device, generation, credentials)
        : byToken(device, generation, token);
  }

  private Access byToken(HubDevice device, long generation, String text) {
    Optional<SasToken> parsed = SasToken.parse(text);
    if (parsed.isEmpty()) {
      return refuse("the password is not a SAS token (SharedAccessSignature sr=…&sig=…&se=…)");
    }
    SasToken token = parsed.get();
    if (token.expiry().plus(undocumented.clockTolerance()).isBefore(time.now())) {
      return refuse("the SAS token expired at " + token.expiry() + " and it is now " + time.now());
    }
    if (!token.covers(hostName, device.resourcePath())) {
      return refuse(
          "the scope of the SAS token does not cover " + hostName + device.resourcePath());
    }
    if (token.policy().isPresent()) {
      return byPolicy(device, generation, token, token.policy().get());
    }
    if (isSignedFor(device, token)) {
      String scope = device.id().module().isPresent() ? "module" : "device";
      return new Access.Granted(
          device, generation, method(scope, "sas"), Optional.of(token.expiry()));
    }
    return refuse(
        device.auth() instanceof DeviceAuth.SymmetricKeys
            ? "the signature of the SAS token matches neither the primary nor the secondary key"
            : "the client sent a SAS token, but the identity authenticates by certificate");
  }

  private boolean isSignedFor(HubDevice device, SasToken token) {
    if (isSignedByKeyOf(device, token)) {
      return true;
    }
    return undocumented.deviceKeyOpensModules()
        && device.id().module().isPresent()
        && registry
            .find(IdentityId.ofDevice(device.id().device()))
            .filter(parent -> isSignedByKeyOf(parent, token))
            .isPresent();
  }

  private static boolean isSignedByKeyOf(HubDevice device, SasToken token) {
    return device.auth() instanceof DeviceAuth.SymmetricKeys keys
        && (token.isSignedBy(keys.primary()) || token.isSignedBy(keys.secondary()));
  }

  private Access byPolicy(HubDevice device, long generation, SasToken token, String name) {
    SharedAccessPolicy policy = policies.get(name);
    if (policy == null) {
      return refuse("the hub has no policy '" + name + "'");
    }
    if (!policy.rights().contains(SharedAccessPolicy.Right.DEVICE_CONNECT)) {
      return new Access.Refused(401002, "the policy '" + name + "' lacks DeviceConnect");
    }
    if (!token.isSignedBy(policy.key())) {
      return refuse(
          "the signature of the SAS token does not match the key of the policy '" + name + "'");
    }
    return new Access.Granted(
        device, generation, method("hub", "sas"), Optional.of(token.expiry()));
  }

  private Access byCertificate(HubDevice device, long generation, Credentials credentials) {
    List<X509Certificate> chain = credentials.certificates();
    if (chain.isEmpty()) {
      return refuse("the client sent neither a SAS token nor a client certificate");
    }
    DeviceAuth auth = device.auth();
    if (auth instanceof DeviceAuth.SymmetricKeys) {
      return refuse(
          "the client sent a client certificate, but the identity authenticates by SAS token");
    }
    Optional<String> carrierTrouble = carrierTrouble(auth, credentials.carrier());
    if (carrierTrouble.isPresent()) {
      return refuse(carrierTrouble.get());
    }
    Optional<String> trouble =
        auth instanceof DeviceAuth.Thumbprint expected
            ? thumbprintTrouble(expected, chain.get(0))
            : caTrouble(device.id(), chain);
    if (trouble.isPresent()) {
      return refuse(trouble.get());
    }
    String scope = device.id().module().isPresent() ? "module" : "device";
    return new Access.Granted(device, generation, method(scope, "x509"), Optional.empty());
  }

  /**
   * The documentation contradicts itself on the carriers over which the cloud accepts certificates.
   */
  private Optional<String> carrierTrouble(DeviceAuth auth, Carrier carrier) {
    if (carrier == Carrier.AMQP_WEB_SOCKET && !undocumented.amqp().certificatesOverWebSockets()) {
      return Optional.of(
          "the cloud may not accept client certificates on AMQP over WebSockets; to accept them"
              + " here, set certificatesOverWebSockets(true) of UndocumentedAmqpBehavior");
    }
    if (carrier != Carrier.TLS
        && !(auth instanceof DeviceAuth.Thumbprint)
        && !undocumented.caCertificatesOnPort443()) {
      return Optional.of(
          "the cloud may not accept CA-signed certificates over WebSockets and HTTPS; to"
              + " accept them here, set caCertificatesOnPort443(true) of UndocumentedBehavior");
    }
    return Optional.empty();
  }

  private static Optional<String> thumbprintTrouble(
      DeviceAuth.Thumbprint expected, X509Certificate shown) {
    String sha1 = DeviceAuth.Thumbprint.sha1(shown);
    String sha256 = DeviceAuth.Thumbprint.sha256(shown);
    for (String wanted : List.of(expected.primary(), expected.secondary())) {
      if (wanted.equalsIgnoreCase(sha1) || wanted.equalsIgnoreCase(sha256)) {
        return Optional.empty();
      }
    }
    return Optional.of(
        "the thumbprint does not match: the client certificate has SHA1Hash="
            + sha1
            + ", SHA2Hash="
            + sha256
            + "; configured are "
            + expected.primary()
            + " and "
            + expected.secondary());
  }

  private Optional<String> caTrouble(IdentityId id, List<X509Certificate> shown) {
    try {
      String name = commonName(shown.get(0));
      if (!id.toString().equals(name)) {
        return Optional.of("the common name of its certificate is '" + name + "', not its id");
      }
      // The client may send the anchor too, but a path must not contain it.
      List<X509Certificate> path =
          shown.stream().filter(certificate -> !certificate.equals(ca)).toList();
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(ca, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(time.now()));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.of("its certificate is not a valid one of the hub's CA: " + e.getMessage());
    }
  }

  private static String commonName(X509Certificate certificate) {
    try {
      for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (rdn.getType().equalsIgnoreCase("CN") && rdn.getValue() instanceof String name) {
          return name;
        }
      }
      return "";
    } catch (InvalidNameException e) {
      return "";
    }
  }

  private static Access refuse(String reason) {
    return new Access.Refused(UNAUTHORIZED, reason);
  }

  /** The text of {@code iothub-connection-auth-method}, as the hub stamps it on telemetry. */
  private static String method(String scope, String type) {
    return "{\"scope\":\""
        + scope
        + "\",\"type\":\""
        + type
        + "\",\"issuer\":\"iothub\",\"acceptingIpFilterRule\":null}";
  }
}
