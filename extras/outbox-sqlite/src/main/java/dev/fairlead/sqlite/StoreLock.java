package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second store off a file, in this process and in others. The lock ends with the process,
 * however it ends. The lock file stays, because deleting it would let two processes hold two locks.
 */
final class StoreLock implements AutoCloseable {
  private static final Set<Path> HELD = new HashSet<>();

  private final Path file;
  private final FileChannel channel;

  private StoreLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock of a file without waiting for it.
   *
   * @param file the store's file, with links resolved
   */
  static StoreLock take(Path file) {
    synchronized (HELD) {
      if (!HELD.add(file)) {
        throw inUse(file, "in this process. Give all clients the one store", null);
      }
      StoreLock lock = null;
      try {
        lock = open(file);
        return lock;
      } finally {
        if (lock == null) {
          HELD.remove(file);
        }
      }
    }
  }

  private static StoreLock open(Path file) {
    Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      FileChannel channel =
          FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        FileLock lock = channel.tryLock();
        if (lock != null) {
          return new StoreLock(file, channel);
        }
      } catch (OverlappingFileLockException e) {
        channel.close();
        throw inUse(file, "in this process, by another class loader", e);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      channel.close();
    } catch (IOException e) {
      throw new OutboxStoreException(
          "The outbox cannot be opened, because its folder cannot be written ("
              + e
              + "). It needs a writable folder for "
              + file
              + ".",
          e);
    }
    throw inUse(file, "by another process. Use one file for each process", null);
  }

  private static OutboxStoreException inUse(Path file, String where, @Nullable Throwable cause) {
    return new OutboxStoreException(
        "The outbox file " + file + " is already open " + where + ".", cause);
  }

  @Override
  public void close() {
    synchronized (HELD) {
      try {
        channel.close();
      } catch (IOException e) {
        // The lock is gone with the channel, whatever closing it reported.
      } finally {
        HELD.remove(file);
      }
    }
  }
}
