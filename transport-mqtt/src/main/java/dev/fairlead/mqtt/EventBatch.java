package dev.fairlead.mqtt;

import dev.fairlead.spi.Loop;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Carries what Paho's threads saw to the loop, in order and many at a time: one loop task for all
 * that has gathered. Messages are bounded: the thread that brings them waits, which holds up the
 * reading and so the peer.
 */
final class EventBatch {
  /** Messages that may wait for the loop; it takes them without blocking, so they seldom do. */
  private static final int MAX_MESSAGES = 64;

  private final Loop loop;
  private final Runnable afterBatch;
  private final Consumer<RuntimeException> bug;

  private final Object lock = new Object();
  private ArrayDeque<Runnable> gathered = new ArrayDeque<>();
  private ArrayDeque<Runnable> spare = new ArrayDeque<>();
  private boolean scheduled;
  private int messages;
  private boolean open = true;

  EventBatch(Loop loop, Runnable afterBatch, Consumer<RuntimeException> bug) {
    this.loop = loop;
    this.afterBatch = afterBatch;
    this.bug = bug;
  }

  void add(Runnable event) {
    boolean schedule;
    synchronized (lock) {
      gathered.add(event);
      schedule = !scheduled;
      scheduled = true;
    }
    if (schedule) {
      loop.execute(this::drain);
    }
  }

  /** As {@link #add}, but waits while too many messages are under way. Not on the loop. */
  void addMessage(Runnable event) throws InterruptedException {
    synchronized (lock) {
      while (open && messages >= MAX_MESSAGES) {
        lock.wait();
      }
      messages++;
    }
    add(
        () -> {
          synchronized (lock) {
            messages--;
            lock.notifyAll();
          }
          event.run();
        });
  }

  /** Lets nobody wait any more. */
  void release() {
    synchronized (lock) {
      open = false;
      lock.notifyAll();
    }
  }

  private void drain() {
    ArrayDeque<Runnable> batch;
    synchronized (lock) {
      batch = gathered;
      gathered = spare;
      scheduled = false;
    }
    for (Runnable event = batch.poll(); event != null; event = batch.poll()) {
      try {
        event.run();
      } catch (RuntimeException e) {
        bug.accept(e);
      }
    }
    spare = batch;
    afterBatch.run();
  }
}
