package dev.fairlead.auth;

import dev.fairlead.spi.Credential;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Tokens made here and signed by a key in this process or elsewhere. */
record SignedTokens(String whom, Signer signer, Optional<String> policyName, Duration lifetime)
    implements Credentials {
  private static final int HMAC_SHA256_BYTES = 32;

  SignedTokens {
    if (lifetime.compareTo(SHORTEST_LIFETIME) < 0 || lifetime.compareTo(LONGEST_LIFETIME) > 0) {
      throw new IllegalArgumentException(
          "A token may live from "
              + SHORTEST_LIFETIME
              + " to "
              + LONGEST_LIFETIME.toDays()
              + " days, not "
              + lifetime
              + ".");
    }
    if (policyName.isPresent() && policyName.get().isBlank()) {
      throw new IllegalArgumentException(
          "The policy name is blank; leave it empty for a device's own key.");
    }
  }

  @Override
  public CompletionStage<Credential> issue(Audience audience, Instant now) {
    String resource = audience.resource();
    Instant expiry = now.plus(lifetime);
    byte[] input = SasToken.signingInput(resource, expiry);
    return Question.ask(
        "The " + whom,
        () -> signer.sign(input),
        signature -> {
          if (signature.length != HMAC_SHA256_BYTES) {
            throw new IllegalArgumentException(
                "An HMAC-SHA256 has "
                    + HMAC_SHA256_BYTES
                    + " bytes, this signature "
                    + signature.length
                    + ".");
          }
          SasToken token = SasToken.signed(resource, policyName, expiry, signature);
          return new Credential.Token(token.text(), token.expiry());
        });
  }

  @Override
  public CredentialKind kind() {
    return CredentialKind.SHARED_ACCESS;
  }

  @Override
  public boolean renewable() {
    return true;
  }

  /** Without the signer: an application's object may print anything, even the key. */
  @Override
  public String toString() {
    return "tokens of "
        + lifetime
        + " signed by the "
        + whom
        + policyName.map(name -> " of the policy " + name).orElse("");
  }
}
