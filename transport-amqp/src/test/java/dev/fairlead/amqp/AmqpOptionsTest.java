package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AmqpOptionsTest {
  @Test
  void copiesWhatWasSet() {
    AmqpOptions options = AmqpOptions.builder().answerTimeout(Duration.ofSeconds(3)).build();
    AmqpOptions copy = options.toBuilder().build();
    assertThat(copy).usingRecursiveComparison().isEqualTo(options);
    assertThat(copy.answerTimeout()).hasSeconds(3);
  }
}
