package dev.fairlead.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.https.poll.PollIntervals;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PollScheduleTest {
  @Test
  void theStandardIs25MinutesAndSaysNothing() {
    assertThat(PollSchedule.standard().interval()).isEqualTo(Duration.ofMinutes(25));
    assertThat(PollSchedule.standard().note()).isEmpty();
  }

  @Test
  void onlyDevelopmentIsFaster() {
    assertThatThrownBy(() -> PollSchedule.every(Duration.ofMinutes(25).minusNanos(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PollSchedule.development");
    assertThat(PollSchedule.every(Duration.ofHours(6)).note()).isEmpty();
    PollSchedule fast = PollSchedule.development(Duration.ofSeconds(5));
    assertThat(fast.interval()).isEqualTo(Duration.ofSeconds(5));
    assertThat(fast.note())
        .hasValueSatisfying(note -> assertThat(note).contains("DEVELOPMENT", " 5 s;"));
    assertThat(fast.stateDirectory(Path.of("x")).note()).isEqualTo(fast.note());
  }

  @Test
  void rangesAreChecked() {
    assertThatThrownBy(() -> PollSchedule.development(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> PollSchedule.development(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> PollSchedule.every(Duration.ofSeconds(Long.MAX_VALUE)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> PollSchedule.development(Duration.ofDays(366)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** A poll may begin late in its window, so the notes are further apart by it. */
  @Test
  void whateverTheWindowTwoPollsAreAnIntervalApart() {
    for (Duration interval : new Duration[] {Duration.ofMinutes(25), Duration.ofDays(365)}) {
      PollIntervals pace = PollSchedule.every(interval).pace();
      assertThat(pace.spacing().minus(pace.window())).isEqualTo(interval);
      assertThat(pace.firstSpread()).isEqualTo(interval.dividedBy(5));
      assertThat(pace.spread()).isEqualTo(interval.dividedBy(25));
    }
    PollIntervals fast = PollSchedule.development(Duration.ofMillis(1)).pace();
    assertThat(fast.spacing()).isEqualTo(Duration.ofMillis(1));
  }

  @Test
  void aDeviceThatIsAwakeForMomentsPollsAtOnceAndNoMoreOften() {
    PollSchedule prompt = PollSchedule.standard().firstPollWithin(Duration.ZERO);
    assertThat(prompt.pace().firstSpread()).isZero();
    assertThat(prompt.pace().spacing()).isEqualTo(PollSchedule.standard().pace().spacing());
    assertThat(prompt.note()).isEmpty();
    assertThat(prompt.stateDirectory(Path.of("x")).pace()).isEqualTo(prompt.pace());
    assertThatThrownBy(() -> prompt.firstPollWithin(Duration.ofMinutes(26)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> prompt.firstPollWithin(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
