package dev.fairlead.auth;

import dev.fairlead.Secret;
import dev.fairlead.spi.Credential;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * How an identity authenticates during the life of its client: it yields a {@link Credential} for
 * every session, and a fresh one before the last expires. Safe for any thread.
 *
 * <p>An application's own implementation must keep the contract of {@link #issue}; for most needs a
 * {@link TokenSource} or a {@link Signer} is less work.
 */
public interface Credentials {
  /** The lifetime of a token unless another is given: 60 minutes, as all clients of IoT Hub do. */
  Duration DEFAULT_LIFETIME = Duration.ofMinutes(60);

  /**
   * The shortest lifetime of a token: one minute. With less, the token may expire before the
   * connection that shows it is open (a slow route takes tens of seconds, clocks differ by more),
   * and on MQTT each renewal is a reconnect.
   */
  Duration SHORTEST_LIFETIME = Duration.ofMinutes(1);

  /**
   * The longest lifetime of a token: 365 days. The hub sets no bound, but a token cannot be revoked
   * without changing the key, so one that leaks is valid until it expires.
   */
  Duration LONGEST_LIFETIME = Duration.ofDays(365);

  /**
   * Yields a fresh credential. Called on a thread of the client; may block. Does not limit how long
   * the application's code may take; the client does that, and makes one call at a time.
   *
   * <p>A credential that seems expired, or not valid yet, is yielded nevertheless: this machine's
   * clock may be wrong, and the hub decides by its own clock.
   *
   * @param audience whom it is for
   * @param now the time by the client's clock
   * @return completes with a credential, from any thread; or fails with a {@link
   *     dev.fairlead.UnauthorizedException} with {@link dev.fairlead.Progress#NOT_SENT} whose
   *     message says why there is none. The client then waits and asks again; it never treats this
   *     as a refusal by the hub
   */
  CompletionStage<Credential> issue(Audience audience, Instant now);

  /**
   * The kind of credential it yields, always the same.
   *
   * @return the kind
   */
  CredentialKind kind();

  /**
   * Whether asking again can yield a credential that lasts longer.
   *
   * @return false for a fixed token and for a certificate
   */
  boolean renewable();

  /**
   * Whether, and how, the client looks for another certificate while a session is open.
   *
   * @return empty for tokens and for a certificate that stays
   */
  default Optional<CertificateRotation> rotation() {
    return Optional.empty();
  }

  /**
   * Tokens of 60 minutes, signed with the identity's own key.
   *
   * @param key the primary or secondary key, in base64
   * @return the credentials
   * @throws IllegalArgumentException if the key is empty or not base64; the message says where, and
   *     nothing of the key
   */
  static Credentials sharedAccessKey(Secret key) {
    return sharedAccessKey(key, DEFAULT_LIFETIME);
  }

  /**
   * Tokens of a given lifetime, signed with the identity's own key.
   *
   * @param key the primary or secondary key, in base64
   * @param lifetime of each token, 1 minute to 365 days
   * @return the credentials
   * @throws IllegalArgumentException if the key is not base64 or the lifetime out of range
   */
  static Credentials sharedAccessKey(Secret key, Duration lifetime) {
    return sharedAccessKey(key, Optional.empty(), lifetime);
  }

  /**
   * Tokens signed with the key of a hub policy, which needs the permission <i>DeviceConnect</i>. A
   * device that holds such a key can pose as every device of the hub: prefer its own.
   *
   * @param key the policy's key, in base64
   * @param policyName the policy, empty for the identity's own key
   * @param lifetime of each token, 1 minute to 365 days
   * @return the credentials
   * @throws IllegalArgumentException if the key is not base64, the name blank or the lifetime out
   *     of range
   */
  static Credentials sharedAccessKey(Secret key, Optional<String> policyName, Duration lifetime) {
    return new SignedTokens("shared access key", new SharedAccessKey(key), policyName, lifetime);
  }

  /**
   * One ready-made token. After its expiry, which is read from it, the client cannot connect any
   * more.
   *
   * @param token the whole token, {@code SharedAccessSignature sr=…&sig=…&se=…}
   * @return the credentials
   * @throws IllegalArgumentException if it is not a token; the message says why, and nothing of it
   */
  static Credentials fixedToken(Secret token) {
    return new FixedToken(SasToken.parse(token));
  }

  /**
   * Tokens that the application fetches.
   *
   * @param source where they come from
   * @return the credentials
   */
  static Credentials tokens(TokenSource source) {
    return new FetchedTokens(source);
  }

  /**
   * Tokens made here and signed elsewhere, by something that does not reveal the key.
   *
   * @param signer what signs
   * @param lifetime of each token, 1 minute to 365 days
   * @return the credentials
   * @throws IllegalArgumentException if the lifetime is out of range
   */
  static Credentials signer(Signer signer, Duration lifetime) {
    Objects.requireNonNull(signer, "signer");
    return new SignedTokens("signer", signer, Optional.empty(), lifetime);
  }

  /**
   * A TLS client certificate. It is shown regardless of its dates; if the hub refuses it, the
   * client's state names the certificate that is out of date by this machine's clock.
   *
   * @param certificate the certificate with its key
   * @return the credentials
   */
  static Credentials certificate(ClientCertificate certificate) {
    return new PresentedCertificate(Objects.requireNonNull(certificate, "certificate"));
  }

  /**
   * TLS client certificates that are replaced while the client runs, with the default {@link
   * CertificateRotation}.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param source where they come from
   * @return the credentials
   * @throws IllegalArgumentException if the kind is that of tokens
   */
  static Credentials certificates(CredentialKind kind, CertificateSource source) {
    return certificates(kind, source, CertificateRotation.defaults());
  }

  /**
   * TLS client certificates that are replaced while the client runs. The source is asked again and
   * again. When it yields another certificate, the session is drained and closed and one with the
   * new certificate is opened. A certificate that cannot be loaded or that the hub refuses changes
   * nothing: the one before it stays in use, and the connection's state says why.
   *
   * @param kind {@link CredentialKind#X509_THUMBPRINT} or {@link CredentialKind#X509_CA}
   * @param source where they come from
   * @param rotation how often the source is asked, and when the session is replaced
   * @return the credentials
   * @throws IllegalArgumentException if the kind is that of tokens
   */
  static Credentials certificates(
      CredentialKind kind, CertificateSource source, CertificateRotation rotation) {
    if (kind == CredentialKind.SHARED_ACCESS) {
      throw new IllegalArgumentException(
          "A client certificate is registered by its thumbprint or under a CA: give"
              + " X509_THUMBPRINT or X509_CA.");
    }
    return new LoadedCertificates(
        kind, Objects.requireNonNull(source, "source"), Optional.of(rotation));
  }

  /**
   * Whether credentials are issued by this library alone, from a key, a token or a certificate in
   * memory: then issuing runs no code of the application and waits for nothing.
   *
   * @param credentials any
   * @return false for a token source, a signer, and implementations of an application's own
   */
  static boolean areLocal(Credentials credentials) {
    return credentials instanceof FixedToken
        || credentials instanceof PresentedCertificate
        || (credentials instanceof SignedTokens tokens
            && tokens.signer() instanceof SharedAccessKey);
  }
}
