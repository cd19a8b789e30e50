package dev.fairlead.amqp;

import dev.fairlead.Secret;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The security layer under AMQP. AMQP 1.0, part 5, section 5.3. It does not authenticate the
 * device: tokens go over the CBS links, certificates are shown in the TLS handshake.
 */
public final class Sasl {
  private static final Sasl NONE = new Sasl("", null, null);

  private final String mechanism;
  private final @Nullable String user;
  private final @Nullable Secret password;

  private Sasl(String mechanism, @Nullable String user, @Nullable Secret password) {
    this.mechanism = mechanism;
    this.user = user;
    this.password = password;
  }

  /**
   * No layer: AMQP begins right after TLS.
   *
   * @return the choice
   */
  public static Sasl none() {
    return NONE;
  }

  /**
   * ANONYMOUS: no identity.
   *
   * @return the choice
   */
  public static Sasl anonymous() {
    return new Sasl("ANONYMOUS", null, null);
  }

  /**
   * EXTERNAL: the identity of the TLS client certificate.
   *
   * @return the choice
   */
  public static Sasl external() {
    return new Sasl("EXTERNAL", null, null);
  }

  /**
   * PLAIN: a name and a password, for a plain broker.
   *
   * @param user the name
   * @param password the password
   * @return the choice
   */
  public static Sasl plain(String user, Secret password) {
    return new Sasl(
        "PLAIN",
        Objects.requireNonNull(user, "user"),
        Objects.requireNonNull(password, "password"));
  }

  /** Empty for no layer. */
  Optional<String> mechanism() {
    return mechanism.isEmpty() ? Optional.empty() : Optional.of(mechanism);
  }

  Optional<String> user() {
    return Optional.ofNullable(user);
  }

  Optional<Secret> password() {
    return Optional.ofNullable(password);
  }

  /** The mechanism only. */
  @Override
  public String toString() {
    return mechanism.isEmpty() ? "no SASL" : "SASL " + mechanism;
  }
}
