package dev.fairlead.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Looks for a secret in all that a failure prints: message, causes, stack trace. */
final class Canary {
  private Canary() {}

  static void assertAbsentFrom(Throwable failure, String... secrets) {
    StringWriter printed = new StringWriter();
    failure.printStackTrace(new PrintWriter(printed));
    assertThat(printed.toString()).doesNotContain(secrets);
  }
}
