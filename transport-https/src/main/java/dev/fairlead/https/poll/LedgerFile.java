package dev.fairlead.https.poll;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The storage of one device's entry. May block. */
interface LedgerFile {
  /**
   * Reads without a lock; a reader never sees half an entry.
   *
   * @return the entry; empty if there is none, or if it is invalid
   * @throws IOException if there may be one that cannot be read
   */
  Optional<LedgerEntry> read() throws IOException;

  /**
   * Whether there is an entry, or another file in its place.
   *
   * @return false if there is certainly nothing
   * @throws IOException if that is unknown
   */
  boolean exists() throws IOException;

  /**
   * Tries to become the only writer among all clients and processes. Does not wait.
   *
   * @return null if another has the lock
   * @throws IOException if there can be no lock here
   */
  @Nullable Lock tryLock() throws IOException;

  /** The right to write. It ends at the latest with the process. */
  interface Lock {
    /**
     * Whether it still excludes others; it does not if the lock file was removed.
     *
     * @return true while it does
     */
    boolean stillHeld();

    /**
     * Replaces the entry as a whole. It is on the disk, and would survive a power cut, when this
     * returns.
     *
     * @throws IOException if that is not certain, then the old or the new entry is there; or if the
     *     lock is no longer held, then nothing was changed
     */
    void replace(LedgerEntry entry) throws IOException;

    /**
     * Makes sure that there is no entry, even after a power cut.
     *
     * @throws IOException if that is not certain, or if the lock is no longer held
     */
    void delete() throws IOException;

    /** Releases it. */
    void release();
  }
}
