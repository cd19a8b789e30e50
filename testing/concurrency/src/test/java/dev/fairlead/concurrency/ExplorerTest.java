package dev.fairlead.concurrency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.faulty.Faulty;
import org.junit.jupiter.api.Test;

/** What the checker must find before it can be believed. */
class ExplorerTest {
  @Test
  void findsAnUpdateThatIsLost() {
    fails(Faulty.LostUpdate.class, "1 preemptions");
  }

  @Test
  void findsADeadlock() {
    fails(Faulty.Deadlock.class, "waits for a lock");
  }

  @Test
  void findsAWakeUpThatIsLost() {
    fails(Faulty.LostWakeUp.class, "waits for a signal");
  }

  @Test
  void findsARaceWithinALock() {
    fails(Faulty.HalfLocked.class, "seed");
  }

  @Test
  void letsWhatIsSoundPass() {
    Explorer.explore(Faulty.Sound.class, 500);
    assertThat(Faulty.Sound.class).isNotNull();
  }

  private static void fails(Class<? extends Scenario> scenario, String why) {
    assertThatThrownBy(() -> Explorer.explore(scenario, 500))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(why);
  }
}
