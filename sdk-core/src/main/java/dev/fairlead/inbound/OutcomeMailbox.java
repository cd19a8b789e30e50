package dev.fairlead.inbound;

import dev.fairlead.StoredOutcome;
import dev.fairlead.StoredOutcomeListener;
import dev.fairlead.TelemetryMessage;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outcomes of messages without a future, queued for the listener up to a bound. Failures may
 * take all of it, deliveries half; what is beyond is counted and logged. Safe for any thread.
 */
final class OutcomeMailbox {
  static final int MOST = 10_000;
  static final int MOST_BYTES = 16 << 20;

  private static final Logger log = LoggerFactory.getLogger(OutcomeMailbox.class);

  private final Executor executor;
  private final @Nullable StoredOutcomeListener listener;
  private final FailureLog failures;

  // Guarded by itself.
  private final ArrayDeque<StoredOutcome> waiting = new ArrayDeque<>(1);
  private long bytes;
  private long missedFailures;
  private long missedDeliveries;

  /**
   * @param executor runs one task at a time
   * @param listener null if the application has none
   * @param failures receives failures if there is no listener
   */
  OutcomeMailbox(Executor executor, @Nullable StoredOutcomeListener listener, FailureLog failures) {
    this.executor = executor;
    this.listener = listener;
    this.failures = failures;
  }

  void add(StoredOutcome outcome) {
    if (listener == null) {
      outcome.failure().ifPresent(why -> failures.add(outcome.number(), why));
      return;
    }
    boolean failed = outcome.failure().isPresent();
    synchronized (waiting) {
      if (!fits(size(outcome), failed ? 1 : 2)) {
        missedFailures += failed ? 1 : 0;
        missedDeliveries += failed ? 0 : 1;
        return;
      }
      bytes += size(outcome);
      waiting.add(outcome);
    }
    executor.execute(() -> tell(listener));
  }

  private boolean fits(int size, int part) {
    return waiting.isEmpty() || (waiting.size() < MOST / part && bytes + size <= MOST_BYTES / part);
  }

  private static int size(StoredOutcome outcome) {
    return outcome.message().map(TelemetryMessage::size).orElse(0);
  }

  /** Runs a task when the listener has received all that was added before. */
  void whenPassedOn(Runnable task) {
    if (listener == null) {
      task.run();
    } else {
      executor.execute(task);
    }
  }

  private void tell(StoredOutcomeListener receiver) {
    @Nullable StoredOutcome outcome;
    long skippedFailures;
    long skippedDeliveries;
    synchronized (waiting) {
      outcome = waiting.poll();
      bytes -= outcome == null ? 0 : size(outcome);
      skippedFailures = missedFailures;
      skippedDeliveries = missedDeliveries;
      missedFailures = 0;
      missedDeliveries = 0;
    }
    if (skippedFailures + skippedDeliveries > 0) {
      log.warn(
          "The listener of stored outcomes is slow; {} failures and {} deliveries were not passed"
              + " on. Let it return sooner, or move its work to a thread of your own.",
          skippedFailures,
          skippedDeliveries);
    }
    if (outcome == null) {
      return;
    }
    try {
      receiver.onOutcome(outcome);
    } catch (Throwable e) {
      log.error("The listener of stored outcomes failed on message {}", outcome.number(), e);
    }
  }
}
