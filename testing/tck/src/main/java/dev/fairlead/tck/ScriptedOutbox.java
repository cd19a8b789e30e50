package dev.fairlead.tck;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxReader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * An outbox that a test fills and watches. It outlives its sessions: each {@link #lease} revokes
 * the one before, and what that one had not finished waits again at its place. Safe for any thread.
 */
public final class ScriptedOutbox {
  private enum State {
    WAITING,
    TAKEN,
    ACCEPTED,
    FAILED
  }

  private final Object lock = new Object();
  private final List<Item> items = new ArrayList<>();
  private final List<Long> accepted = new ArrayList<>();
  private final List<HubException> failures = new ArrayList<>();
  private int lease;
  private int underWay;
  private int mostUnderWay;
  private int late;
  private Runnable wakeup = () -> {};

  /** An empty outbox. */
  public ScriptedOutbox() {}

  /**
   * Adds a message and wakes the session.
   *
   * @param message the message
   */
  public void add(TelemetryMessage message) {
    Runnable wake;
    synchronized (lock) {
      items.add(new Item(items.size(), message));
      wake = wakeup;
    }
    wake.run();
  }

  /**
   * Revokes the present lease and grants a new one.
   *
   * @return the new lease
   */
  public OutboxReader lease() {
    synchronized (lock) {
      revoke();
      return new Lease(lease);
    }
  }

  /** Revokes the present lease: what it took and did not finish waits again. */
  public void revoke() {
    synchronized (lock) {
      lease++;
      wakeup = () -> {};
      underWay = 0;
      for (Item item : items) {
        if (item.state == State.TAKEN) {
          item.state = State.WAITING;
        }
      }
    }
  }

  /**
   * The sequence numbers that were accepted, in the order in which they were.
   *
   * @return a copy
   */
  public List<Long> accepted() {
    synchronized (lock) {
      return List.copyOf(accepted);
    }
  }

  /**
   * What messages failed with.
   *
   * @return a copy
   */
  public List<HubException> failures() {
    synchronized (lock) {
      return List.copyOf(failures);
    }
  }

  /**
   * How many messages are taken and not finished.
   *
   * @return the count
   */
  public int underWay() {
    synchronized (lock) {
      return underWay;
    }
  }

  /**
   * The most messages that ever were under way at once.
   *
   * @return the count
   */
  public int mostUnderWay() {
    synchronized (lock) {
      return mostUnderWay;
    }
  }

  /**
   * How many calls came through a lease that was revoked; they had no effect.
   *
   * @return the count
   */
  public int lateCalls() {
    synchronized (lock) {
      return late;
    }
  }

  private static final class Item {
    private final long sequence;
    private final TelemetryMessage message;
    private State state = State.WAITING;

    Item(long sequence, TelemetryMessage message) {
      this.sequence = sequence;
      this.message = message;
    }
  }

  private final class Lease implements OutboxReader {
    private final int number;

    Lease(int number) {
      this.number = number;
    }

    @Override
    public List<Envelope> take(
        int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize) {
      synchronized (lock) {
        List<Envelope> taken = new ArrayList<>();
        if (number != lease) {
          late++;
          return taken;
        }
        long bytes = 0;
        for (Item item : items) {
          if (item.state != State.WAITING) {
            continue;
          }
          bytes += wireSize.applyAsLong(item.message);
          if (taken.size() == maxMessages || (bytes > maxBytes && !taken.isEmpty())) {
            break;
          }
          item.state = State.TAKEN;
          taken.add(new Leased(number, item));
        }
        underWay += taken.size();
        mostUnderWay = Math.max(mostUnderWay, underWay);
        return taken;
      }
    }

    @Override
    public void whenReadable(Runnable wakeup) {
      synchronized (lock) {
        if (number == lease) {
          ScriptedOutbox.this.wakeup = wakeup;
        }
      }
    }
  }

  private final class Leased implements Envelope {
    private final int number;
    private final Item item;

    Leased(int number, Item item) {
      this.number = number;
      this.item = item;
    }

    @Override
    public long sequence() {
      return item.sequence;
    }

    @Override
    public TelemetryMessage message() {
      return item.message;
    }

    @Override
    public void accepted() {
      synchronized (lock) {
        if (finish(State.ACCEPTED)) {
          accepted.add(item.sequence);
        }
      }
    }

    @Override
    public void failed(HubException failure) {
      synchronized (lock) {
        if (finish(State.FAILED)) {
          failures.add(failure);
        }
      }
    }

    @Override
    public void giveBack() {
      Runnable wake;
      synchronized (lock) {
        wake = finish(State.WAITING) ? wakeup : () -> {};
      }
      wake.run();
    }

    private boolean finish(State outcome) {
      if (number != lease) {
        late++;
        return false;
      }
      if (item.state != State.TAKEN) {
        return false;
      }
      item.state = outcome;
      underWay--;
      return true;
    }
  }
}
