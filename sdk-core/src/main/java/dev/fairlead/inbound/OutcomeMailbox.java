package dev.fairlead.inbound;

import dev.fairlead.StoredOutcome;
import dev.fairlead.StoredOutcomeListener;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outcomes of messages without a future, queued for the listener. While it is slow, deliveries
 * beyond {@value #MOST} are only counted; failures are always queued. Safe for any thread.
 */
final class OutcomeMailbox {
  static final int MOST = 10_000;

  private static final Logger log = LoggerFactory.getLogger(OutcomeMailbox.class);

  private final Executor executor;
  private final @Nullable StoredOutcomeListener listener;

  // Guarded by itself.
  private final ArrayDeque<StoredOutcome> waiting = new ArrayDeque<>(1);
  private long missed;

  /**
   * @param listener null if the application has none; then failures are logged
   */
  OutcomeMailbox(Executor executor, @Nullable StoredOutcomeListener listener) {
    this.executor = executor;
    this.listener = listener;
  }

  void add(StoredOutcome outcome) {
    if (listener == null) {
      outcome
          .failure()
          .ifPresent(
              why -> log.warn("Stored message {} was not delivered: ", outcome.number(), why));
      return;
    }
    synchronized (waiting) {
      if (waiting.size() >= MOST && outcome.failure().isEmpty()) {
        missed++;
        return;
      }
      waiting.add(outcome);
    }
    executor.execute(() -> tell(listener));
  }

  private void tell(StoredOutcomeListener receiver) {
    @Nullable StoredOutcome outcome;
    long skipped;
    synchronized (waiting) {
      outcome = waiting.poll();
      skipped = missed;
      missed = 0;
    }
    if (skipped > 0) {
      log.warn(
          "The listener of stored outcomes is slow; {} deliveries were not passed on", skipped);
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
