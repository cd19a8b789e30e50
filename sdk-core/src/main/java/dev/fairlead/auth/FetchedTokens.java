package dev.fairlead.auth;

import dev.fairlead.spi.Credential;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/** Tokens that the application fetches. */
final class FetchedTokens implements Credentials {
  private final TokenSource source;

  FetchedTokens(TokenSource source) {
    this.source = Objects.requireNonNull(source, "source");
  }

  @Override
  public CompletionStage<Credential> issue(Audience audience, Instant now) {
    return Question.ask(
        "The token source",
        () -> source.fetch(audience),
        text -> SasToken.parse(text).usableFor(audience));
  }

  @Override
  public CredentialKind kind() {
    return CredentialKind.SHARED_ACCESS;
  }

  @Override
  public boolean renewable() {
    return true;
  }

  @Override
  public String toString() {
    return "tokens from a source";
  }
}
