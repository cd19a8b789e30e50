package dev.fairlead.https.poll;

import java.io.IOException;
import java.io.Serial;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a {@link PollWorld}. What is in it survives everything but the adversary, who
 * removes and damages it, lets writes and removals fail, and takes the lock.
 */
final class PollDisk {
  private final PollWorld world;
  private @Nullable LedgerEntry entry;
  private boolean damaged;
  private @Nullable SimulatedLock lock;
  private boolean full;
  private boolean readOnly;
  private boolean cannotDelete;

  PollDisk(PollWorld world) {
    this.world = world;
  }

  void released(PollWorld.Process process) {
    if (lock != null && lock.owner == process) {
      lock = null;
    }
  }

  void removeAll() {
    if (!readOnly) {
      entry = null;
      damaged = false;
      lock = null;
    }
  }

  void damage() {
    if (!readOnly && entry != null) {
      entry = null;
      damaged = true;
    }
  }

  void changeFaults() {
    full = world.random.nextInt(3) == 0;
    cannotDelete = world.random.nextInt(4) == 0;
    // The second thing that cannot be decided: processes that cannot write at all and find
    // nothing to read do not see each other.
    readOnly = world.random.nextInt(4) == 0 && (world.isAlone() || entry != null || damaged);
  }

  void foreignLock() {
    if (lock == null) {
      lock = new SimulatedLock(null);
    } else if (lock.owner == null) {
      lock = null;
    }
  }

  void rebooted() {
    lock = null;
  }

  /** The disk as one process sees it. */
  LedgerFile fileOf(PollWorld.Process process) {
    return new FileOf(process);
  }

  private final class SimulatedLock implements LedgerFile.Lock {
    private final @Nullable PollWorld.Process owner;

    SimulatedLock(@Nullable PollWorld.Process owner) {
      this.owner = owner;
    }

    @Override
    public boolean stillHeld() {
      return lock == this;
    }

    @Override
    public void replace(LedgerEntry written) throws IOException {
      arrive();
      check();
      if (full || readOnly || (!world.calm && world.random.nextInt(64) == 0)) {
        world.tally.failedWrites++;
        if (!readOnly && world.random.nextInt(8) == 0) {
          // It is there although its writer does not know.
          entry = written;
          damaged = false;
        }
        throw DiskError.ERROR;
      }
      entry = written;
      damaged = false;
      arrive();
    }

    @Override
    public void delete() throws IOException {
      arrive();
      check();
      if (entry == null && !damaged) {
        return;
      }
      if (readOnly || cannotDelete) {
        throw DiskError.ERROR;
      }
      entry = null;
      damaged = false;
      arrive();
    }

    private void arrive() {
      if (owner != null) {
        world.point(owner);
      }
    }

    private void check() throws IOException {
      if (!stillHeld()) {
        throw DiskError.ERROR;
      }
    }

    @Override
    public void release() {
      if (lock == this) {
        lock = null;
      }
    }
  }

  /** The disk as one process sees it. */
  private final class FileOf implements LedgerFile {
    private final PollWorld.Process process;

    FileOf(PollWorld.Process process) {
      this.process = process;
    }

    @Override
    public Optional<LedgerEntry> read() {
      world.point(process);
      world.entryRead(process, entry);
      return Optional.ofNullable(entry);
    }

    @Override
    public boolean exists() {
      world.point(process);
      return entry != null || damaged;
    }

    @Override
    public @Nullable Lock tryLock() throws IOException {
      world.point(process);
      if (readOnly) {
        throw DiskError.ERROR;
      }
      if (lock != null) {
        world.tally.busy++;
        return null;
      }
      SimulatedLock taken = new SimulatedLock(process);
      lock = taken;
      return taken;
    }
  }

  private static final class DiskError extends IOException {
    @Serial private static final long serialVersionUID = 1;
    static final DiskError ERROR = new DiskError();

    private DiskError() {
      super("the disk is full or read-only");
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }
}
