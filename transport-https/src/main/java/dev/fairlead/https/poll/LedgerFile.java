package dev.fairlead.https.poll;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where one device's entry is kept. May block. */
interface LedgerFile {
  /**
   * Reads without a lock; a reader never sees half an entry.
   *
   * @return the entry; empty if there is none, or something that is none
   * @throws IOException if there may be one that cannot be read
   */
  Optional<LedgerEntry> read() throws IOException;

  /**
   * Whether there is an entry, or something in its place.
   *
   * @return false if there is certainly nothing
   * @throws IOException if that is unknown
   */
  boolean exists() throws IOException;

  /**
   * Tries to become the only one who writes, among all clients and processes. Does not wait.
   *
   * @return null if another has the lock
   * @throws IOException if there can be no lock here
   */
  @Nullable Lock tryLock() throws IOException;

  /** The right to write. It ends with the process at the latest. */
  interface Lock {
    /**
     * Whether it still keeps others out: not if somebody removed the lock file.
     *
     * @return true while it does
     */
    boolean stillHeld();

    /**
     * Replaces the entry as a whole. It is on the disk, and would survive a power cut, when this
     * returns.
     *
     * @throws IOException if that is not certain, then the old or the new entry is there; or if the
     *     lock is not held any more, then nothing was changed
     */
    void replace(LedgerEntry entry) throws IOException;

    /**
     * Makes sure that there is no entry, after a power cut either.
     *
     * @throws IOException if that is not certain, or if the lock is not held any more
     */
    void delete() throws IOException;

    /** Gives it up. */
    void release();
  }
}
