package dev.fairlead.outbox;

import dev.fairlead.TelemetryMessage;
import java.util.List;

/**
 * How fast one outbox sends: as fast as the {@link RateGate}s allow, its own and its gateway's.
 * Guarded by the outbox's lock.
 */
final class Pace {
  private final List<RateGate.Turn> turns;
  private boolean waiting;

  /**
   * @param wake called without any lock when there is something to take again
   */
  Pace(List<RateGate> gates, Runnable wake) {
    turns = gates.stream().map(gate -> gate.join(wake)).toList();
  }

  /** Whether nothing may be taken until the wake-up. */
  boolean isWaiting() {
    return waiting;
  }

  /** The wake-up has come. */
  void awake() {
    waiting = false;
  }

  /** Whether a message may be sent now; if not, the wake-up follows. */
  boolean take(TelemetryMessage message) {
    for (int i = 0; i < turns.size(); i++) {
      if (!turns.get(i).take(message)) {
        waiting = true;
        turns.subList(0, i).forEach(before -> before.giveBack(message));
        turns.subList(i + 1, turns.size()).forEach(RateGate.Turn::pass);
        return false;
      }
    }
    return true;
  }

  /** A message was not sent after all. */
  void giveBack(TelemetryMessage message) {
    turns.forEach(turn -> turn.giveBack(message));
  }

  /** There is nothing to be sent, or nobody to send it. */
  void pass() {
    waiting = false;
    turns.forEach(RateGate.Turn::pass);
  }
}
