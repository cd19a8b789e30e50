package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OutboxLimitsTest {
  private final OutboxLimits limits = OutboxLimits.defaults();

  @Test
  void holdsItsRanges() {
    assertThat(limits.withMaxMessages(1).maxMessages()).isEqualTo(1);
    assertThat(limits.withMaxBytes(TelemetryMessage.MAX_BYTES).maxBytes()).isEqualTo(262_144);
    assertThat(limits.withTimeToLive(Duration.ofNanos(1)).timeToLive())
        .hasValue(Duration.ofNanos(1));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> limits.withMaxMessages(0))
        .withMessageContaining("not 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> limits.withMaxBytes(TelemetryMessage.MAX_BYTES - 1))
        .withMessageContaining("262143");
    assertThatIllegalArgumentException().isThrownBy(() -> limits.withTimeToLive(Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> limits.withTimeToLive(Duration.ofNanos(-1)));
  }

  @Test
  void changesOneThingAtATime() {
    assertThat(
            limits
                .withMaxMessages(5)
                .withMaxBytes(300_000)
                .withOverflow(OverflowPolicy.BLOCK)
                .withTimeToLive(Duration.ofMinutes(1)))
        .isEqualTo(
            new OutboxLimits(5, 300_000, OverflowPolicy.BLOCK, Optional.of(Duration.ofMinutes(1))));
  }

  @Test
  void hasTheStatedDefaults() {
    assertThat(limits)
        .isEqualTo(
            new OutboxLimits(10_000, 16 * 1024 * 1024, OverflowPolicy.REJECT, Optional.empty()));
  }
}
