package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.auth.SasToken;
import dev.fairlead.localhub.registry.IdentityId;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The user of SASL PLAIN: {@code {d}@sas.{hub}}, {@code {d}/modules/{m}@sas.{hub}}, or a hub
 * policy, {@code {policy}@sas.root.{hub}}, with a SAS token as password; the hub's name has no
 * domain (page "Control access to IoT Hub with shared access signatures").
 *
 * @param id the identity; null for a policy
 * @param policy the policy; null for an identity
 * @param token the SAS token
 */
record PlainUser(@Nullable IdentityId id, @Nullable String policy, String token) {

  /** Parses the initial response (RFC 4616); empty if it does not have this form. */
  static Optional<PlainUser> parse(byte[] response, String hostName) {
    String[] parts = new String(response, StandardCharsets.UTF_8).split("\0", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    int dot = hostName.indexOf('.');
    String hub = dot < 0 ? hostName : hostName.substring(0, dot);
    String user = parts[1];
    String token = parts[2];
    Optional<String> policy = before(user, "@sas.root." + hub);
    if (policy.isPresent()) {
      boolean fits =
          SasToken.parse(token).flatMap(SasToken::policy).filter(policy.get()::equals).isPresent();
      return fits ? Optional.of(new PlainUser(null, policy.get(), token)) : Optional.empty();
    }
    return before(user, "@sas." + hub)
        .flatMap(name -> IdentityId.parse(name.replaceFirst("/modules/", "/")))
        .map(id -> new PlainUser(id, null, token));
  }

  private static Optional<String> before(String text, String end) {
    int length = text.length() - end.length();
    return length > 0 && text.regionMatches(true, length, end, 0, end.length())
        ? Optional.of(text.substring(0, length))
        : Optional.empty();
  }

  /** Whether it may attach links of an identity; a policy may, if its token covers it. */
  boolean mayBe(IdentityId wanted) {
    return id == null || id.equals(wanted);
  }

  /** Hides the token. */
  @Override
  public String toString() {
    return "PlainUser[" + (id == null ? policy : id) + "]";
  }
}
