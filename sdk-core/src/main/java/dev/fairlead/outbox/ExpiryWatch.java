package dev.fairlead.outbox;

import dev.fairlead.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the queued message that expires next, and keeps one alarm for it; there is no alarm while
 * nothing is due. Guarded by the outbox's lock; the alarm comes on a thread of the time source.
 */
final class ExpiryWatch {
  private static final long NEVER = Long.MAX_VALUE;

  /** A century means "for ever", and is far from overflow. */
  private static final long MAX_SECONDS = 100L * 366 * 86_400;

  private final TimeSource time;
  private final Runnable whenDue;
  private final long beginNanos;
  private final TreeSet<Entry> waiting = new TreeSet<>(Entry.BY_EXPIRY);
  private TimeSource.@Nullable Alarm alarm;
  private long alarmNanos;

  ExpiryWatch(TimeSource time, Runnable whenDue) {
    this.time = time;
    this.whenDue = whenDue;
    this.beginNanos = time.nanoTime();
  }

  /** When a message of that time to live expires, in nanoseconds since this watch began. */
  long deadline(@Nullable Duration timeToLive) {
    return timeToLive == null
        ? NEVER
        : now()
            + Math.min(timeToLive.toSeconds(), MAX_SECONDS) * 1_000_000_000L
            + timeToLive.toNanosPart();
  }

  /** How long a message may still wait; it has a time to live. */
  Duration left(Entry entry) {
    return Duration.ofNanos(Math.max(0, entry.expiresNanos - now()));
  }

  void add(Entry entry) {
    if (entry.expiresNanos != NEVER) {
      waiting.add(entry);
      setAlarm();
    }
  }

  void remove(Entry entry) {
    if (entry.expiresNanos != NEVER) {
      waiting.remove(entry);
    }
  }

  /** Takes out and returns what has expired. */
  List<Entry> due() {
    if (waiting.isEmpty()) {
      return List.of();
    }
    long now = now();
    List<Entry> due = new ArrayList<>();
    while (!waiting.isEmpty() && waiting.first().expiresNanos <= now) {
      due.add(waiting.pollFirst());
    }
    setAlarm();
    return due;
  }

  void alarmCame() {
    alarm = null;
  }

  void close() {
    waiting.clear();
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  private void setAlarm() {
    if (waiting.isEmpty()) {
      return;
    }
    long earliest = waiting.first().expiresNanos;
    if (alarm != null) {
      if (alarmNanos <= earliest) {
        return;
      }
      alarm.cancel();
    }
    alarmNanos = earliest;
    alarm = time.schedule(Duration.ofNanos(Math.max(0, earliest - now())), whenDue);
  }

  private long now() {
    return time.nanoTime() - beginNanos;
  }
}
