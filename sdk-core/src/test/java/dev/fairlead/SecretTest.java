package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.spi.Credential;
import java.io.Serializable;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SecretTest {
  private static final String CANARY = "canary-7f3a";

  @Test
  void printsNothingOfItself() {
    Secret secret = Secret.of(CANARY);

    assertThat(secret.toString()).isEqualTo("***");
    assertThat(String.format("%s %s %s", secret, List.of(secret), Optional.of(secret)))
        .doesNotContain(CANARY);
    assertThat(new Credential.Token(secret, Instant.EPOCH).toString()).doesNotContain(CANARY);
  }

  @Test
  void cannotBeSerialised() {
    assertThat(Secret.of(CANARY)).isNotInstanceOf(Serializable.class);
  }

  @Test
  void isEqualByItsText() {
    assertThat(Secret.of(CANARY)).isEqualTo(Secret.of(CANARY)).hasSameHashCodeAs(Secret.of(CANARY));
    assertThat(Secret.of(CANARY)).isNotEqualTo(Secret.of("other")).isNotEqualTo(CANARY);
    assertThat(Secret.of(CANARY).reveal()).isEqualTo(CANARY);
  }
}
