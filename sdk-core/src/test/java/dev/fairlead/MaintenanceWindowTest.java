package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MaintenanceWindowTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  @ParameterizedTest
  @CsvSource({
    // At two in the morning for an hour: before, in, and after it.
    "02:00, PT1H, 2026-01-10T01:59:59.999Z, 2026-01-10T02:00:00Z",
    "02:00, PT1H, 2026-01-10T02:00:00Z, 2026-01-10T02:00:00Z",
    "02:00, PT1H, 2026-01-10T02:59:59.999Z, 2026-01-10T02:00:00Z",
    "02:00, PT1H, 2026-01-10T03:00:00Z, 2026-01-11T02:00:00Z",
    // Over midnight.
    "23:30, PT2H, 2026-01-10T00:15:00Z, 2026-01-09T23:30:00Z",
    "23:30, PT2H, 2026-01-10T01:30:00Z, 2026-01-10T23:30:00Z",
    // The whole day.
    "12:00, PT24H, 2026-01-10T11:59:00Z, 2026-01-09T12:00:00Z",
    "12:00, PT24H, 2026-01-10T12:00:00Z, 2026-01-10T12:00:00Z"
  })
  void knowsTheWindowThatIsOpenOrComesNext(
      LocalTime start, Duration length, Instant time, Instant begins) {
    assertThat(new MaintenanceWindow(start, length, ZoneOffset.UTC).openOrNext(time))
        .isEqualTo(begins);
  }

  @ParameterizedTest
  @CsvSource({
    // Berlin's clocks go from 02:00 to 03:00 (01:00Z) on 29 March 2026 and back on 25 October.
    "2026-03-27T12:00:00Z, 2026-03-28T01:30:00Z",
    "2026-03-28T12:00:00Z, 2026-03-29T01:30:00Z",
    "2026-03-29T12:00:00Z, 2026-03-30T00:30:00Z",
    "2026-10-24T12:00:00Z, 2026-10-25T00:30:00Z",
    "2026-10-25T12:00:00Z, 2026-10-26T01:30:00Z"
  })
  void goesByTheClockOnTheWall(Instant time, Instant begins) {
    MaintenanceWindow window =
        new MaintenanceWindow(LocalTime.of(2, 30), Duration.ofHours(1), BERLIN);
    assertThat(window.openOrNext(time)).isEqualTo(begins);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-1S", "PT24H1S"})
  void refusesALengthThatNoDayHas(Duration length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MaintenanceWindow(LocalTime.NOON, length, BERLIN))
        .withMessageContaining("at most 24 hours");
  }

  @Test
  void saysWhenItIs() {
    assertThat(new MaintenanceWindow(LocalTime.of(2, 0), Duration.ofHours(2), BERLIN))
        .hasToString("from 02:00 for 120 min every day in Europe/Berlin");
  }
}
