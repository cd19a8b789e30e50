package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.RejectedException;
import dev.fairlead.ThrottledException;
import dev.fairlead.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Finds the message that the hub does not accept, and fails none without evidence. After a refusal
 * that names no message, the {@link Window} narrows the messages down to a single one, the suspect.
 * From then on each message that is sent is a trial: the first of a fresh session, with nothing
 * else in flight. The suspect is tried again, and if that fails too, a later message, the probe. A
 * suspect is to blame only after enough refusals over enough time, with a probe accepted between
 * each two refusals. So no message fails at a hub that accepts nothing, one message a second, or
 * one message a session. See {@code docs/delivery.md}. Guarded by the outbox's lock.
 */
final class Isolation {
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LAST_PAUSE = Duration.ofMinutes(5);

  /** The rule by which a message that was refused alone is to blame. */
  record Rule(int refusals, Duration over, boolean probing) {
    /** How long after the first refusal the suspect is tried for the n-th time, from 1. */
    Duration after(int n) {
      return refusals < 2 ? over : over.multipliedBy(n).dividedBy(refusals - 1);
    }
  }

  private final TimeSource time;
  private final Rule rule;
  private final Runnable whenDue;
  private TimeSource.@Nullable Alarm alarm;
  private final Window window = new Window();

  private Duration pause = FIRST_PAUSE;
  private long dueNanos;
  private boolean waiting;
  private @Nullable String note;

  private @Nullable Entry suspect;
  private int refusals;
  private int tries;
  private long firstRefusalNanos;

  private boolean probeNext;
  private @Nullable Entry probe;
  private long refusedProbe = -1;

  /** The last message that the hub took, to be sent again where nothing else can be a probe. */
  private @Nullable Entry latest;

  private boolean probeAccepted;
  private long probeWaitNanos;

  /** When the hub last took or refused something, and the wait that a trial had after it. */
  private long outcomeNanos;

  private long waitNanos;

  /**
   * @param whenDue called on any thread when something may be taken again
   */
  Isolation(TimeSource time, Rule rule, Runnable whenDue) {
    this.time = time;
    this.rule = rule;
    this.whenDue = whenDue;
    outcomeNanos = time.nanoTime();
  }

  Rule rule() {
    return rule;
  }

  /** How many more messages may be taken. */
  int room(int underWay) {
    return window.room(underWay);
  }

  /** A message is taken. */
  void taken(Entry entry) {
    window.taken(entry);
  }

  /** Whether fewer messages may be in flight than the transport would allow. */
  boolean isLimited() {
    return window.isLimited();
  }

  /** Whether only one message may be in flight. */
  boolean isOne() {
    return window.isOne();
  }

  /** Whether each session now sends one message only. */
  boolean isTrying() {
    return suspect != null;
  }

  /** Whether nothing may be taken yet; {@code whenDue} is called when that has ended. */
  boolean isWaiting() {
    if (waiting && dueNanos - time.nanoTime() <= 0) {
      waiting = false;
    }
    return waiting;
  }

  /** Why telemetry waits, one sentence or two; null while nothing is wrong. */
  @Nullable String note() {
    return note;
  }

  /** The message to try next; null if the suspect is not in the outbox. */
  @Nullable Entry trial(Content content) {
    Entry accused = suspect;
    if (accused == null) {
      return null;
    }
    if (probeNext && rule.probing) {
      Entry chosen = content.after(Math.max(accused.sequence, refusedProbe));
      if (chosen == null && latest != null && latest.sequence > accused.sequence) {
        chosen = latest.done ? latest.repeated() : latest;
        latest = chosen;
      }
      if (chosen == null) {
        chosen = content.after(accused.sequence);
      }
      if (chosen != null) {
        probe = chosen;
        return chosen;
      }
    }
    return accused.holder == null ? accused : null;
  }

  /** A trial is sent. */
  void sent() {
    waitNanos = time.nanoTime() - outcomeNanos;
  }

  /** A message was added. */
  void offered() {
    if (suspect != null && probeNext && waiting) {
      wait(FIRST_PAUSE); // The suspect waited for it as a probe.
    }
  }

