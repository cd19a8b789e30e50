package dev.fairlead.outbox;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.TimeSource;
import dev.fairlead.spi.Envelope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The sessions' side of the outbox: what a lease takes, and what becomes of it. Safe for any
 * thread; everything is guarded by the outbox's lock.
 */
final class Leasing {
  private final Outbox outbox;
  private final Outbox.Environment environment;
  private final Content content;
  private final Isolation isolation;
  private final @Nullable Pace pace;
  private final @Nullable Linger linger;
  private @Nullable Lease lease;

  Leasing(
      Outbox outbox,
      Outbox.Environment environment,
      Content content,
      Isolation isolation,
      Outbox.Rules rules,
      TimeSource time) {
    List<RateGate> gates = rules.rates();
    pace = gates.isEmpty() ? null : new Pace(gates, () -> outbox.locked(this::paceDue));
    linger =
        rules
            .batching()
            .map(rule -> new Linger(rule, time, () -> outbox.locked(this::sendWhatWaits)))
            .orElse(null);
    this.outbox = outbox;
    this.environment = environment;
    this.content = content;
    this.isolation = isolation;
  }

  void begin(Lease next) {
    outbox.locked(
        after -> {
          if (lease != null) {
            throw new IllegalStateException("The outbox is leased already.");
          }
          if (!next.revoked) {
            lease = next;
            if (content.isReadable()) {
              wake(after);
            }
          }
        });
  }

  List<Envelope> take(
      Lease by, int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize) {
    Taking taking = new Taking(by, maxMessages, maxBytes);
    try {
      do {
        // The transport's code runs outside of the lock; a size is asked for once in a lease.
        taking.measure(wireSize);
        outbox.locked(after -> take(taking, after));
      } while (!taking.unmeasured.isEmpty());
    } catch (Throwable e) {
      taking.taken.forEach(Envelope::giveBack);
      throw e;
    }
    return taking.taken;
  }

  private void take(Taking taking, DeferredActions after) {
    taking.keepSizes();
    Lease by = taking.by;
    if (by != lease) {
      by.hungry = true; // It may begin later.
      return;
    }
    if (taking.maxMessages <= 0) {
      return;
    }
    outbox.expire(after);
    by.hungry = true;
    if (isolation.isWaiting()) {
      pass();
      return;
    }
    if (isHeld()) {
      return;
    }
    if (isolation.isTrying()) {
      takeTrial(taking, after);
      return;
    }
    int room = Math.min(isolation.room(content.underWay.size()), content.roomInFlight());
    int most = (int) Math.min(taking.maxMessages, (long) taking.taken.size() + room);
    Entry next = content.next();
    while (taking.taken.size() < most && next != null) {
      if (next.measuredBy != by) {
        taking.askFor(next, content.queues, most);
        return;
      }
      if (!taking.fits(next)) {
        break;
      }
      if (!take(next, taking)) {
        break;
      }
      next = content.next();
    }
    by.hungry = taking.taken.size() < taking.maxMessages;
    if (next == null) {
      pass();
    }
  }

  /** Takes the one message that is to be tried alone, if the session is fresh. */
  private void takeTrial(Taking taking, DeferredActions after) {
    Lease by = taking.by;
    if (!content.underWay.isEmpty()) {
      return;
    }
    if (by.taken > 0) {
      replaceSession(by, after);
      return;
    }
    Entry next = isolation.trial(content);
    if (next == null) {
      return;
    }
    if (next.measuredBy != by) {
      taking.unmeasured.add(next);
      return;
    }
    if (take(next, taking)) {
      by.trial = next;
      isolation.sent();
    }
  }

  /** Takes a message, unless it has to wait for the rate limit. */
  private boolean take(Entry next, Taking taking) {
    if (pace != null && !pace.take(next.message)) {
      return false;
    }
    LeasedEnvelope handle = new LeasedEnvelope(this, next);
    content.take(next, handle);
    isolation.taken(next);
    taking.by.taken++;
    taking.add(next, handle);
    return true;
  }

  /** Whether all messages wait, for the rate limit or for more messages. */
  private boolean isHeld() {
    return (pace != null && pace.isWaiting()) || (linger != null && linger.isHolding());
  }

  /** A message is about to be added. */
  void adding(Entry entry) {
    if (linger != null
        && lease != null
        && lease.batches
        && !isolation.isLimited()
        && !isolation.isTrying()) {
      linger.added(entry.message, content.isWaitingEmpty());
    }
  }

  void sendsBatches(Lease by, boolean whether) {
    outbox.locked(
        after -> {
          by.batches = whether;
          if (!whether) {
            sendWhatWaits(after);
          }
        });
  }

  /** Nothing waits for more messages any longer. */
  void sendWhatWaits(DeferredActions after) {
    release();
    wake(after);
  }

  private void release() {
    if (linger != null) {
      linger.release();
    }
  }

