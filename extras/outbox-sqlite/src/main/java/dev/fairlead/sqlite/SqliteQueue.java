package dev.fairlead.sqlite;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.Priority;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.StoredQueueStatus;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The stored messages of one identity, as its client sees them. */
final class SqliteQueue implements StoredQueue {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteOutboxStore.class);

  /** How often an empty answer is checked against the counters, in milliseconds. */
  private static final long CHECK_PAUSE = 60_000;

  private final StoreWriter writer;
  private final StoreClock clock;
  private final QueueState state;
  private final Runnable whenClosed;
  private volatile boolean closed;

  // The store's thread alone uses this.
  private long checkedAt = Long.MIN_VALUE / 2;

  SqliteQueue(StoreWriter writer, StoreClock clock, QueueState state, Runnable whenClosed) {
    this.writer = writer;
    this.clock = clock;
    this.state = state;
    this.whenClosed = whenClosed;
  }

  @Override
  public StoredQueueStatus status() {
    return state.status();
  }

  @Override
  public CompletionStage<Void> write(List<Added> added, List<Long> removed) {
    if (closed) {
      return CompletableFuture.failedFuture(closedFailure());
    }
    try {
      long now = clock.now();
      long wall = clock.wall();
      List<QueueWrite.Encoded> encoded = new ArrayList<>(added.size());
      for (Added message : added) {
        encoded.add(encode(message, now, wall));
      }
      QueueWrite write = new QueueWrite(state, encoded, Ranges.of(removed));
      writer.write(write);
      return write.done;
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private QueueWrite.Encoded encode(Added added, long now, long wall) {
    long sequence = added.sequence();
    if (sequence < 1 || sequence > RowId.MAX_SEQUENCE) {
      throw new IllegalArgumentException(
          "The number of a message is 1 to " + RowId.MAX_SEQUENCE + ", not " + sequence + ".");
    }
    long id = RowId.of(state.id(), added.message().priority(), sequence);
    return new QueueWrite.Encoded(
        id,
        added.message().size(),
        MessageRecord.due(now, MessageRecord.nanos(added.timeToLive())),
        MessageRecord.encode(id, added, now, wall, state.salt));
  }

  @Override
  public CompletionStage<Page> read(Priority priority, long after, int maxMessages, long maxBytes) {
    if (closed) {
      return CompletableFuture.failedFuture(closedFailure());
    }
    if (after >= RowId.MAX_SEQUENCE) {
      return CompletableFuture.completedFuture(new Page(List.of(), List.of(), true));
    }
    long first = Math.max(0, after) + 1;
    return writer.read(
        database -> {
          PageReader page = new PageReader(maxMessages, maxBytes, true);
          boolean end =
              database.scan(
                  RowId.of(state.id(), priority, first),
                  RowId.of(state.id(), priority, RowId.MAX_SEQUENCE),
                  page::row);
          if (end && page.rows == 0) {
            checkCount(database, priority, first);
          }
          return page.finish(end);
        });
  }

  @Override
  public CompletionStage<Page> readExpired(int maxMessages) {
    if (closed) {
      return CompletableFuture.failedFuture(closedFailure());
    }
    return writer.read(
        database -> {
          PageReader page = new PageReader(maxMessages, Long.MAX_VALUE, false);
          boolean end = database.expired(state.id(), page.now, page::row);
          if (page.wrongIndex) {
            database.reindex();
          }
          return page.finish(end);
        });
  }

  @Override
  public CompletionStage<Optional<Duration>> nextExpiry() {
    if (closed) {
      return CompletableFuture.failedFuture(closedFailure());
    }
    return writer.read(
        database -> {
          long due = database.firstDue(state.id());
          return due == Long.MAX_VALUE
              ? Optional.empty()
              : Optional.of(Duration.ofMillis(Math.max(0, due - clock.now())));
        });
  }

  /**
   * Damage can hide messages from a read without any error. The counters show it when a read finds
   * nothing more.
   */
  private void checkCount(Database database, Priority priority, long first)
      throws SQLException, Damage {
    int code = RowId.code(priority);
    long count = state.counters.counts[code];
    long now = clock.now();
    if (count == 0 || now - checkedAt < CHECK_PAUSE) {
      return;
    }
    checkedAt = now;
    long found =
        database
            .measure(RowId.of(state.id(), priority, 0), RowId.of(state.id(), priority, first - 1))
            .count();
    if (found != count) {
      throw new Damage("messages are missing");
    }
  }

  private OutboxStoreException closedFailure() {
    return new OutboxStoreException(
        "The stored queue of " + state.owner().identity() + " is closed.", null);
  }

  @Override
  public void close() {
    closed = true;
    whenClosed.run();
  }

  /** Collects the rows of one page. */
  private final class PageReader {
    private final int maxMessages;
    private final long maxBytes;
    private final boolean ordered;
    private final long now = clock.now();
    private final List<Stored> messages = new ArrayList<>();
    private final Map<Long, byte[]> damaged = new LinkedHashMap<>();
    private long bytes;
    private long previous = -1;
    private int rows;
    private boolean wrongIndex;

    PageReader(int maxMessages, long maxBytes, boolean ordered) {
      this.maxMessages = maxMessages;
      this.maxBytes = maxBytes;
      this.ordered = ordered;
    }

    /** Returns whether to go on; this row is not part of the page if not. */
    boolean row(long id, byte[] blob) throws Damage {
      if (messages.size() + damaged.size() >= maxMessages || bytes >= maxBytes) {
        return false;
      }
      if ((ordered && id <= previous) || RowId.queue(id) != state.id()) {
        throw new Damage("messages are out of order");
      }
      previous = id;
      rows++;
      if (state.hidden(RowId.sequence(id))) {
        return true;
      }
      MessageRecord record;
      try {
        record = MessageRecord.decode(blob, state.salt);
      } catch (Damage e) {
        damaged.put(id, blob);
        return true;
      }
      if (record.id() != id) {
        throw new Damage("a message is stored under a wrong key");
      }
      if (!ordered && record.due() > now) {
        wrongIndex = true;
        return true;
      }
      messages.add(record.stored(now));
      bytes += record.message().size();
      return true;
    }

    Page finish(boolean end) {
      if (!damaged.isEmpty()) {
        LOG.error(
            "{} stored messages of {} are damaged and are not sent. They are set aside in the"
                + " file.",
            damaged.size(),
            state.owner().identity());
        writer.apply(new SetAside(state, damaged));
      }
      return new Page(
          List.copyOf(messages), damaged.keySet().stream().map(RowId::sequence).toList(), end);
    }
  }
}
