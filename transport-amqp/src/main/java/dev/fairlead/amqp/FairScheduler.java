package dev.fairlead.amqp;

import dev.fairlead.spi.Loop;
import dev.fairlead.transport.WakeUp;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Decides which session sends next on a connection: each that has something to send is queued,
 * sends one transfer, and is queued again. So one identity's flood costs another one transfer's
 * time. Confined to the loop, except {@link #wake}.
 */
final class FairScheduler {
  /** What the engine may hold before it goes to the writer: some TLS records' worth. */
  private static final long AT_ONCE = 64 * 1024;

  private final Loop loop;
  private final Engine engine;
  private final Deque<TelemetryPump> queue = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<TelemetryPump> woken = new ConcurrentLinkedQueue<>();
  private final WakeUp wakeUp;

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

  /** Queues a pump and lets it send at once. */
  void now(TelemetryPump pump) {
    add(pump);
    run();
    engine.flush();
  }

  /** Queues a pump; what it sends goes out with {@link #run}. */
  void add(TelemetryPump pump) {
    if (!pump.queued) {
      pump.queued = true;
      queue.add(pump);
    }
  }

  /** Lets all that are queued send, as far as the writer has room; the caller flushes. */
  void run() {
    loop.assertInLoop();
    long unflushed = 0;
    while (!queue.isEmpty() && engine.hasRoom()) {
      TelemetryPump next = queue.remove();
      next.queued = false;
      long sent = next.send();
      if (sent > 0) {
        add(next);
        unflushed += sent;
      }
      if (unflushed >= AT_ONCE) {
        engine.flush();
        unflushed = 0;
      }
    }
  }
}
