package dev.fairlead.https.poll;

import dev.fairlead.https.poll.PollDecision.Poll;
import dev.fairlead.https.poll.PollDecision.Wait;
import dev.fairlead.https.poll.PollDecision.Why;
import java.io.IOException;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when a device may poll. Any unknown time counts as "a poll began just now", which is
 * noted too, so that the device waits once and not at each restart.
 *
 * <p>Two entries of one boot are compared by the clock since boot alone. An entry of an earlier
 * boot is compared by the wall clock, once: it is then written again in terms of this boot.
 *
 * <p>If nothing can be written, the lock is held instead: while it is held, no other process can
 * poll, so after a full interval a poll is safe.
 *
 * <p>Used by one thread.
 */
final class PollLedger {
  private static final Logger log = LoggerFactory.getLogger(PollLedger.class);

  private final LedgerFile file;
  private final PollClock clock;
  private final RandomGenerator random;

  /** An entry of a clock that cannot be read here, and when it was first seen. */
  private @Nullable LedgerEntry foreign;

  private long foreignSeenAt;

  /** Since when nothing could be written and this process did not poll. */
  private @Nullable Unkept unkept;

  PollLedger(LedgerFile file, PollClock clock, RandomGenerator random) {
    this.file = file;
    this.clock = clock;
    this.random = random;
  }

  private record Unkept(long sinceUpMillis, LedgerFile.@Nullable Lock lock) {}

  /**
   * Checks when the next poll may begin.
   *
   * @param spacingMillis between two polls
   * @param poll whether to note a poll if it may begin now
   * @return a poll, if it was noted; else how long to wait, zero if a poll might be noted
   *     immediately
   */
  PollDecision examine(long spacingMillis, boolean poll) {
    try {
      Optional<LedgerEntry> entry = file.read();
      // After the file, so that an entry is never younger than computed.
      ClockReading now = clock.read();
      if (entry.isPresent()) {
        long age = age(entry.get(), now);
        if (age >= 0 && !needsRewriting(entry.get(), now)) {
          if (age < spacingMillis) {
            return new Wait(spacingMillis - age, Why.NOT_YET);
          }
          if (!poll) {
            return new Wait(0, Why.NOT_YET);
          }
        }
      }
    } catch (IOException e) {
      log.debug("The note on the last poll cannot be read", e);
    }
    return examineLocked(spacingMillis, poll);
  }

  private PollDecision examineLocked(long spacing, boolean poll) {
    LedgerFile.Lock lock = unkept == null ? null : unkept.lock();
    if (lock != null && !lock.stillHeld()) {
      close();
      lock = null;
    }
    if (lock == null) {
      try {
        lock = file.tryLock();
      } catch (IOException e) {
        return withoutNote(spacing, poll, null, e);
      }
      if (lock == null) {
        // The holder of the lock must be assumed to be about to poll.
        return new Wait(spacing, Why.BUSY);
      }
    }
    try {
      return rewrite(lock, spacing, poll);
    } catch (IOException e) {
      return withoutNote(spacing, poll, lock, e);
    } finally {
      if (unkept == null || unkept.lock() != lock) {
        lock.release();
      }
    }
  }

  private PollDecision rewrite(LedgerFile.Lock lock, long spacing, boolean poll)
      throws IOException {
    Optional<LedgerEntry> entry = file.read();
    // After reading, as above, and before writing: the poll counts from here, and is invalid if
    // writing takes too long.
    ClockReading now = clock.read();
    long age = entry.map(last -> age(last, now)).orElse(-1L);
    boolean rewrite = entry.isEmpty() || needsRewriting(entry.get(), now);
    if (age >= spacing) {
      if (!poll) {
        return new Wait(0, Why.NOT_YET);
      }
      note(lock, now, 0);
      return new Poll(now);
    }
    if (rewrite) {
      note(lock, now, Math.max(0, age));
    }
    return new Wait(spacing - Math.max(0, age), age < 0 ? Why.UNKNOWN : Why.NOT_YET);
  }

  private void note(LedgerFile.Lock lock, ClockReading now, long age) throws IOException {
    lock.replace(
        new LedgerEntry(
            random.nextLong(),
            new ClockReading(now.wallMillis() - age, now.boot(), now.upMillis() - age)));
    unkept = null;
  }

  /** How long ago that was at least, in milliseconds; negative if nothing can be said. */
  private long age(LedgerEntry entry, ClockReading now) {
    ClockReading at = entry.at();
    if (at.boot().equals(now.boot())) {
      return now.upMillis() - at.upMillis();
    }
    if (now.sharedByProcesses() && at.sharedByProcesses()) {
      // Across a reboot there is only the wall clock. A clock that was set forward since cannot be
      // distinguished from time that passed: the only undecidable case.
      return now.wallMillis() - at.wallMillis();
    }
    if (now.sharedByProcesses()) {
      return -1;
    }
    if (!entry.equals(foreign)) {
      foreign = entry;
      foreignSeenAt = now.upMillis();
    }
    return now.upMillis() - foreignSeenAt;
  }

  /**
   * Whether an entry that does not allow a poll yet is to be written in terms of this process's
   * clock. Not where each process has a clock of its own: two would wait for each other for ever.
   */
  private static boolean needsRewriting(LedgerEntry entry, ClockReading now) {
    return entry.at().boot().equals(now.boot())
        ? now.upMillis() < entry.at().upMillis()
        : now.sharedByProcesses();
  }

  private PollDecision withoutNote(
      long spacing, boolean poll, LedgerFile.@Nullable Lock lock, IOException cause) {
    log.debug("A poll cannot be noted", cause);
    if (lock == null && somethingIsThere()) {
      // It cannot be removed, and after a restart that can write again it would count as the last
      // poll.
      unkept = null;
      return new Wait(spacing, Why.STUCK);
    }
    ClockReading now = clock.read();
    Unkept since = unkept;
    long age = since == null ? -1 : now.upMillis() - since.sinceUpMillis();
    if (since == null || age < 0 || (lock == null) != (since.lock() == null)) {
      unkept = new Unkept(now.upMillis(), lock);
      return new Wait(spacing, Why.UNKEPT);
    }
    if (age < spacing) {
      return new Wait(spacing - age, Why.UNKEPT);
    }
    if (!poll) {
      return new Wait(0, Why.UNKEPT);
    }
    if (lock != null) {
      try {
        lock.delete();
      } catch (IOException e) {
        log.debug("The note on an earlier poll cannot be removed", e);
        return new Wait(spacing, Why.STUCK);
      }
    }
    unkept = new Unkept(now.upMillis(), lock);
    return new Poll(now);
  }

  private boolean somethingIsThere() {
    try {
      return file.exists();
    } catch (IOException e) {
      return true;
    }
  }

  /** Forgets the state that is only in memory. */
  void close() {
    if (unkept != null && unkept.lock() != null) {
      unkept.lock().release();
    }
    unkept = null;
  }
}
