package dev.fairlead.outbox;

import dev.fairlead.outbox.Budget.Amount;
import dev.fairlead.outbox.Budget.Want;

/**
 * What one outbox holds of a {@link Budget}. Changes are collected and reported together by {@link
 * #settle}, so an outbox that drops a message for a new one does not lose the room in between.
 * Guarded by the outbox's lock.
 */
final class BudgetShare {
  private final Budget budget;
  private final Runnable wake;
  private Amount unreported = Amount.NOTHING;

  /** Whether others may have room now, even if nothing is unreported. */
  private boolean released;

  // Guarded by the budget's lock.
  Amount used = Amount.NOTHING;

  /**
   * @param wake called without any lock when a sender of this outbox may go on, or when there is
   *     room again
   */
  BudgetShare(Budget budget, Runnable wake) {
    this.budget = budget;
    this.wake = wake;
    budget.join(this);
  }

  /** What the outbox is guaranteed. */
  Amount guaranteed() {
    return budget.share();
  }

  /** The outbox holds more or, with negative numbers, less than before. */
  void change(int messages, long bytes, long storedBytes) {
    unreported = unreported.plus(new Amount(messages, bytes, storedBytes));
  }

  Want want(long bytes, long storedBytes) {
    return new Want(this, new Amount(1, bytes, storedBytes));
  }

  /**
   * Takes room for a message, which the outbox then {@linkplain #change adds}.
   *
   * @param wait whether to queue it if there is no room
   * @return whether there was room
   */
  boolean take(Want want, boolean wait) {
    if (!budget.take(unreported, want, wait)) {
      return false;
    }
    released |= !unreported.equals(Amount.NOTHING);
    unreported = Amount.NOTHING.minus(want.amount);
    return true;
  }

  /** The message was not added. */
  void cancel(Want want) {
    unreported = unreported.minus(budget.cancel(want));
    released = true;
  }

  /** Whether a message would fit beside that much. */
  boolean wouldFit(Want want, int messages, long bytes, long storedBytes) {
    return budget.wouldFit(want, new Amount(messages, bytes, storedBytes));
  }

  /** Whether there is room again; if not, {@code wake} is called when there is. */
  boolean hasRoomOrWatch() {
    return budget.hasRoom(this, unreported, true);
  }

  /** Reports what has changed. At the end of each use of the outbox's lock. */
  void settle(DeferredActions after) {
    if (released || !unreported.equals(Amount.NOTHING)) {
      Amount change = unreported;
      unreported = Amount.NOTHING;
      released = false;
      budget.settle(this, change).forEach(each -> after.wakeOther(each.wake));
    }
  }

  /** The outbox is closed. */
  void leave(DeferredActions after) {
    budget.leave(this).forEach(each -> after.wakeOther(each.wake));
  }

  /** How full the budget is, in words. */
  String fill() {
    return budget.fill();
  }
}
