package dev.fairlead.https.poll;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.https.poll.PollDecision.Poll;
import dev.fairlead.https.poll.PollDecision.Wait;
import dev.fairlead.https.poll.PollDecision.Why;
import dev.fairlead.spi.Loop;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session's access to the ledger: one alarm on the loop, files on another thread. */
final class LedgerPollLimiter implements PollLimiter {
  private static final Logger log = LoggerFactory.getLogger(PollLimiter.class);

  private final Loop loop;
  private final PollIntervals pace;
  private final PollLedger ledger;
  private final Executor files;
  private final PollClock clock;
  private final RandomGenerator random;
  private final String owner;
  private final Runnable onClose;

  private @Nullable Runnable asked;
  private @Nullable Alarm alarm;
  private Why lastWhy = Why.NOT_YET;
  private boolean waitedBefore;
  private boolean closed;
  private volatile @Nullable ClockReading allowed;

  /**
   * @param owner the device and the place of its ledger, for the log
   * @param files runs the work with the ledger
   * @param onClose releases the ledger
   */
  LedgerPollLimiter(
      Loop loop,
      PollIntervals pace,
      PollLedger ledger,
      Executor files,
      PollClock clock,
      RandomGenerator random,
      String owner,
      Runnable onClose) {
    this.loop = loop;
    this.pace = pace;
    this.ledger = ledger;
    this.files = files;
    this.clock = clock;
    this.random = random;
    this.owner = owner;
    this.onClose = onClose;
  }

  @Override
  public void whenAllowed(Runnable pollNow) {
    loop.assertInLoop();
    if (asked != null) {
      throw new IllegalStateException(
          "A poll was asked for and is not allowed yet; ask for the next one when it has ended.");
    }
    if (!closed) {
      asked = pollNow;
      examine(false);
    }
  }

  @Override
  public boolean stillAllowed() {
    ClockReading noted = allowed;
    return noted != null && inWindow(noted);
  }

  @Override
  public void close() {
    loop.assertInLoop();
    if (closed) {
      return;
    }
    closed = true;
    asked = null;
    allowed = null;
    if (alarm != null) {
      alarm.cancel();
    }
    onClose.run();
  }

  private void examine(boolean poll) {
    alarm = null;
    files.execute(
        () -> {
          PollDecision[] found = {new Wait(pace.spacing().toMillis(), Why.FAILED)};
          try {
            found[0] = ledger.examine(pace.spacing().toMillis(), poll);
          } catch (RuntimeException e) {
            log.warn("{}: the note on the last poll could not be looked up", owner, e);
          } finally {
            // Even after an Error, so that one failed poll does not end polling for ever.
            loop.execute(() -> decided(found[0]));
          }
        });
  }

  private void decided(PollDecision verdict) {
    Runnable pollNow = asked;
    if (closed || pollNow == null) {
      return;
    }
    if (verdict instanceof Wait wait) {
      tell(wait);
      later(Duration.ofMillis(wait.millis()));
    } else if (verdict instanceof Poll poll && inWindow(poll.noted())) {
      log.debug("{}: polls for cloud-to-device messages", owner);
      asked = null;
      allowed = poll.noted();
      pollNow.run();
    } else {
      log.info(
          "{}: a poll was noted but could not begin within {}, so it is skipped",
          owner,
          pace.window());
      later(pace.spacing());
    }
  }

  private void later(Duration wait) {
    Duration most = waitedBefore ? pace.spread() : pace.firstSpread();
    waitedBefore = true;
    Duration more = most.isZero() ? most : Duration.ofMillis(random.nextLong(most.toMillis() + 1));
    alarm = loop.schedule(wait.plus(more), () -> examine(true));
  }

  /** Once for each reason in a row. */
  private void tell(Wait wait) {
    if (wait.why() != lastWhy && !wait.why().sentence().isEmpty()) {
      log.warn(
          "{}: {}. The next poll for cloud-to-device messages comes in {} at the earliest.",
          owner,
          wait.why().sentence(),
          Overdue.inWords(Duration.ofSeconds(wait.millis() / 1000)));
    }
    lastWhy = wait.why();
  }

  /** By the clock that counts sleep: the machine may have slept since. */
  private boolean inWindow(ClockReading noted) {
    try {
      ClockReading now = clock.read();
      long age = now.upMillis() - noted.upMillis();
      return now.boot().equals(noted.boot()) && age >= 0 && age <= pace.window().toMillis();
    } catch (RuntimeException e) {
      log.warn("{}: the clock cannot be read, so the poll is skipped", owner, e);
      return false;
    }
  }
}
