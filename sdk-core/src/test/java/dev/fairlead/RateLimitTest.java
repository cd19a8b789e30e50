package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  @Test
  void isAValue() {
    RateLimit limit = RateLimit.builder().messagesPerSecond(2).bytesPerSecond(1000).build();
    assertThat(limit)
        .isEqualTo(RateLimit.builder().bytesPerSecond(1000).messagesPerSecond(2).build())
        .hasSameHashCodeAs(RateLimit.builder().bytesPerSecond(1000).messagesPerSecond(2).build())
        .isNotEqualTo(RateLimit.of(2))
        .hasToString(
            "RateLimit[messagesPerSecond=2.0, bytesPerSecond=1000.0, burst=PT1S, meteredBytes=0]");
    assertThat(RateLimit.of(2).bytesPerSecond()).isEmpty();
  }

  @Test
  void aDaysQuotaLeavesRoomForTheBurst() {
    RateLimit limit = RateLimit.perDay(400_000);
    double rate = limit.messagesPerSecond().orElseThrow();
    assertThat(rate).isCloseTo(4.6, Offset.offset(0.05));
    assertThat(rate * (86_400 + limit.burst().toSeconds())).isLessThanOrEqualTo(400_000.001);
    assertThat(limit.meteredBytes()).isEqualTo(4096);
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThatIllegalStateException()
        .isThrownBy(() -> RateLimit.builder().build())
        .withMessageContaining("limits nothing");
    for (double rate : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.of(rate));
    }
    for (Duration burst : new Duration[] {Duration.ZERO, Duration.ofDays(2)}) {
      assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.builder().burst(burst));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.builder().meteredBytes(0));
    assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.perDay(0));
  }
}
