package dev.fairlead.https.poll;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.fairlead.https.poll.PollWorld.Powers;
import dev.fairlead.https.poll.PollWorld.Tally;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * A million random schedules on a simulated machine. In each one, up to three processes (or class
 * loaders) with up to three clients each want to poll for the same device all the time, while an
 * adversary
 *
 * <ul>
 *   <li>starts, kills and restarts processes, also again and again;
 *   <li>crashes a process, or cuts the machine's power, at every point of a claim and of a poll:
 *       before and after the lock, the read, the write, the removal, and between the claim and the
 *       poll;
 *   <li>stops a process at these points for up to 50 minutes while the others go on, or lets the
 *       machine sleep that long;
 *   <li>lets other processes run in the middle of a claim;
 *   <li>closes sessions and opens new ones, and adds clients;
 *   <li>sets the wall clock forward and back, by minutes and by a year, at any time and while the
 *       machine is off;
 *   <li>reboots;
 *   <li>deletes the state with its lock file, damages it, lets writes fail at random or for long
 *       (with or without the entry having reached the disk), lets removing fail, makes the
 *       directory read-only;
 *   <li>takes the lock itself, for any time;
 *   <li>takes the clock since boot away (one world in eight), as on systems other than Linux.
 * </ul>
 *
 * <p>No two polls may be less than 25 minutes of true time apart. Two things are stated as
 * undecidable: a wall clock that was set forward across a reboot, where a schedule ends when it
 * happens and is counted apart; and several processes that find nothing and can write nothing,
 * which the adversary does not bring about.
 */
class PollScheduleModelTest {
  private static final int SCHEDULES = 1_100_000;
  private static final PollIntervals PACE =
      new PollIntervals(
          Duration.ofMinutes(25).plusSeconds(30),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofMinutes(1));
  private static final Logger LOG =
      (Logger) LoggerFactory.getLogger(PollLimiter.class.getPackageName());

  @BeforeAll
  static void quiet() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void loud() {
    LOG.setLevel(null);
  }

  @Test
  void noTwoPollsAreLessThan25MinutesApart() {
    Tally tally = run(0, SCHEDULES, PACE, Powers.ALL);
    LoggerFactory.getLogger("schedules").info("{}", tally);
    assertThat(tally.violations).as("%s", tally).isZero();
    assertThat(tally.worlds - tally.fooledByTheWallClock).isGreaterThanOrEqualTo(1_000_000);
    assertThat(tally.worldsWithTwoPolls).as("%s", tally).isGreaterThan(SCHEDULES / 4);
  }

  private static Tally run(long firstSeed, int count, PollIntervals pace, Powers powers) {
    Tally tally = new Tally();
    for (int i = 0; i < count; i++) {
      new PollWorld(firstSeed + i, pace, powers, tally).run();
    }
    return tally;
  }

  @Test
  void aCalmDevicePollsEachTime() {
    Tally tally = run(7, 2_000, PACE, Powers.NONE);
    assertThat(tally.violations).isZero();
    // The first step looks, the second one polls; then each step is a poll.
    assertThat(tally.polls).as("%s", tally).isGreaterThanOrEqualTo(2_000L * 20);
  }

  @Test
  void theWorldFindsAScheduleThatForgetsTheWindow() {
    PollIntervals careless =
        new PollIntervals(Duration.ofMinutes(25), PACE.window(), PACE.firstSpread(), Duration.ZERO);
    assertThat(run(3, 100_000, careless, Powers.ALL).violations).isPositive();
  }
}
