package dev.fairlead.outbox;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What several outboxes may hold together. A part of each limit is reserved, the same for every
 * outbox; the rest is first come, first served. So a flood never takes what another outbox is
 * guaranteed. Senders that wait are served in their order.
 *
 * <p>Safe for any thread. Its lock may be taken under an outbox's lock, never the other way round,
 * and nothing is called while it is held: what has to be woken is returned.
 */
public final class Budget {
  /** How much of something is held or wanted. */
  record Amount(long messages, long bytes, long storedBytes) {
    static final Amount NOTHING = new Amount(0, 0, 0);

    Amount plus(Amount other) {
      return new Amount(
          messages + other.messages, bytes + other.bytes, storedBytes + other.storedBytes);
    }

    Amount minus(Amount other) {
      return new Amount(
          messages - other.messages, bytes - other.bytes, storedBytes - other.storedBytes);
    }
  }

  /**
   * What all outboxes hold.
   *
   * @param outboxes how many there are
   */
  public record Use(int outboxes, long messages, long bytes, long storedBytes) {}

  /** What a sender waits for. Guarded by the budget's lock. */
  static final class Want {
    final BudgetShare share;
    final Amount amount;
    boolean granted;

    Want(BudgetShare share, Amount amount) {
      this.share = share;
      this.amount = amount;
    }
  }

  /** One limit. Guarded by the budget's lock. */
  private static final class Bound {
    final long limit;
    final ToLongFunction<Amount> of;

    /** What each outbox is guaranteed. */
    long share;

    /** What is held or reserved: for each outbox the larger of its share and what it holds. */
    long committed;

    Bound(long limit, ToLongFunction<Amount> of) {
      this.limit = limit;
      this.of = of;
    }

    void count(Collection<BudgetShare> members, int expected, int percent) {
      int parts = Math.max(expected, members.size());
      long reserved = limit / 100 * percent + limit % 100 * percent / 100;
      share = Math.max(1, reserved / parts);
      committed = (parts - members.size()) * share;
      members.forEach(member -> committed += Math.max(share, of.applyAsLong(member.used)));
    }

    /** Whether an outbox may hold that much. A single message always fits. */
    boolean fits(Amount used, Amount after, Amount wanted, boolean beyondShare) {
      long now = of.applyAsLong(used);
      long then = of.applyAsLong(after);
      return then <= share
          || then <= now
          || then == of.applyAsLong(wanted)
          || (beyondShare && committed - Math.max(share, now) + then <= limit);
    }

    void change(Amount used, Amount after) {
      committed += Math.max(share, of.applyAsLong(after)) - Math.max(share, of.applyAsLong(used));
    }
  }

  private final int expected;
  private final int reserved;
  private final Object lock = new Object();

  // Guarded by lock.
  private final List<Bound> bounds;
  private final Set<BudgetShare> members = new LinkedHashSet<>();
  private final Set<Want> waiting = new LinkedHashSet<>();
  private final Set<BudgetShare> watching = new LinkedHashSet<>();

  /** What an outbox is guaranteed. */
  private volatile Amount share = Amount.NOTHING;

  /**
   * @param maxMessages 1 or more
   * @param maxBytes of heap, positive
   * @param maxStoredBytes on the disk, positive
   * @param expected how many outboxes to reserve for, even if there are fewer
   * @param reserved how much of each limit is reserved, in percent
   */
  public Budget(long maxMessages, long maxBytes, long maxStoredBytes, int expected, int reserved) {
    this.expected = expected;
    this.reserved = reserved;
    bounds =
        List.of(
            new Bound(maxMessages, Amount::messages),
            new Bound(maxBytes, Amount::bytes),
            new Bound(maxStoredBytes, Amount::storedBytes));
    count();
  }

  /** What all outboxes hold now. */
  public Use use() {
    synchronized (lock) {
      Amount sum = Amount.NOTHING;
      for (BudgetShare member : members) {
        sum = sum.plus(member.used);
      }
      return new Use(members.size(), sum.messages, sum.bytes, sum.storedBytes);
    }
  }

  /** How full it is, in words. */
  String fill() {
    Use now = use();
    return now.messages
        + " of "
        + bounds.get(0).limit
        + " messages, "
        + now.bytes
        + " of "
        + bounds.get(1).limit
        + " bytes"
        + (bounds.get(2).limit == Long.MAX_VALUE
            ? ""
            : ", on disk " + now.storedBytes + " of " + bounds.get(2).limit + " bytes")
        + " in "
        + now.outboxes
        + " outboxes";
  }

  /** What each outbox is guaranteed now. */
  Amount share() {
    return share;
  }

  private void count() {
    bounds.forEach(bound -> bound.count(members, expected, reserved));
    share = new Amount(bounds.get(0).share, bounds.get(1).share, bounds.get(2).share);
  }

