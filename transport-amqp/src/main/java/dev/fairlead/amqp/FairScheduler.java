package dev.fairlead.amqp;

import dev.fairlead.spi.Loop;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Who sends next on a connection: whoever has something to send stands in line, gets one transfer,
 * and stands at the end again. So one identity's flood costs another one transfer's time. Confined
 * to the loop, but for {@link #wake}.
 */
final class FairScheduler {
  /** What the engine may hold before it goes to the wire: some TLS records' worth. */
  private static final long AT_ONCE = 64 * 1024;

  private final Loop loop;
  private final Engine engine;
  private final Deque<TelemetryPump> line = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<TelemetryPump> woken = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  FairScheduler(Loop loop, Engine engine) {
    this.loop = loop;
    this.engine = engine;
  }

  /** Puts one in line from any thread; one task of the loop for all that come meanwhile. */
  void wake(TelemetryPump pump) {
    if (pump.woken.compareAndSet(false, true)) {
      woken.add(pump);
    }
    if (scheduled.compareAndSet(false, true)) {
      loop.execute(
          () -> {
            scheduled.set(false);
            for (TelemetryPump each = woken.poll(); each != null; each = woken.poll()) {
              each.woken.set(false);
              add(each);
            }
            run();
            engine.flush();
          });
    }
  }

  /** Puts one in line and lets it send at once. */
  void now(TelemetryPump pump) {
    add(pump);
    run();
    engine.flush();
  }

  /** Puts one in line; what it sends goes out with {@link #run}. */
  void add(TelemetryPump pump) {
    if (!pump.inLine) {
      pump.inLine = true;
      line.add(pump);
    }
  }

  /** Lets all who stand in line send, as far as the wire has room; the caller flushes. */
  void run() {
    loop.assertInLoop();
    long unflushed = 0;
    while (!line.isEmpty() && engine.hasRoom()) {
      TelemetryPump next = line.remove();
      next.inLine = false;
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
