package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.TimeSource.Alarm;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FakeTimeTest {
  private final FakeTime time = new FakeTime();
  private final List<String> ran = new ArrayList<>();

  @Test
  void aTaskNeverRunsInsideSchedule() {
    time.schedule(Duration.ZERO, () -> ran.add("now"));
    time.schedule(Duration.ofSeconds(-1), () -> ran.add("past"));
    assertThat(ran).isEmpty();
    time.advance(Duration.ZERO);
    assertThat(ran).containsExactly("now", "past");
  }

  @Test
  void tasksRunInTheOrderOfTheirTimesEachAtItsOwn() {
    Instant start = time.now();
    for (int seconds : new int[] {3, 1, 2, 1}) {
      time.schedule(
          Duration.ofSeconds(seconds), () -> ran.add(seconds + "@" + elapsed(start).toSeconds()));
    }
    time.advance(Duration.ofSeconds(2));
    assertThat(ran).containsExactly("1@1", "1@1", "2@2");
    assertThat(time.untilNext()).contains(Duration.ofSeconds(1));
    assertThat(time.advanceToNext()).contains(Duration.ofSeconds(1));
    assertThat(ran).hasSize(4);
    assertThat(time.advanceToNext()).isEmpty();
  }

  @Test
  void whatATaskSchedulesRunsInTheSameMoveIfItIsDue() {
    time.schedule(
        Duration.ofSeconds(1), () -> time.schedule(Duration.ofSeconds(1), () -> ran.add("second")));
    time.advance(Duration.ofSeconds(2));
    assertThat(ran).containsExactly("second");
  }

  @Test
  void aCancelledTaskDoesNotRun() {
    Alarm alarm = time.schedule(Duration.ofSeconds(1), () -> ran.add("cancelled"));
    time.schedule(Duration.ofSeconds(1), alarm::cancel);
    Alarm other = time.schedule(Duration.ofSeconds(2), () -> ran.add("never"));
    other.cancel();
    other.cancel();
    assertThat(time.pending()).isEqualTo(2);
    time.advance(Duration.ofSeconds(5));
    assertThat(ran).containsExactly("cancelled");
    alarm.cancel();
  }

  @Test
  void theWallClockCanBeSetAndTasksStayWhereTheyAre() {
    time.schedule(Duration.ofSeconds(10), () -> ran.add("due"));
    long nanos = time.nanoTime();
    time.setWallClock(Instant.EPOCH);
    assertThat(time.nanoTime()).isEqualTo(nanos);
    time.advance(Duration.ofSeconds(9));
    assertThat(ran).isEmpty();
    assertThat(time.now()).isEqualTo(Instant.ofEpochSecond(9));
    time.advance(Duration.ofSeconds(1));
    assertThat(ran).containsExactly("due");
  }

  @Test
  void timeDoesNotGoBack() {
    assertThatThrownBy(() -> time.advance(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Duration elapsed(Instant start) {
    return Duration.between(start, time.now());
  }
}
