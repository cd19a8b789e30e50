package dev.fairlead.https;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HttpsOptionsTest {
  @Test
  void copiesWhatWasSet() {
    HttpsOptions options = HttpsOptions.builder().answerTimeout(Duration.ofSeconds(3)).build();
    HttpsOptions copy = options.toBuilder().build();
    assertThat(copy).usingRecursiveComparison().isEqualTo(options);
    assertThat(copy.answerTimeout()).hasSeconds(3);
  }
}
