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
   * Replaces the entry as a whole. It is on the disk, and would survive a power cut, when this
   * returns. The caller has the lock.
   *
   * @throws IOException if that is not certain; then the old or the new entry is there
   */
  void replace(LedgerEntry entry) throws IOException;

  /**
   * Makes sure that there is no entry, after a power cut either.
   *
   * @throws IOException if that is not certain
   */
  void delete() throws IOException;

  /**
   * Tries to become the only one who writes, among all clients and processes. Does not wait.
   *
   * @return null if another has the lock
   * @throws IOException if there can be no lock here
   */
  @Nullable Lock tryLock() throws IOException;

  /** The right to write. It ends with the process at the latest. */
  interface Lock {
    /** Gives it up. */
    void release();
  }
}
