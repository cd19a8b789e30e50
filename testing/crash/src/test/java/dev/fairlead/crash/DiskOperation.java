package dev.fairlead.crash;

/**
 * What a process did to the files of one folder, in the order in which the kernel saw it. Files are
 * numbered, because a name can belong to several files one after the other.
 */
sealed interface DiskOperation {
  /** A new, empty file. */
  record Create(int file, String name) implements DiskOperation {}

  /** Bytes written. */
  record Write(int file, long offset, byte[] bytes) implements DiskOperation {}

  /** A new length. */
  record Truncate(int file, long length) implements DiskOperation {}

  /** An fsync that succeeded. */
  record Sync(int file) implements DiskOperation {}

  /** An fsync that failed. */
  record FailedSync(int file) implements DiskOperation {}

  /** An fsync of the folder that succeeded. */
  record SyncFolder() implements DiskOperation {}

  /** A name removed. */
  record Unlink(String name) implements DiskOperation {}

  /** A name given to the file of another name. */
  record Rename(String from, String to) implements DiskOperation {}

  /** No operation on the disk: a line of the process, at its place among the operations. */
  record Mark(String text) implements DiskOperation {}
}