  /** Lets the other outboxes of a rate limit go first. */
  private void pass() {
    if (pace != null) {
      pace.pass();
    }
  }

  /** The rate limit lets a message pass. */
  private void paceDue(DeferredActions after) {
    if (pace != null) {
      pace.awake();
    }
    if (lease == null || !content.isReadable()) {
      pass();
    } else {
      wake(after);
    }
  }

  /** No message is taken any more. */
  void close() {
    release();
    pass();
  }

  /** A trial is the first message of its session. */
  private void replaceSession(Lease used, DeferredActions after) {
    if (!used.replaced) {
      used.replaced = true;
      after.add(() -> environment.replaceSession("a message has to be tried alone"));
    }
  }

  /** The hub may be sent messages again. */
  void isolationDue(DeferredActions after) {
    isolation.alarmRang();
    if (lease != null && isolation.isTrying() && content.underWay.isEmpty() && lease.taken > 0) {
      replaceSession(lease, after);
    } else {
      wake(after);
    }
  }

  /** Whether the next message has to be alone on its connection. */
  boolean isolates() {
    return outbox.read(() -> isolation.isTrying() || isolation.isOne());
  }

  void whenReadable(Lease by, Runnable callback) {
    outbox.locked(
        after -> {
          by.wakeup = callback;
          by.hungry = true;
          if (content.isReadable()) {
            wake(after);
          }
        });
  }

  void settle(LeasedEnvelope handle, Entry entry, @Nullable HubException failure) {
    outbox.locked(
        after -> {
          if (entry.holder == handle) {
            boolean limited = isolation.isLimited() || content.roomInFlight() == 0;
            outbox.finish(entry, failure, after);
            if (limited
                || isolation.isLimited()) { // There may be room for more than was asked for.
              wake(after);
            }
          }
        });
  }

  void giveBack(LeasedEnvelope handle, Entry entry) {
    outbox.locked(
        after -> {
          if (entry.holder == handle) {
            if (lease != null) {
              lease.taken--;
            }
            if (pace != null) {
              pace.giveBack(entry.message);
            }
            putBack(entry, after);
            outbox.expire(after);
          }
        });
  }

  void refused(Lease by, List<Envelope> messages, HubException why, boolean namesMessage) {
    outbox.locked(
        after -> {
          List<Entry> held = held(by, messages);
          if (held.isEmpty()) {
            return;
          }
          if (why instanceof ThrottledException throttled) {
            isolation.throttled(content.underWay.size(), throttled);
            putBack(held, after);
          } else if (namesMessage && held.size() == 1) {
            outbox.finish(held.get(0), why, after);
          } else {
            suspect(by, held, false, why, after);
          }
          wake(after);
        });
  }

  void lost(Lease by, List<Envelope> messages, HubException why) {
    outbox.locked(after -> suspect(by, held(by, messages), true, why, after));
  }

  private List<Entry> held(Lease by, List<Envelope> messages) {
    List<Entry> held = new ArrayList<>(messages.size());
    for (Envelope each : messages) {
      if (!by.revoked && each instanceof LeasedEnvelope handle && handle.isHeld()) {
        held.add(handle.entry());
      }
    }
    return held;
  }

  void revoke(Lease by, SessionEnd end, @Nullable HubException why) {
    outbox.locked(
        after -> {
          if (by.revoked) {
            return;
          }
          by.revoked = true;
          by.wakeup = null;
          if (lease != by) {
            return; // It never began.
          }
          lease = null;
          release();
          pass();
          List<Entry> held = List.copyOf(content.underWay);
          content.resent(held);
          if (end == SessionEnd.UNEXPLAINED && why != null) {
            suspect(by, held, true, why, after);
          } else {
            if (end != SessionEnd.PLANNED) {
              isolation.slowDown(held.size());
            }
            putBack(held, after);
          }
          outbox.expire(after);
        });
  }

  /**
   * One of these messages may be why they were refused or lost; fails the one that is proved to be.
   */
  private void suspect(
      Lease by, List<Entry> held, boolean lost, HubException why, DeferredActions after) {
    boolean trial = held.size() == 1 && held.get(0) == by.trial;
    Entry culprit = isolation.refused(held, content.underWay.size(), trial, lost, why);
    putBack(held, after);
    if (culprit != null) {
      outbox.finish(culprit, Refusals.refusedAlone(culprit, isolation.rule(), why), after);
    }
  }

  private void putBack(List<Entry> held, DeferredActions after) {
    held.forEach(entry -> putBack(entry, after));
  }

  private void putBack(Entry entry, DeferredActions after) {
    content.putBack(entry);
    release();
    outbox.failIfNotSaved(entry, after);
  }

  /** The lease's session may take something, if it asked to be notified. */
  void wake(DeferredActions after) {
    if (lease != null && lease.hungry && lease.wakeup != null && !isHeld()) {
      lease.hungry = false;
      after.wake(lease.wakeup);
    }
  }
}
