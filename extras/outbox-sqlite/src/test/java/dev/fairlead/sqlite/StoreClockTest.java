package dev.fairlead.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.tck.FakeTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoreClockTest {
  private static final long LAST = 5000;

  @Test
  void followsTheMonotonicClockWhateverTheWallClockShows() {
    FakeTime time = new FakeTime(Instant.parse("2027-01-01T00:00:00Z"));
    StoreClock clock = new StoreClock(time, 0, 0);
    time.advance(Duration.ofSeconds(40));
    assertThat(clock.now()).isEqualTo(40_000);
    time.setWallClock(Instant.parse("2047-01-01T00:00:00Z"));
    assertThat(clock.now()).isEqualTo(40_000);
    time.setWallClock(Instant.EPOCH);
    time.advance(Duration.ofHours(1));
    assertThat(clock.now()).isEqualTo(3_640_000);
  }

  @ParameterizedTest
  @CsvSource({
    // last seen, at the start, how much of it counts
    "2027-01-01T00:00:00Z, 2027-01-03T00:00:00Z, P2D",
    "2027-01-01T00:00:00Z, 2028-01-02T00:00:00Z, P366D",
    "2027-01-01T00:00:00Z, 2028-01-02T00:00:01Z, PT0S",
    "2027-01-01T00:00:00Z, 2047-01-01T00:00:00Z, PT0S",
    "2027-01-01T00:00:00Z, 1970-01-01T00:00:10Z, PT0S",
    "2027-01-01T00:00:00Z, 2026-12-31T23:59:59Z, PT0S",
    "1970-01-01T01:00:00Z, 2027-01-01T00:00:00Z, PT0S",
    "1970-01-01T00:00:10Z, 1970-01-01T00:00:20Z, PT0S",
    "2027-01-01T00:00:00Z, 2027-01-01T00:00:00Z, PT0S",
  })
  void countsTheTimeInWhichTheStoreWasClosedIfItIsPlausible(
      Instant lastSeen, Instant start, Duration counts) {
    StoreClock clock = new StoreClock(new FakeTime(start), LAST, lastSeen.toEpochMilli());
    assertThat(clock.now()).isEqualTo(LAST + counts.toMillis());
  }
}
