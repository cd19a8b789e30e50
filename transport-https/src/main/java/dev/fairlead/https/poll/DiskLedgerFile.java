package dev.fairlead.https.poll;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device's entry in a directory: {@code <owner>.poll}, and {@code <owner>.lock}, which is locked
 * and never removed.
 */
final class DiskLedgerFile implements LedgerFile {
  private static final Logger log = LoggerFactory.getLogger(DiskLedgerFile.class);

  private final Path directory;
  private final String owner;
  private final Path entryPath;
  private final Path newPath;
  private final Path lockPath;

  /**
   * @param directory the directory; created when needed, readable by this user only
   * @param owner a name of the device that is safe in a file name
   */
  DiskLedgerFile(Path directory, String owner) {
    this.directory = directory;
    this.owner = owner;
    entryPath = directory.resolve(owner + ".poll");
    newPath = directory.resolve(owner + ".new");
    lockPath = directory.resolve(owner + ".lock");
  }

  @Override
  public Optional<LedgerEntry> read() throws IOException {
    // A pipe or a device at this path would block or never end.
    if (Files.exists(entryPath, NOFOLLOW_LINKS)
        && !Files.isRegularFile(entryPath, NOFOLLOW_LINKS)) {
      throw new IOException(entryPath + " is not a regular file");
    }
    ByteBuffer bytes = ByteBuffer.allocate(LedgerEntry.MAX_BYTES + 1);
    try (FileChannel channel = FileChannel.open(entryPath, Set.of(READ, NOFOLLOW_LINKS))) {
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // A read may return only a part of the file.
      }
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
    byte[] read = new byte[bytes.flip().remaining()];
    bytes.get(read);
    return LedgerEntry.decode(read, owner);
  }

  @Override
  public boolean exists() throws IOException {
    if (Files.exists(entryPath, NOFOLLOW_LINKS)) {
      return true;
    }
    for (Path above = entryPath; above != null; above = above.getParent()) {
      if (Files.notExists(above, NOFOLLOW_LINKS) || Files.isRegularFile(above)) {
        return false;
      }
    }
    throw new IOException("Whether there is " + entryPath + " is unknown");
  }

  /**
   * A rename is on the disk only when its directory is. Windows has no such call, and needs none.
   */
  private void forceDirectory() throws IOException {
    if (onPosix()) {
      try (FileChannel channel = FileChannel.open(directory, READ)) {
        channel.force(true);
      }
    }
  }

  @Override
  public @Nullable Lock tryLock() throws IOException {
    // The kernel's lock is held by the whole process, and closing any channel of this file releases
    // it. So code without this process's turn must not even open the file. The turn is a system
    // property, because class loaders share those.
    String turn = "dev.fairlead.https.poll.lock:" + lockPath;
    if (System.getProperties().putIfAbsent(turn, "held") != null) {
      return null;
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      makeDirectory();
      channel = FileChannel.open(lockPath, Set.of(CREATE, WRITE, NOFOLLOW_LINKS));
      if (channel.tryLock() == null) {
        return null;
      }
      DiskLock lock = new DiskLock(turn, channel);
      locked = true;
      return lock;
    } catch (OverlappingFileLockException otherwiseLocked) {
      log.debug("{} is locked by other code of this process", lockPath);
      return null;
    } finally {
      if (!locked) {
        close(channel);
        System.getProperties().remove(turn);
      }
    }
  }

  /** The open channel is the lock. */
  private final class DiskLock implements Lock {
    private final String turn;
    private final FileChannel channel;
    private final @Nullable Object key;

    DiskLock(String turn, FileChannel channel) throws IOException {
      this.turn = turn;
      this.channel = channel;
      key = fileKey(lockPath);
    }

    @Override
    public boolean stillHeld() {
      try {
        return Objects.equals(key, fileKey(lockPath));
      } catch (IOException removed) {
        return false;
      }
    }

    @Override
    public void replace(LedgerEntry entry) throws IOException {
      // Left by a process that ended while it wrote, or created by other software.
      Files.deleteIfExists(newPath);
      try (FileChannel file =
          FileChannel.open(newPath, Set.of(CREATE_NEW, WRITE, NOFOLLOW_LINKS))) {
        ByteBuffer bytes = ByteBuffer.wrap(entry.encode(owner));
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
        file.force(true);
      }
      // Checked only now: if the directory is removed after this, the new file is removed too and
      // cannot be moved.
      checkHeld();
      Files.move(
          newPath, entryPath, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceDirectory();
    }

    @Override
    public void delete() throws IOException {
      if (Files.deleteIfExists(entryPath)) {
        forceDirectory();
      }
      checkHeld();
    }

    private void checkHeld() throws IOException {
      if (!stillHeld()) {
        throw new IOException(lockPath + " was removed while it was locked");
      }
    }

    @Override
    public void release() {
      close(channel);
      System.getProperties().remove(turn);
    }
  }

  /** What a file is, regardless of its name; null if the system does not tell. */
  private static @Nullable Object fileKey(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW_LINKS).fileKey();
  }

  private void makeDirectory() throws IOException {
    if (!Files.isDirectory(directory)) {
      FileAttribute<?>[] forThisUser =
          onPosix()
              ? new FileAttribute<?>[] {
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
              }
              : new FileAttribute<?>[0];
      Files.createDirectories(directory, forThisUser);
    }
  }

  private boolean onPosix() {
    return directory.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private static void close(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        log.debug("A lock file was not closed cleanly", e);
      }
    }
  }
}