  void join(BudgetShare member) {
    synchronized (lock) {
      members.add(member);
      count();
    }
  }

  /** An outbox is closed. */
  List<BudgetShare> leave(BudgetShare member) {
    synchronized (lock) {
      if (members.remove(member)) {
        waiting.removeIf(want -> want.share == member);
        watching.remove(member);
        member.used = Amount.NOTHING;
        count();
      }
      return serve(true);
    }
  }

  /**
   * Takes room for a message.
   *
   * @param change what the outbox has released and not reported yet
   * @param want the message; it may have been granted
   * @param wait whether to queue it if there is no room
   * @return whether it was taken; then the change is reported, too
   */
  boolean take(Amount change, Want want, boolean wait) {
    synchronized (lock) {
      if (want.granted) {
        want.granted = false;
        move(want.share, want.share.used.plus(change));
        return true;
      }
      Amount after = want.share.used.plus(change).plus(want.amount);
      if (fits(want, after, waiting.isEmpty())) {
        waiting.remove(want);
        move(want.share, after);
        return true;
      }
      if (wait && members.contains(want.share)) {
        waiting.add(want);
      }
      return false;
    }
  }

  /** Whether an outbox could hold that much in place of what it holds. */
  boolean wouldFit(Want want, Amount instead) {
    synchronized (lock) {
      return fits(want, instead.plus(want.amount), waiting.isEmpty());
    }
  }

  /**
   * A sender waits no longer.
   *
   * @return what it was granted and did not take
   */
  Amount cancel(Want want) {
    synchronized (lock) {
      waiting.remove(want);
      boolean granted = want.granted;
      want.granted = false;
      return granted ? want.amount : Amount.NOTHING;
    }
  }

  /**
   * An outbox holds more or less than before, or a sender waits no longer. The outbox itself wakes
   * its senders that are within its share by now.
   *
   * @return the outboxes to be woken
   */
  List<BudgetShare> settle(BudgetShare member, Amount change) {
    synchronized (lock) {
      if (!members.contains(member)) {
        return List.of();
      }
      move(member, member.used.plus(change));
      return serve(false);
    }
  }

  /**
   * Whether a quarter of an outbox's share is free, or there is as much beyond it.
   *
   * @param change what the outbox has released and not reported yet
   * @param watch whether to wake the outbox when there is
   */
  boolean hasRoom(BudgetShare member, Amount change, boolean watch) {
    synchronized (lock) {
      boolean room = hasRoom(member, change);
      if (!room && watch && members.contains(member)) {
        watching.add(member);
      }
      return room;
    }
  }

  private boolean hasRoom(BudgetShare member, Amount change) {
    Amount quarter = quarter();
    Amount after = member.used.plus(change).plus(quarter);
    return bounds.stream()
        .allMatch(bound -> bound.fits(member.used, after, quarter, waiting.isEmpty()));
  }

  private Amount quarter() {
    return new Amount((share.messages + 3) / 4, (share.bytes + 3) / 4, (share.storedBytes + 3) / 4);
  }

  private boolean fits(Want want, Amount after, boolean beyondShare) {
    return bounds.stream()
        .allMatch(bound -> bound.fits(want.share.used, after, want.amount, beyondShare));
  }

  private void move(BudgetShare member, Amount after) {
    bounds.forEach(bound -> bound.change(member.used, after));
    member.used = after;
  }

  /**
   * Grants what there is room for.
   *
   * @param grown whether shares have grown
   */
  private List<BudgetShare> serve(boolean grown) {
    if (waiting.isEmpty() && watching.isEmpty()) {
      return List.of();
    }
    Set<BudgetShare> woken = new LinkedHashSet<>();
    if (grown) {
      List.copyOf(waiting).forEach(want -> grant(want, false, woken));
    }
    while (!waiting.isEmpty() && grant(waiting.iterator().next(), true, woken)) {
      // The next one in order.
    }
    signal(grown, woken);
    return new ArrayList<>(woken);
  }

  private boolean grant(Want want, boolean beyondShare, Set<BudgetShare> woken) {
    Amount after = want.share.used.plus(want.amount);
    if (!fits(want, after, beyondShare)) {
      return false;
    }
    waiting.remove(want);
    want.granted = true;
    move(want.share, after);
    woken.add(want.share);
    return true;
  }

  /** Wakes those that watch, in order, as many as there is room for. */
  private void signal(boolean all, Set<BudgetShare> woken) {
    Amount promised = Amount.NOTHING;
    for (Iterator<BudgetShare> each = watching.iterator(); each.hasNext(); ) {
      BudgetShare member = each.next();
      if (hasRoom(member, promised)) {
        promised = promised.plus(quarter());
        each.remove();
        woken.add(member);
      } else if (!all) {
        break;
      }
    }
  }
}
