package dev.fairlead.sqlite;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxStoreException;
import dev.fairlead.TimeSource;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueueStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the queued messages of all devices of a process in one SQLite file, so that they survive a
 * restart and a power cut.
 *
 * <pre>{@code
 * try (SqliteOutboxStore store = SqliteOutboxStore.open(Path.of("/var/lib/meter/outbox.db"))) {
 *   // give it to each client, and close it after them
 * }
 * }</pre>
 *
 * <p><b>What is promised.</b> The stage of {@link StoredQueue#write} completes when the messages
 * are on the disk (SQLite's write-ahead log, synced). A removal alone does not wait for the disk:
 * its stage completes when reads no longer find the message, and it is committed with the next
 * messages, or after one second or the commit interval, whichever is longer. If power fails before
 * that, a message is sent again. If that commit fails, the store tries again. {@link
 * StoredQueue#status} is as of the last commit or removal.
 *
 * <p><b>Errors of the disk.</b> If the disk is full, read-only or broken, the stages fail with a
 * text that says so, nothing of them is stored, and the store goes on with later calls. A record
 * whose checksum is wrong is never returned as a message. A file that is damaged, or of another
 * program, is renamed to {@code <name>.damaged-<time>}, with an error in the log, and what can be
 * read of it is copied into a new file. The renamed file is not deleted.
 *
 * <p><b>Size.</b> Messages are not held in memory. Removed messages leave room in the file for new
 * ones; if nearly all of a file of more than 16 MB is unused, it is made smaller. The log beside
 * the file takes 4 MB, and for a short time up to 16 MB.
 *
 * <p>One store has the file to itself; a second one is refused. It has one thread, a daemon, which
 * sleeps if there is nothing to do. Safe for any thread.
 */
public final class SqliteOutboxStore implements OutboxStore {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteOutboxStore.class);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private final StoreFile file;
  private final Queues queues;
  private final StoreClock clock;
  private final StoreWriter writer;
  private final Set<DeviceIdentity> open = new HashSet<>();

  private SqliteOutboxStore(Builder builder) {
    NativeLibrary.load(builder.nativeLibrary, builder.temporaryFolder);
    file = StoreFile.of(builder.file, builder.maxBytes / Schema.PAGE_BYTES);
    StoreLock lock = StoreLock.take(file.path());
    boolean started = false;
    try {
      queues = new Queues();
      Database database = file.open(builder.time.now(), queues, true);
      clock = new StoreClock(builder.time, queues.clock(), queues.wall());
      writer =
          new StoreWriter(
              file, database, builder.time, clock, builder.commitInterval, queues, lock::close);
      writer.start();
      started = true;
    } finally {
      if (!started) {
        lock.close();
      }
    }
  }

  /**
   * Opens a store with the default options, and creates the file if there is none.
   *
   * @param file the file; its folder must be writable. There will be {@code <name>-wal} and {@code
   *     <name>.lock} beside it
   * @return the store, to be closed after its clients
   * @throws OutboxStoreException if the file is in use, of a newer version, or cannot be written
   */
  public static SqliteOutboxStore open(Path file) {
    return builder(file).open();
  }

  /**
   * Starts to configure a store.
   *
   * @param file the file, as for {@link #open}
   * @return a builder with the default options
   */
  public static Builder builder(Path file) {
    return new Builder(file);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Waits for the disk if the identity is new to the file.
   */
  @Override
  public StoredQueue open(DeviceIdentity identity, String hubHost) {
    Objects.requireNonNull(hubHost, "hubHost");
    synchronized (open) {
      if (!open.add(Objects.requireNonNull(identity, "identity"))) {
        throw openAlready(identity);
      }
    }
    boolean opened = false;
    try {
      QueueState state = join(writer.read(database -> find(identity, hubHost)));
      if (state.status().messages() == 0) {
        direct(state, hubHost);
      }
      if (!sameHost(state, hubHost)) {
        throw new OutboxStoreException(
            "The outbox file "
                + file.path()
                + " has "
                + state.status().messages()
                + " messages of "
                + identity
                + " for the hub "
                + state.owner().hubHost()
                + ", not for "
                + hubHost
                + ". If the device was moved, call moveToHub to send them to the new hub, or delete"
                + " to give them up.",
            null);
      }
      opened = true;
      return new SqliteQueue(writer, clock, state, () -> closed(identity));
    } finally {
      if (!opened) {
        closed(identity);
      }
    }
  }

  private QueueState find(DeviceIdentity identity, String hubHost) {
    QueueState state = queues.find(identity);
    return state == null ? queues.create(identity, hubHost) : state;
  }

  private void direct(QueueState state, String hubHost) {
    if (!sameHost(state, hubHost) || !state.stored()) {
      QueueOwner owner = state.owner();
      OwnerChange change =
          new OwnerChange(
              state,
              new QueueOwner(owner.queue(), owner.revision() + 1, owner.identity(), hubHost));
      writer.write(change);
      join(change.done);
    }
  }

  private static boolean sameHost(QueueState state, String hubHost) {
    return state.owner().hubHost().equalsIgnoreCase(hubHost);
  }

  private void closed(DeviceIdentity identity) {
    synchronized (open) {
      open.remove(identity);
    }
  }

  @Override
  public List<StoredQueueStatus> queues() {
    return join(
        writer.read(
            database ->
                queues.all().stream()
                    .map(QueueState::status)
                    .filter(status -> status.messages() > 0)
                    .sorted(Comparator.comparing(status -> status.identity().toString()))
                    .toList()));
  }

  @Override
  public void moveToHub(DeviceIdentity identity, String hubHost) {
    Objects.requireNonNull(hubHost, "hubHost");
    whileClosed(
        identity,
        state -> {
          direct(state, hubHost);
          return 0;
        });
  }

  @Override
  public long delete(DeviceIdentity identity) {
    return whileClosed(
        identity,
        state -> {
          long before = state.status().messages();
          Deletion deletion = new Deletion(state);
          writer.write(deletion);
          join(deletion.done);
          return before;
        });
  }

  /** Does something with a queue that is not open, and keeps others from opening it. */
  private long whileClosed(DeviceIdentity identity, ToLongFunction<QueueState> action) {
    synchronized (open) {
      if (!open.add(Objects.requireNonNull(identity, "identity"))) {
        throw openAlready(identity);
      }
    }
    try {
      QueueState state =
          join(writer.read(database -> Optional.ofNullable(queues.find(identity)))).orElse(null);
      return state == null ? 0 : action.applyAsLong(state);
    } finally {
      closed(identity);
    }
  }

  private OutboxStoreException openAlready(DeviceIdentity identity) {
    return new OutboxStoreException(
        "The stored queue of "
            + identity
            + " in "
            + file.path()
            + " is open already. Close the client that uses it first.",
        null);
  }

  private static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof OutboxStoreException failure) {
        throw failure;
      }
      throw e;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Waits for up to 10 s. If the disk takes longer, the store's thread goes on and releases the
   * file when the disk answers.
   */
  @Override
  public void close() {
    if (!writer.close(CLOSE_LIMIT)) {
      LOG.warn(
          "The outbox file {} is still open. Its thread closes it when the disk answers.",
          file.path());
    }
  }

  /** Configures a {@link SqliteOutboxStore}. Not safe for several threads. */
  public static final class Builder {
    /** Two of them are shorter than the 10 s in which a client that is closed stores the rest. */
    static final Duration MOST_COMMIT_INTERVAL = Duration.ofSeconds(4);

    private static final long LEAST_BYTES = 1 << 20;

    private final Path file;
    private Duration commitInterval = Duration.ZERO;
    private long maxBytes;
    private @Nullable Path nativeLibrary;
    private @Nullable Path temporaryFolder;
    private TimeSource time = new SystemTime();

    private Builder(Path file) {
      this.file = Objects.requireNonNull(file, "file");
      if (file.toString().indexOf('?') >= 0) {
        throw new IllegalArgumentException(
            "The path of an outbox file cannot have a question mark: " + file);
      }
    }

    /**
     * Sets how long messages may wait for others before they are committed together. A longer
     * interval writes fewer bytes to the flash, and delays the stage of each message by up to that
     * time. Without it, a commit begins when the one before has ended.
     *
     * <p>Measured on ext4: a message of 100 bytes alone in its commit writes 13 KB, one of 16
     * together 1.3 KB, one of 256 together 400 bytes; of 1 KB, 17 KB, 4.1 KB and 2.9 KB.
     *
     * <p>A client has one write in progress, so a message that arrives during it waits for up to
     * two intervals. A client that is closed waits for 10 s for what is not stored yet, which is
     * why an interval is not longer than 4 s.
     *
     * @param interval zero (the default) to 4 s
     * @return this
     */
    public Builder commitInterval(Duration interval) {
      if (interval.isNegative() || interval.compareTo(MOST_COMMIT_INTERVAL) > 0) {
        throw new IllegalArgumentException(
            "A commit interval is zero to " + MOST_COMMIT_INTERVAL + ", not " + interval + ".");
      }
      commitInterval = interval;
      return this;
    }

    /**
     * Sets how large the file may become. When it is that large, messages that do not fit fail; the
     * log beside the file comes on top.
     *
     * @param bytes at least 1 MB; the disk alone is the limit by default
     * @return this
     */
    public Builder maxBytes(long bytes) {
      if (bytes < LEAST_BYTES) {
        throw new IllegalArgumentException(
            "An outbox file needs " + LEAST_BYTES + " bytes or more, not " + bytes + ".");
      }
      maxBytes = bytes;
      return this;
    }

    /**
     * Names the native library of SQLite, so that nothing is copied to a temporary folder: for a
     * root file system that is read-only, or if every writable folder is mounted noexec. The
     * library is in the jar of sqlite-jdbc, in the folder {@code
     * org/sqlite/native/<system>/<processor>}. It is loaded once in a process, by the first store.
     *
     * @param library the path of {@code libsqlitejdbc.so}
     * @return this
     */
    public Builder nativeLibrary(Path library) {
      nativeLibrary = Objects.requireNonNull(library, "library");
      return this;
    }

    /**
     * Names the folder that the native library is copied to from the jar. It must be writable and
     * not mounted noexec.
     *
     * @param folder {@code java.io.tmpdir} by default
     * @return this
     */
    public Builder temporaryFolder(Path folder) {
      temporaryFolder = Objects.requireNonNull(folder, "folder");
      return this;
    }

    Builder time(TimeSource source) {
      time = source;
      return this;
    }

    /**
     * Opens the store, and creates the file if there is none.
     *
     * @return the store, to be closed after its clients
     * @throws OutboxStoreException if the file is in use, of a newer version, or cannot be written,
     *     or the native library cannot be loaded
     */
    public SqliteOutboxStore open() {
      return new SqliteOutboxStore(this);
    }
  }
}
