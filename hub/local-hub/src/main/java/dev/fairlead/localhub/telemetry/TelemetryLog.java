package dev.fairlead.localhub.telemetry;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.Telemetry;
import dev.fairlead.localhub.TelemetryRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The telemetry that the hub has accepted. A front end appends messages and flushes before it
 * acknowledges them; one flush may cover any number of messages.
 */
public final class TelemetryLog implements Telemetry, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TelemetryLog.class);

  private final HubTime time;
  private final int retention;
  private final @Nullable TelemetryFile file;
  private final List<Consumer<TelemetryRecord>> listeners = new CopyOnWriteArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final ArrayDeque<TelemetryRecord> records = new ArrayDeque<>();
  private long lastSequence;
  private long total;
  private long count;
  private int waiters;

  /**
   * @param time the hub's clock
   * @param retention how many records to keep in memory
   * @param path the file to write, too; null for none
   */
  public TelemetryLog(HubTime time, int retention, @Nullable Path path) throws IOException {
    this.time = time;
    this.retention = retention;
    this.file = path == null ? null : TelemetryFile.open(path);
    this.lastSequence = file == null ? 0 : file.lastSequence();
  }

  /** Stores a message; the body is not copied. */
  public void append(TelemetryOrigin origin, byte[] body, MessageProperties properties) {
    Map<String, String> system = withStamps(properties.system(), origin.stamps());
    TelemetryRecord stored;
    lock.lock();
    try {
      stored =
          new TelemetryRecord(
              ++lastSequence,
              origin.id().device(),
              origin.id().moduleOrNull(),
              body,
              properties.application(),
              system,
              time.now());
      if (file != null) {
        file.append(stored);
      }
      records.addLast(stored);
      if (records.size() > retention) {
        records.removeFirst();
      }
      count++;
      total++;
      if (waiters > 0) {
        arrived.signalAll();
      }
    } finally {
      lock.unlock();
    }
    for (Consumer<TelemetryRecord> listener : listeners) {
      try {
        listener.accept(stored);
      } catch (RuntimeException e) {
        LOG.warn(
            "A telemetry listener failed on {}. The message is stored nevertheless.", stored, e);
      }
    }
  }

  private static Map<String, String> withStamps(
      Map<String, String> own, Map<String, String> stamps) {
    if (own.isEmpty()) {
      return stamps;
    }
    Map<String, String> all = new LinkedHashMap<>(own);
    all.putAll(stamps); // The hub's stamps override the device's own values.
    return Collections.unmodifiableMap(all);
  }

  /**
   * Returns when all messages appended before are in the file, if there is one.
   *
   * @throws IOException if the file cannot be written; the messages must not be acknowledged then
   */
  public void flush() throws IOException {
    if (file != null) {
      file.flush();
    }
  }

  @Override
  public List<TelemetryRecord> received() {
    lock.lock();
    try {
      return List.copyOf(records);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<TelemetryRecord> receivedFrom(String deviceId) {
    return received().stream().filter(stored -> stored.deviceId().equals(deviceId)).toList();
  }

  @Override
  public long count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long total() {
    lock.lock();
    try {
      return total;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<TelemetryRecord> await(int wanted, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    lock.lock();
    waiters++;
    try {
      while (count < wanted) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new IllegalStateException(
              "The hub has received "
                  + count
                  + " telemetry messages within "
                  + timeout
                  + ", not "
                  + wanted
                  + ". Look at the client's log, or wait longer.");
        }
        if (arrived.awaitNanos(left) <= 0) {
          LOG.trace("The wait timed out; the count is checked once more.");
        }
      }
      return List.copyOf(records);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(
          "Interrupted while waiting for " + wanted + " telemetry messages.", e);
    } finally {
      waiters--;
      lock.unlock();
    }
  }

  @Override
  public AutoCloseable onTelemetry(Consumer<TelemetryRecord> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  @Override
  public void clear() {
    lock.lock();
    try {
      records.clear();
      count = 0;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