  /** The hub took a message. */
  void accepted(Entry entry) {
    if (!window.isLimited() && suspect == null && note == null) {
      latest = null;
      return;
    }
    if (latest == null || latest.sequence <= entry.sequence) {
      latest = entry;
    }
    outcomeNanos = time.nanoTime();
    pause = FIRST_PAUSE;
    window.accepted(entry);
    if (suspect == null || entry == suspect) {
      acquit();
    } else {
      refusedProbe = -1;
      probeAccepted = true;
      probeWaitNanos = waitNanos;
      probeNext = false;
      Duration left = rule.after(refusals).minusNanos(outcomeNanos - firstRefusalNanos);
      // If possible, it waits as long as the probe did, because the hub may have needed that time.
      Duration least = Duration.ofNanos(Math.min(probeWaitNanos, LAST_PAUSE.toNanos()));
      wait(left.compareTo(least) > 0 ? left : least);
    }
  }

  /** A message has left the outbox without being accepted by the hub. */
  void gone(Entry entry) {
    if (entry == suspect) {
      acquit();
      window.freed();
    }
  }

  private void acquit() {
    suspect = null;
    probe = null;
    note = null;
    waiting = false;
  }

  /**
   * The hub refused messages, or they were lost, and it is unknown which of them is the reason.
   *
   * @param held the messages that may be the reason
   * @param underWay how many messages were in flight in all, including these
   * @param trial whether the only one was sent as a trial
   * @param lost whether a link or the session was lost, which is no proof that these messages were
   *     the reason
   * @return the message that is to blame, null if it is not found yet
   */
  @Nullable Entry refused(
      List<Entry> held, int underWay, boolean trial, boolean lost, HubException why) {
    outcomeNanos = time.nanoTime();
    if (held.size() == 1 && held.get(0).alone) {
      return refusedAlone(held.get(0), trial, lost, why);
    }
    if (lost || held.size() == 1) {
      window.restart(underWay);
    } else {
      window.halve(held);
      if (!(why instanceof RejectedException)) { // A hub that objects to the content is well.
        widen();
      }
    }
    return null;
  }

  private @Nullable Entry refusedAlone(Entry entry, boolean trial, boolean lost, HubException why) {
    window.restart(1);
    if (suspect != null && entry != suspect && entry == probe) {
      refusedProbe = entry.repetition ? -1 : entry.sequence;
      probeNext = false;
      widen();
      return null;
    }
    if (suspect != entry) {
      acquit();
      suspect = entry;
      refusals = 0;
      tries = 0;
      firstRefusalNanos = outcomeNanos;
      refusedProbe = -1;
      probeAccepted = false;
    }
    tries++;
    if (trial) {
      if (refusals == 0) {
        refusals = 1;
        firstRefusalNanos = outcomeNanos;
      } else if (probeAccepted && waitNanos >= probeWaitNanos) {
        refusals++;
      }
      probeAccepted = false;
      if (refusals >= rule.refusals && outcomeNanos - firstRefusalNanos >= rule.over.toNanos()) {
        return entry;
      }
    }
    // A single restart of the hub looks the same, so the order is kept for one more attempt.
    probeNext = tries > 1 || refusals > 1;
    if (tries > 1) {
      note =
          "The hub did not take message "
              + entry.sequence
              + " when it was sent alone ("
              + refusals
              + " of "
              + rule.refusals
              + " refusals that count). Later messages wait for it. The last refusal: "
              + why.getMessage();
    }
    if (lost && tries == 1) {
      return null; // Opening the next session has its own wait.
    }
    widen();
    return null;
  }

  /** The hub asked to wait before it takes more. */
  void throttled(int underWay, ThrottledException why) {
    slowDown(underWay);
    note = "Telemetry waits: " + why.getMessage();
    why.retryAfter().ifPresentOrElse(this::wait, this::widen);
  }

  /** The session ended for a reason unrelated to any message. */
  void slowDown(int underWay) {
    window.restart(underWay);
    outcomeNanos = time.nanoTime();
  }

  /** Waits, longer each time until the hub takes something. */
  private void widen() {
    long most = pause.toNanos();
    // At least half of it, because an overloaded hub needs time.
    wait(Duration.ofNanos(most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1)));
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LAST_PAUSE) < 0 ? doubled : LAST_PAUSE;
  }

  private void wait(Duration length) {
    Duration left = length.isNegative() ? Duration.ZERO : length;
    waiting = true;
    dueNanos = time.nanoTime() + left.toNanos();
    close();
    alarm = time.schedule(left, whenDue);
  }

  /** The wait has ended, even if the clock disagrees. */
  void alarmRang() {
    alarm = null;
    waiting = false;
  }

  /** Ends the alarm. */
  void close() {
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }
}
