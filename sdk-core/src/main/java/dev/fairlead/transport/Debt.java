package dev.fairlead.transport;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Something that the peer owes: a count, and the bytes that were sent for it. Its clock starts when
 * something is owed after nothing was, and starts again with each payment that leaves something
 * owed. The limit is extended by the time that the bytes take on the slowest connection. At the
 * limit the consequence runs, and again after another limit while it is still owed.
 *
 * <p>Cheap enough for each message of a telemetry stream: no alarm and no allocation per message,
 * and no look at the clock while others are owed. Made by {@link Debts#debt}. Confined to the loop.
 */
public final class Debt extends Account {
  private final Debts debts;
  private final IntFunction<String> what;
  private final long limit;
  private final Consumer<Overdue> consequence;

  private int count;
  private long bytes;
  private long since;
  private long movedAt;

  Debt(Debts debts, IntFunction<String> what, Duration limit, Consumer<Overdue> consequence) {
    this.debts = debts;
    this.what = what;
    this.limit = limit.toNanos();
    this.consequence = consequence;
  }

  /** One more is owed, for which almost nothing was sent. */
  public void owe() {
    owe(0);
  }

  /**
   * One more is owed.
   *
   * @param size how many bytes were sent to which this is the answer, not negative
   */
  public void owe(long size) {
    bytes += size;
    if (count++ == 0) {
      since = debts.loop.nanoTime();
      movedAt = since;
      debts.open(this);
    }
  }

  /** One of them arrived. No effect if nothing is owed. */
  public void paid() {
    paid(0);
  }

  /**
   * One of them arrived. No effect if nothing is owed.
   *
   * @param size the size given when it was owed
   */
  public void paid(long size) {
    if (count == 0) {
      return;
    }
    if (--count == 0) {
      forgive();
    } else {
      bytes = Math.max(0, bytes - size);
      long received = debts.lastReceived();
      movedAt = received - movedAt > 0 ? received : movedAt;
    }
  }

  /**
   * One of them arrived while an older one is still owed. That is no progress: the clock goes on,
   * so that a missing one is noticed even if many others arrive. No effect if nothing is owed.
   *
   * @param size the size given when it was owed
   */
  public void paidOutOfOrder(long size) {
    if (count == 0) {
      return;
    }
    if (--count == 0) {
      forgive();
    } else {
      bytes = Math.max(0, bytes - size);
    }
  }

  /** Nothing of it is owed any more, whether it arrived or not. */
  public void forgive() {
    count = 0;
    bytes = 0;
    debts.close(this);
  }

  /**
   * How many are owed.
   *
   * @return the count
   */
  public int count() {
    return count;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  long since() {
    return since;
  }

  @Override
  String what() {
    return what.apply(count);
  }

  @Override
  long deadline() {
    return movedAt + limit + Debts.slowestTransfer(bytes);
  }

  @Override
  long limit() {
    return limit;
  }

  @Override
  void overdue(long now) {
    boolean heard = debts.lastReceived() - movedAt > 0;
    Overdue overdue = new Overdue(what(), count, Duration.ofNanos(now - movedAt), heard);
    movedAt = now;
    consequence.accept(overdue);
  }
}
