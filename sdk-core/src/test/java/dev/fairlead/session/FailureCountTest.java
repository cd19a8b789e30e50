package dev.fairlead.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailureCountTest {
  private static final long SECOND = 1_000_000_000;

  private final FailureCount count = new FailureCount(Duration.ofSeconds(60));

  @Test
  void countsWalksThatOpenedNothing() {
    count.notOpened(0);
    count.notOpened(SECOND);
    assertThat(count.failures()).isEqualTo(2);
  }

  @Test
  void theLossOfAnUnstableSessionIsAFailure() {
    count.notOpened(0);
    count.opened(SECOND);
    count.lost(60 * SECOND);
    assertThat(count.failures()).isEqualTo(2);
  }

  @Test
  void aStableSessionForgetsWhatWasBefore() {
    count.notOpened(0);
    count.refused(0);
    count.opened(SECOND);
    count.lost(61 * SECOND);
    assertThat(count.failures()).isZero();
    assertThat(count.refusals()).isZero();
  }

  @Test
  void sessionsThatAreReopenedInAnOrderlyWayAreOneStay() {
    count.refused(0);
    for (int i = 0; i < 6; i++) {
      count.opened(i * 10 * SECOND);
      count.settle((i * 10 + 9) * SECOND);
    }
    assertThat(count.refusals()).isEqualTo(1);
    count.refused(60 * SECOND);
    assertThat(count.refusals()).isEqualTo(1); // the one before is forgotten
  }

  @Test
  void timeWithoutASessionDoesNotMakeStable() {
    count.opened(0);
    count.lost(SECOND);
    count.notOpened(100 * SECOND);
    count.opened(200 * SECOND);
    count.lost(201 * SECOND);
    assertThat(count.failures()).isEqualTo(3);
  }

  @Test
  void noTimeIsNeededWhereNoneIsAsked() {
    FailureCount eager = new FailureCount(Duration.ZERO);
    eager.opened(5);
    eager.lost(5);
    assertThat(eager.failures()).isZero();
  }
}
