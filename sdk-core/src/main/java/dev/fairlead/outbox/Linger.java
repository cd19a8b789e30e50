package dev.fairlead.outbox;

import dev.fairlead.Priority;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.TimeSource;
import org.jspecify.annotations.Nullable;

/**
 * Lets the first message of an empty queue wait for more, so that a session sends them together.
 * Guarded by the outbox's lock; the alarm comes on a thread of the time source.
 */
final class Linger {
  private final Batching rule;
  private final TimeSource time;
  private final Runnable whenDue;
  private TimeSource.@Nullable Alarm alarm;
  private long bytes;

  Linger(Batching rule, TimeSource time, Runnable whenDue) {
    this.rule = rule;
    this.time = time;
    this.whenDue = whenDue;
  }

  /** Whether what is queued still waits for more. */
  boolean isHolding() {
    return alarm != null;
  }

  /**
   * A message is added.
   *
   * @param first whether nothing else is queued
   */
  void added(TelemetryMessage message, boolean first) {
    if (alarm == null && first) {
      bytes = 0;
      alarm = time.schedule(rule.linger(), whenDue);
    }
    bytes += message.size();
    if (bytes >= rule.bytes() || message.priority() == Priority.HIGH) {
      release();
    }
  }

  /** What is queued may be sent. */
  void release() {
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }
}
