package dev.fairlead.inbound;

import dev.fairlead.HubException;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs stored messages that were not delivered, for an application that does not listen: the first
 * one, then one line a minute. Any thread.
 */
final class FailureLog {
  static final Duration INTERVAL = Duration.ofMinutes(1);

  private static final Logger log = LoggerFactory.getLogger(FailureLog.class);

  private final Loop loop;

  // Guarded by this.
  private boolean waiting;
  private long count;
  private long number;
  private String why = "";

  FailureLog(Loop loop) {
    this.loop = loop;
  }

  synchronized void add(long message, HubException failure) {
    count++;
    number = message;
    why = String.valueOf(failure.getMessage());
    if (!waiting) {
      write();
    }
  }

  private synchronized void intervalIsOver() {
    waiting = false;
    if (count > 0) {
      write();
    }
  }

  private void write() {
    log.warn(
        "{} stored messages were not delivered, the last of them number {}: {} Set"
            + " onStoredOutcome(…) to receive each failure with its message.",
        count,
        number,
        why);
    count = 0;
    waiting = true;
    loop.schedule(INTERVAL, this::intervalIsOver);
  }
}
