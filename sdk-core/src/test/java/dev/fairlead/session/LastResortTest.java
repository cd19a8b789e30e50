package dev.fairlead.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LastResortTest {
  private static final long PATIENCE = LastResort.PATIENCE.toNanos();

  private final LastResort lastResort = new LastResort();

  private void walksFail(int count) {
    for (int i = 0; i < count; i++) {
      lastResort.walkFailed();
    }
  }

  @Test
  void itIsAllowedWhileNoOtherHasWorked() {
    lastResort.walkBegins(5);
    assertThat(lastResort.isAllowed(5)).isTrue();
    walksFail(1);
    assertThat(lastResort.isAllowed(6)).isTrue();
  }

  @Test
  void afterwardsItNeedsTheTimeAndTheWalks() {
    lastResort.betterOpened();
    assertThat(lastResort.isAllowed(PATIENCE)).isFalse();
    lastResort.walkBegins(PATIENCE);
    walksFail(2);
    assertThat(lastResort.isAllowed(10 * PATIENCE)).isFalse();
    walksFail(1);
    lastResort.walkBegins(2 * PATIENCE - 1);
    assertThat(lastResort.isAllowed(2 * PATIENCE - 1)).isFalse();
    assertThat(lastResort.isAllowed(2 * PATIENCE)).isTrue();
  }

  @Test
  void aSessionOnABetterRouteBeginsBothAnew() {
    lastResort.betterOpened();
    lastResort.walkBegins(0);
    walksFail(3);
    lastResort.betterOpened();
    lastResort.walkBegins(PATIENCE);
    assertThat(lastResort.isAllowed(2 * PATIENCE)).isFalse();
    walksFail(3);
    assertThat(lastResort.isAllowed(2 * PATIENCE)).isTrue();
  }
}
