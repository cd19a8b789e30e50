package dev.fairlead.amqp;

import dev.fairlead.spi.Loop;
import dev.fairlead.transport.WakeUp;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Decides which session sends next on a connection: each that has something to send is queued,
 * sends one transfer, and is queued again. So a flood of one identity delays another one by a
 * single transfer. A transfer that may be the reason why the hub cut the connection has the
 * connection to itself, so that no other identity's message is suspected. Confined to the loop,
 * except {@link #wake}.
 */
final class FairScheduler {
  /** The most bytes that the engine holds before they go to the writer: some TLS records. */
  private static final long AT_ONCE = 64 * 1024;

  private final Loop loop;
  private final Engine engine;
  private final Deque<TelemetryPump> queue = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<TelemetryPump> woken = new ConcurrentLinkedQueue<>();
  private final WakeUp wakeUp;

  /** Transfers of all sessions that are not settled. */
  private int underWay;

  /** Waits until nothing is in flight; nothing else is sent before it. */
  private @Nullable TelemetryPump next;

  /** Whether the transfer in flight has to stay alone. */
  private boolean alone;

  FairScheduler(Loop loop, Engine engine) {
    this.loop = loop;
    this.engine = engine;
    wakeUp = new WakeUp(loop, this::takeWoken);
  }

  /** Queues a pump whose outbox has something to take. Any thread. */
  void wake(TelemetryPump pump) {
    if (pump.woken.compareAndSet(false, true)) {
      woken.add(pump);
    }
    wakeUp.signal();
  }

  private void takeWoken() {
    for (TelemetryPump each = woken.poll(); each != null; each = woken.poll()) {
      each.woken.set(false);
      each.readable();
      add(each);
    }
    run();
    engine.flush();
  }

  /** Queues a pump and lets it send immediately. */
  void now(TelemetryPump pump) {
    add(pump);
    run();
    engine.flush();
  }

  /** Queues a pump; its output is sent with {@link #run}. */
  void add(TelemetryPump pump) {
    if (!pump.queued) {
      pump.queued = true;
      queue.add(pump);
    }
  }

  /** A transfer is in flight. */
  void sent() {
    underWay++;
  }

  /**
   * A transfer is settled or lost; pumps that waited for that may send with the next {@link #run}.
   */
  void settled() {
    underWay--;
    if (underWay == 0 && (alone || next != null)) {
      wakeUp.signal();
    }
  }

  /** The session of a pump has ended. */
  void remove(TelemetryPump pump) {
    if (next == pump) {
      next = null;
      wakeUp.signal();
    }
  }

  /** Lets all queued pumps send, as far as the writer has room; the caller flushes. */
  void run() {
    loop.assertInLoop();
    long unflushed = 0;
    while (engine.hasRoom()) {
      TelemetryPump pump = turn();
      if (pump == null) {
        return;
      }
      boolean isolates = pump.isolates();
      int before = underWay;
      long done = pump.send();
      alone = underWay > before ? isolates : alone && underWay > 0;
      if (done > 0) {
        add(pump);
        unflushed += done;
      }
      if (unflushed >= AT_ONCE) {
        engine.flush();
        unflushed = 0;
      }
    }
  }

  private @Nullable TelemetryPump turn() {
    if (underWay > 0 && (alone || next != null)) {
      return null;
    }
    TelemetryPump turn = next;
    next = null;
    if (turn == null) {
      turn = queue.poll();
      if (turn == null) {
        return null;
      }
      turn.queued = false;
      if (underWay > 0 && turn.isolates()) {
        next = turn;
        return null;
      }
    }
    return turn;
  }
}
