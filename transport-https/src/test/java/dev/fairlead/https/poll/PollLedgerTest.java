package dev.fairlead.https.poll;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.https.poll.PollDecision.Poll;
import dev.fairlead.https.poll.PollDecision.Wait;
import dev.fairlead.https.poll.PollDecision.Why;
import java.io.IOException;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The ledger's answers, case by case; {@link PollScheduleModelTest} finds the combinations. */
class PollLedgerTest {
  private static final long MINUTE = 60_000;
  private static final long SPACING = 25 * MINUTE;

  private final Memory file = new Memory();
  private long wall = 1_700_000_000_000L;
  private long up = 10 * MINUTE;
  private String boot = "boot:1";
  private PollLedger ledger = newLedger();

  private PollLedger newLedger() {
    return new PollLedger(
        file, () -> new ClockReading(wall, boot, up), RandomGenerator.of("L64X128MixRandom"));
  }

  private void pass(long millis) {
    wall += millis;
    up += millis;
  }

  private void reboot(long off) {
    wall += off;
    up = MINUTE;
    boot += "1";
    ledger = newLedger();
  }

  /** A device that polled just now. */
  private void polled() {
    ledger.examine(SPACING, false);
    pass(SPACING);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void aFirstStartWaitsAFullIntervalOnceAndNotAtEachRestart() {
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.UNKNOWN));
    for (int restart = 1; restart <= 5; restart++) {
      pass(4 * MINUTE);
      ledger = newLedger();
      assertThat(ledger.examine(SPACING, true))
          .isEqualTo(new Wait(SPACING - restart * 4 * MINUTE, Why.NOT_YET));
    }
    pass(5 * MINUTE);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void countsFromTheNoteToTheMillisecond() {
    polled();
    pass(SPACING - 1);
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(1, Why.NOT_YET));
    pass(1);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void lookingNotesNothing() {
    polled();
    pass(SPACING);
    assertThat(ledger.examine(SPACING, false)).isEqualTo(new Wait(0, Why.NOT_YET));
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void withinOneBootTheWallClockDoesNotMatter() {
    polled();
    for (long set : new long[] {400 * 24 * 60 * MINUTE, -800 * 24 * 60 * MINUTE}) {
      wall += set;
      ledger = newLedger();
      assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.NOT_YET));
    }
  }

  @Test
  void acrossARebootTheWallClockCountsOnce() {
    polled();
    reboot(10 * MINUTE);
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(15 * MINUTE, Why.NOT_YET));
    wall += 24 * 60 * MINUTE;
    ledger = newLedger();
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(15 * MINUTE, Why.NOT_YET));
  }

  @Test
  void aWallClockSetBackAcrossARebootCostsOneInterval() {
    polled();
    reboot(-24 * 60 * MINUTE);
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.UNKNOWN));
    pass(SPACING);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  /** The hole that {@link dev.fairlead.https.PollSchedule} states. */
  @Test
  void aWallClockSetForwardAcrossARebootCannotBeToldFromTimeThatPassed() {
    polled();
    long truth = 2 * MINUTE;
    reboot(truth + 60 * MINUTE);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void anEntryFromTheFutureOfItsOwnBootCountsAsNow() {
    file.entry = new LedgerEntry(1, new ClockReading(wall, boot, up + 1));
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.UNKNOWN));
    pass(SPACING);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void withoutAClockSinceBootAnotherProcessesNoteCountsFromWhenItIsSeen() {
    boot = "process:a";
    polled();
    boot = "process:b";
    up = 0;
    wall += 24 * 60 * MINUTE;
    ledger = newLedger();
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.NOT_YET));
    assertThat(file.entry)
        .as("left as it is")
        .extracting(e -> e.at().boot())
        .isEqualTo("process:a");
    pass(SPACING);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void whoeverHasTheLockCountsAsPolling() {
    polled();
    pass(SPACING);
    file.locked = true;
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.BUSY));
  }

  @Test
  void onAFullDiskTheLockIsKeptInsteadAndTheOldNoteGoes() {
    polled();
    pass(SPACING);
    file.full = true;
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.UNKEPT));
    assertThat(file.locked).isTrue();
    assertThat(newLedger().examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.BUSY));
    pass(SPACING);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
    assertThat(file.entry).isNull();
    file.full = false;
    pass(SPACING - 1);
    assertThat(ledger.examine(SPACING, true)).as("not from memory").isInstanceOf(Wait.class);
    assertThat(file.locked).isFalse();
    assertThat(file.entry).isNotNull();
  }

  @Test
  void anOldNoteThatCannotBeRemovedStopsPolling() {
    polled();
    file.full = true;
    file.undeletable = true;
    pass(SPACING);
    ledger.examine(SPACING, true);
    for (int i = 0; i < 3; i++) {
      pass(SPACING);
      assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.STUCK));
    }
    file.undeletable = false;
    pass(SPACING);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
  }

  @Test
  void whereThereCannotEvenBeALockItPollsAFullIntervalAfterItsStart() {
    file.unlockable = true;
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.UNKEPT));
    pass(SPACING - 1);
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(1, Why.UNKEPT));
    pass(1);
    assertThat(ledger.examine(SPACING, true)).isInstanceOf(Poll.class);
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.UNKEPT));
  }

  @Test
  void aReadOnlyDirectoryWithANoteInItStopsPolling() {
    polled();
    file.unlockable = true;
    for (int i = 0; i < 3; i++) {
      pass(SPACING);
      assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.STUCK));
    }
  }

  @Test
  void aLockFileThatSomebodyRemovedIsNoLockAnyMore() {
    file.full = true;
    ledger.examine(SPACING, true);
    file.lockRemoved = true;
    pass(SPACING);
    assertThat(ledger.examine(SPACING, true)).isEqualTo(new Wait(SPACING, Why.UNKEPT));
  }

  private static final class Memory implements LedgerFile {
    private @Nullable LedgerEntry entry;
    private boolean locked;
    private boolean full;
    private boolean undeletable;
    private boolean unlockable;
    private boolean lockRemoved;

    @Override
    public Optional<LedgerEntry> read() {
      return Optional.ofNullable(entry);
    }

    @Override
    public boolean exists() {
      return entry != null;
    }

    @Override
    public @Nullable Lock tryLock() throws IOException {
      if (unlockable) {
        throw new IOException("read-only");
      }
      if (locked) {
        return null;
      }
      locked = true;
      return new Lock() {
        @Override
        public boolean stillHeld() {
          return !lockRemoved;
        }

        @Override
        public void replace(LedgerEntry next) throws IOException {
          if (full) {
            throw new IOException("full");
          }
          entry = next;
        }

        @Override
        public void delete() throws IOException {
          if (undeletable) {
            throw new IOException("not removed");
          }
          entry = null;
        }

        @Override
        public void release() {
          locked = false;
        }
      };
    }
  }
}
