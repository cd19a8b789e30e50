package dev.fairlead.amqp;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import dev.fairlead.transport.WakeUp;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Decides which session sends next on a connection: each that has something to send is queued,
 * sends one transfer, and is queued again. So a flood of one identity delays another one by a
 * single transfer. A transfer that may be the reason why the hub cut the connection has the
 * connection to itself, so that no other identity's message is suspected; but not for long, because
 * the hub may leave a transfer unanswered. Confined to the loop, except {@link #wake}.
 */
final class FairScheduler {
  /** The most bytes that the engine holds before they go to the writer: some TLS records. */
  private static final long AT_ONCE = 64 * 1024;

  /**
   * How long the others wait for a transfer that is to be alone. A cut comes within a round trip.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

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

  /** Runs while pumps wait because of {@link #next} or {@link #alone}. */
  private @Nullable Alarm patience;

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
      endPatience();
      wakeUp.signal();
    }
  }

  /** The others wait from now on, for a limited time. */
  private void beginPatience() {
    if (patience == null) {
      patience =
          loop.schedule(
              PATIENCE,
              () -> {
                patience = null;
                alone = false;
                TelemetryPump late = next;
                next = null;
                run(late);
                engine.flush();
              });
    }
  }

  private void endPatience() {
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
  }

  /** The session of a pump has ended. */
  void remove(TelemetryPump pump) {
    if (next == pump) {
      next = null;
      endPatience();
      wakeUp.signal();
    }
  }

  /** Lets all queued pumps send, as far as the writer has room; the caller flushes. */
  void run() {
    run(null);
  }

  /**
   * @param late a pump that has waited for long enough to be alone, and sends beside others; or
   *     null
   */
  private void run(@Nullable TelemetryPump late) {
    loop.assertInLoop();
    long unflushed = 0;
    TelemetryPump first = late;
    while (engine.hasRoom()) {
      TelemetryPump pump = first == null ? turn() : first;
      if (pump == null) {
        return;
      }
      boolean isolates = first == null && pump.isolates();
      first = null;
      int before = underWay;
      long done = pump.send();
      if (underWay > before) {
        alone = isolates;
        if (isolates) {
          beginPatience();
        }
      }
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
        beginPatience();
        return null;
      }
    }
    return turn;
  }
}
