package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class OutboxLimitsTest {
  private final OutboxLimits.Builder builder = OutboxLimits.builder();

  @Test
  void holdsItsRanges() {
    assertThat(builder.maxMessages(1).build().maxMessages()).isEqualTo(1);
    assertThat(builder.maxBytes(TelemetryMessage.MAX_BYTES).build().maxBytes()).isEqualTo(262_144);
    assertThat(builder.timeToLive(Duration.ofNanos(1)).build().timeToLive())
        .hasValue(Duration.ofNanos(1));
    assertThat(builder.rejectAfter(2, Duration.ZERO).build().refusals()).isEqualTo(2);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxMessages(0))
        .withMessageContaining("it was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxBytes(TelemetryMessage.MAX_BYTES - 1))
        .withMessageContaining("262143");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.timeToLive(Duration.ZERO));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.timeToLive(Duration.ofNanos(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.rejectAfter(1, Duration.ofMinutes(1)))
        .withMessageContaining("it was 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.rejectAfter(2, Duration.ofNanos(-1)))
        .withMessageContaining("negative");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxStoredMessages(0))
        .withMessageContaining("it was 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxStoredBytes(TelemetryMessage.MAX_BYTES - 1))
        .withMessageContaining("262143");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.liveShare(0));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.liveShare(101));
  }

  @Test
  void copiesWhatWasSet() {
    OutboxLimits limits =
        builder
            .maxMessages(5)
            .maxBytes(300_000)
            .overflow(OverflowPolicy.BLOCK)
            .timeToLive(Duration.ofMinutes(1))
            .rejectAfter(3, Duration.ofMinutes(2))
            .maxStoredMessages(7)
            .maxStoredBytes(400_000)
            .liveShare(60)
            .build();

    assertThat(limits.toBuilder().build())
        .isEqualTo(limits)
        .hasSameHashCodeAs(limits)
        .hasToString(
            "at most 5 messages and 300000 bytes, then BLOCK; time to live PT1M; rejected after 3 refusals over PT2M; stored at most 7 messages and 400000 bytes; live share 60 %");
    assertThat(limits.toBuilder().maxMessages(6).build()).isNotEqualTo(limits);
    assertThat(limits.toBuilder().noTimeToLive().build().timeToLive()).isEmpty();
    assertThat(limits.timeToLive()).hasValue(Duration.ofMinutes(1));
  }

  @Test
  void hasTheStatedDefaults() {
    OutboxLimits limits = OutboxLimits.defaults();

    assertThat(limits).isEqualTo(OutboxLimits.builder().build());
    assertThat(limits.maxMessages()).isEqualTo(10_000);
    assertThat(limits.maxBytes()).isEqualTo(16 * 1024 * 1024);
    assertThat(limits.overflow()).isEqualTo(OverflowPolicy.REJECT);
    assertThat(limits.timeToLive()).isEmpty();
    assertThat(limits.refusals()).isEqualTo(5);
    assertThat(limits.refusedOver()).isEqualTo(Duration.ofMinutes(10));
  }
}
