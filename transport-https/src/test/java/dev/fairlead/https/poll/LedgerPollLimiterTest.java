package dev.fairlead.https.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limiter on a loop, with real files. */
class LedgerPollLimiterTest {
  private static final PollIntervals PACE =
      new PollIntervals(
          Duration.ofMinutes(25).plusSeconds(30),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofMinutes(1));

  @TempDir Path directory;
  private final Hand hand = new Hand();
  private final List<Long> polls = new ArrayList<>();
  private long up;
  private PollLimiter limiter;

  @BeforeEach
  void setUp() {
    limiter = limiter();
  }

  private PollLimiter limiter() {
    PollClock clock = () -> new ClockReading(up, "boot:1", up);
    RandomGenerator random = RandomGenerator.getDefault();
    return new LedgerPollLimiter(
        hand,
        PACE,
        new PollLedger(new DiskLedgerFile(directory, "ab12"), clock, random),
        hand.files::add,
        clock,
        random,
        "device",
        () -> {});
  }

  private void poll() {
    polls.add(up);
  }

  /** Runs what is due, and sets the clock to the one alarm. */
  private Duration toNextAlarm() {
    hand.settle();
    assertThat(hand.alarms).hasSize(1);
    HandAlarm next = hand.alarms.remove(0);
    up += next.delay.toMillis();
    hand.tasks.add(next.task);
    hand.settle();
    return next.delay;
  }

  @Test
  void touchesNoFileOnTheLoop() {
    limiter.whenAllowed(this::poll);
    assertThat(directory).isEmptyDirectory();
    assertThat(hand.files).hasSize(1);
    assertThat(hand.alarms).isEmpty();
  }

  @Test
  void setsOneAlarmForEachPollAndSpreadsThem() {
    limiter.whenAllowed(this::poll);
    assertThat(toNextAlarm()).isBetween(PACE.spacing(), PACE.spacing().plus(PACE.firstSpread()));
    for (int i = 1; i <= 20; i++) {
      assertThat(polls).hasSize(i);
      assertThat(hand.alarms).isEmpty();
      limiter.whenAllowed(this::poll);
      assertThat(toNextAlarm()).isBetween(PACE.spacing(), PACE.spacing().plus(PACE.spread()));
    }
    assertThat(polls.stream().map(at -> at % PACE.spacing().toMillis()).distinct())
        .as("phases")
        .hasSizeGreaterThan(10);
  }

  @Test
  void aDeviceThatIsDueSpreadsItsFirstPoll() {
    limiter.whenAllowed(this::poll);
    toNextAlarm();
    up += Duration.ofDays(3).toMillis();
    PollLimiter next = limiter();
    next.whenAllowed(this::poll);
    assertThat(toNextAlarm()).isLessThanOrEqualTo(PACE.firstSpread());
    assertThat(polls).hasSize(2);
  }

  @Test
  void aPollMayBeginForHalfAMinute() {
    assertThat(limiter.stillAllowed()).isFalse();
    limiter.whenAllowed(this::poll);
    toNextAlarm();
    assertThat(limiter.stillAllowed()).isTrue();
    up += PACE.window().toMillis();
    assertThat(limiter.stillAllowed()).isTrue();
    up++;
    assertThat(limiter.stillAllowed()).isFalse();
  }

  @Test
  void aPollThatTheLoopLearnsOfTooLateIsLeftOut() {
    limiter.whenAllowed(this::poll);
    hand.settle();
    HandAlarm alarm = hand.alarms.remove(0);
    up += alarm.delay.toMillis();
    alarm.task.run();
    hand.files.remove().run();
    up += PACE.window().toMillis() + 1;
    assertThat(toNextAlarm()).isGreaterThanOrEqualTo(PACE.spacing());
    assertThat(polls).hasSize(1);
    assertThat(polls.get(0)).isGreaterThan(2 * PACE.spacing().toMillis());
  }

  @Test
  void twoAtOnceAreAMistake() {
    limiter.whenAllowed(this::poll);
    assertThatThrownBy(() -> limiter.whenAllowed(this::poll))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aClosedGateIsSilentAtEveryPoint() {
    for (int tasksBefore = 0; tasksBefore < 5; tasksBefore++) {
      PollLimiter closing = limiter();
      closing.whenAllowed(this::poll);
      for (int i = 0; i < tasksBefore; i++) {
        hand.runOne();
      }
      closing.close();
      closing.close();
      hand.settle();
      assertThat(hand.alarms).isEmpty();
      assertThat(closing.stillAllowed()).isFalse();
      closing.whenAllowed(this::poll);
      hand.settle();
    }
    assertThat(polls).isEmpty();
  }

  private record HandAlarm(Duration delay, Runnable task) {}

  /** A loop and a thread for files that run by hand. */
  private static final class Hand implements Loop {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final ArrayDeque<Runnable> files = new ArrayDeque<>();
    private final List<HandAlarm> alarms = new ArrayList<>();

    boolean runOne() {
      Runnable task = tasks.isEmpty() ? files.poll() : tasks.poll();
      if (task != null) {
        task.run();
      }
      return task != null;
    }

    void settle() {
      boolean more = true;
      while (more) {
        more = runOne();
      }
    }

    @Override
    public void execute(Runnable task) {
      tasks.add(task);
    }

    @Override
    public Alarm schedule(Duration delay, Runnable task) {
      HandAlarm alarm = new HandAlarm(delay, task);
      alarms.add(alarm);
      return () -> alarms.remove(alarm);
    }

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public long nanoTime() {
      return 0;
    }
  }
}
