package dev.fairlead.tck;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToLongFunction;

/**
 * An outbox that a test fills and watches. It outlives its sessions: each {@link #lease} revokes
 * the previous one, whose unfinished messages are queued again at their positions. Safe for any
 * thread.
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
  private final List<HubException> refusals = new ArrayList<>();
  private final List<HubException> losses = new ArrayList<>();
  private int lease;
  private int underWay;
  private int window = Integer.MAX_VALUE;

  /** The last message of the last refused batch. */
  private long narrowThrough;

  private boolean held;
  private boolean sendsBatches;
  private int mostUnderWay;
  private int late;
  private Runnable wakeup = () -> {};

  /** An empty outbox. */
  public ScriptedOutbox() {}

  /** A message that a test has added. */
  public interface Sent {
    /**
     * Its sequence number.
     *
     * @return 0 at the first message of this outbox
     */
    long sequence();

    /**
     * Its outcome in the session.
     *
     * @return completes when it is accepted, exceptionally when it failed
     */
    CompletableFuture<Void> outcome();
  }

  /**
   * Adds a message and wakes the session.
   *
   * @param message the message
   * @return the message, to be followed
   */
  public Sent add(TelemetryMessage message) {
    Runnable wake;
    Item item;
    synchronized (lock) {
      item = new Item(items.size(), message);
      items.add(item);
      wake = wakeup;
    }
    wake.run();
    return item;
  }

  /**
   * Adds a message and wakes the session.
   *
   * @param text its body
   * @return the message, to be followed
   */
  public Sent add(String text) {
    return add(TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8)));
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

  /** Revokes the present lease: its unfinished messages are queued again. */
  public void revoke() {
    synchronized (lock) {
      lease++;
      wakeup = () -> {};
      underWay = 0;
      window = Integer.MAX_VALUE;
      held = false;
      for (Item item : items) {
        if (item.state == State.TAKEN) {
          item.state = State.WAITING;
        }
      }
    }
  }

  /**
   * The accepted sequence numbers, in the order of acceptance.
   *
   * @return a copy
   */
  public List<Long> accepted() {
    synchronized (lock) {
      return List.copyOf(accepted);
    }
  }

  /**
   * The failures of messages.
   *
   * @return a copy
   */
  public List<HubException> failures() {
    synchronized (lock) {
      return List.copyOf(failures);
    }
  }

  /**
   * The hub's refusals that do not name a single message.
   *
   * @return a copy
   */
  public List<HubException> refusals() {
    synchronized (lock) {
      return List.copyOf(refusals);
    }
  }

  /**
   * The losses of links.
   *
   * @return a copy
   */
  public List<HubException> losses() {
    synchronized (lock) {
      return List.copyOf(losses);
    }
  }

  /** Releases the messages that were held back after a refusal. */
  public void resume() {
    Runnable wake;
    synchronized (lock) {
      held = false;
      wake = wakeup;
    }
    wake.run();
  }

  /**
   * How many messages can be taken.
   *
   * @return the count
   */
  public int waiting() {
    synchronized (lock) {
      return (int) items.stream().filter(item -> item.state == State.WAITING).count();
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
   * Whether the session said that it sends batches.
   *
   * @return what the last session said, false at the beginning
   */
  public boolean sendsBatches() {
    synchronized (lock) {
      return sendsBatches;
    }
  }

  /**
   * The maximum number of messages that were in flight at the same time.
   *
   * @return the count
   */
  public int mostUnderWay() {
    synchronized (lock) {
      return mostUnderWay;
    }
  }

  /**
   * How many calls were made on a revoked lease; they had no effect.
   *
   * @return the count
   */
  public int lateCalls() {
    synchronized (lock) {
      return late;
    }
  }

  private static final class Item implements Sent {
    private final long sequence;
    private final TelemetryMessage message;
    private final CompletableFuture<Void> outcome = new CompletableFuture<>();
    private State state = State.WAITING;

    Item(long sequence, TelemetryMessage message) {
      this.sequence = sequence;
      this.message = message;
    }

    @Override
    public long sequence() {
      return sequence;
    }

    @Override
    public CompletableFuture<Void> outcome() {
      return outcome;
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
        if (held) {
          return taken;
        }
        long bytes = 0;
        int most = Math.min(maxMessages, window - underWay);
        for (Item item : items) {
          if (item.state != State.WAITING) {
            continue;
          }
          bytes += wireSize.applyAsLong(item.message);
          if (taken.size() >= most || (bytes > maxBytes && !taken.isEmpty())) {
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
    public void sendsBatches(boolean whether) {
      synchronized (lock) {
        if (number == lease) {
          sendsBatches = whether;
        }
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

    /** Halves a batch like the client's outbox, and holds a single message back. */
    @Override
    public void refused(List<Envelope> messages, HubException why, boolean namesMessage) {
      if (namesMessage && messages.size() == 1) {
        messages.get(0).failed(why);
        return;
      }
      Runnable wake = () -> {};
      synchronized (lock) {
        if (number != lease) {
          late++;
          return;
        }
        messages.forEach(Envelope::giveBack);
        refusals.add(why);
        if (messages.size() > 1 && !(why instanceof ThrottledException)) {
          window = messages.size() / 2;
          narrowThrough = messages.get(messages.size() - 1).sequence();
          wake = wakeup;
        } else {
          held = true;
        }
      }
      wake.run();
    }

    @Override
    public void lost(List<Envelope> messages, HubException why) {
      synchronized (lock) {
        messages.forEach(Envelope::giveBack);
        losses.add(why);
      }
    }

    @Override
    public boolean isolates() {
      synchronized (lock) {
        return window == 1;
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
        if (!finish(State.ACCEPTED)) {
          return;
        }
        accepted.add(item.sequence);
        long left = narrowThrough - item.sequence;
        window = left <= 0 ? Integer.MAX_VALUE : (int) Math.min(window, Math.max(1, left / 2));
      }
      item.outcome.complete(null);
    }

    @Override
    public void failed(HubException failure) {
      synchronized (lock) {
        if (!finish(State.FAILED)) {
          return;
        }
        failures.add(failure);
      }
      item.outcome.completeExceptionally(failure);
    }

    /** Like the client's outbox, it does not wake the session. */
    @Override
    public void giveBack() {
      synchronized (lock) {
        finish(State.WAITING);
      }
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
