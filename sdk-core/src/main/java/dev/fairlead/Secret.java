package dev.fairlead;

import java.util.Objects;

/**
 * Text that must not be printed: a key or a token. Neither {@link #toString()} nor any exception of
 * this library shows it. Immutable and safe for any thread.
 */
public final class Secret {
  private final String text;

  private Secret(String text) {
    this.text = text;
  }

  /**
   * Wraps a secret text.
   *
   * @param text the text
   * @return the secret
   */
  public static Secret of(String text) {
    return new Secret(Objects.requireNonNull(text, "text"));
  }

  /**
   * The text itself, to be sent or to sign with; never for a log.
   *
   * @return the text
   */
  public String reveal() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && secret.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** Always {@code "***"}. */
  @Override
  public String toString() {
    return "***";
  }
}
